/* Generated datasets: shards, statistics, pinned bytes, and the parameters they refuse. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "../generate.h"
#include "../spec.h"
#include "support.h"

static struct generator parsed(const char *name, const char *parameters) {
    struct generator g;
    assert_int_equal(generator_parse(name, parameters, &g), ST_OK);
    return g;
}

/* Rows of a set in memory that free() releases. */
static float *rows(const struct generator *g, enum generator_set set, int64_t first,
                   int64_t count) {
    float *out = malloc((size_t)count * (size_t)g->d * sizeof *out);
    assert_non_null(out);
    assert_int_equal(generator_rows(g, set, first, count, out), ST_OK);
    return out;
}

static const char *const families[] = {"clusters", "iid", "integers"};
enum { FAMILIES = 3 };

static void a_shard_equals_its_part_of_the_whole(void **state) {
    static const int64_t cuts[] = {0, 1, 2, 70, 199, 200};
    (void)state;
    for (size_t f = 0; f < FAMILIES; f++) {
        const struct generator g = parsed(families[f], "n=200,d=37,queries=200,seed=5");
        for (int set = 0; set < 2; set++) {
            float *whole = rows(&g, (enum generator_set)set, 0, 200);
            for (size_t c = 0; c + 1 < sizeof cuts / sizeof *cuts; c++) {
                const int64_t count = cuts[c + 1] - cuts[c];
                float *part = rows(&g, (enum generator_set)set, cuts[c], count);
                assert_memory_equal(part, whole + cuts[c] * 37, (size_t)count * 37 * sizeof *part);
                free(part);
            }
            free(whole);
        }
    }
}

static void sets_and_seeds_differ(void **state) {
    (void)state;
    for (size_t f = 0; f < FAMILIES; f++) {
        const struct generator g = parsed(families[f], "n=8,d=64,queries=8,seed=5");
        const struct generator h = parsed(families[f], "n=8,d=64,queries=8,seed=6");
        float *base = rows(&g, GENERATOR_BASE, 0, 8);
        float *queries = rows(&g, GENERATOR_QUERIES, 0, 8);
        float *other = rows(&h, GENERATOR_BASE, 0, 8);
        assert_memory_not_equal(base, queries, sizeof(float) * 64);
        assert_memory_not_equal(base, other, sizeof(float) * 64);
        free(base);
        free(queries);
        free(other);
    }
}

static void clusters_have_unit_length(void **state) {
    (void)state;
    const struct generator g = parsed("clusters", "n=300,d=96,queries=1");
    float *v = rows(&g, GENERATOR_BASE, 0, 300);
    for (size_t r = 0; r < 300; r++) {
        double square = 0.0;
        for (size_t i = 0; i < 96; i++) {
            square += (double)v[r * 96 + i] * (double)v[r * 96 + i];
        }
        /* 96 values rounded to float32 */
        assert_true(fabs(square - 1.0) <= 96 * 0x1p-24);
    }
    free(v);
}

/* Mean square of dimension `i` over the rows. */
static double mean_square(const float *v, size_t n, size_t d, size_t i) {
    double sum = 0.0;
    for (size_t r = 0; r < n; r++) {
        sum += (double)v[r * d + i] * (double)v[r * d + i] / (double)n;
    }
    return sum;
}

/* s_i = 1 / (1 + i / decay): with decay 20, dimension 60 has a quarter of dimension 0's variance.
 */
static void the_spectrum_decays_as_asked(void **state) {
    enum { N = 20000, D = 128 };
    (void)state;
    const struct generator g =
        parsed("clusters", "n=20000,d=128,queries=1,clusters=20000,decay=20");
    float *v = rows(&g, GENERATOR_BASE, 0, N);
    double first = 0.0, later = 0.0;
    for (size_t i = 0; i < 4; i++) {
        first += mean_square(v, N, D, i) * (1.0 + (double)i / 20.0);
        later += mean_square(v, N, D, 60 + i) * (1.0 + (double)(60 + i) / 20.0);
    }
    assert_true(fabs(later / first - 1.0) <= 0.05);
    free(v);
}

static double cosine(const float *a, const float *b, size_t d) {
    double dot = 0.0;
    for (size_t i = 0; i < d; i++) {
        dot += (double)a[i] * (double)b[i];
    }
    return dot;
}

/* One cluster: two vectors share all but the spread, so their cosine is near 1 - spread; spread 0
 * makes all vectors of the cluster equal, in base and queries. */
static void spread_sets_how_near_members_are(void **state) {
    enum { N = 200, D = 512 };
    (void)state;
    struct generator g =
        parsed("clusters", "n=200,d=512,queries=1,clusters=1,spread=0.25,decay=1e9");
    float *v = rows(&g, GENERATOR_BASE, 0, N);
    double mean = 0.0;
    for (size_t r = 0; r + 1 < N; r++) {
        mean += cosine(v + r * D, v + (r + 1) * D, D) / (N - 1);
    }
    assert_true(fabs(mean - 0.75) <= 0.02);
    free(v);
    g.spread = 0.0;
    v = rows(&g, GENERATOR_BASE, 0, 2);
    float *q = rows(&g, GENERATOR_QUERIES, 0, 1);
    assert_memory_equal(v, v + D, D * sizeof *v);
    assert_memory_equal(v, q, D * sizeof *v);
    free(v);
    free(q);
}

static void integers_are_whole_and_reach_both_ends(void **state) {
    (void)state;
    const struct generator g = parsed("integers", "n=100,d=33,queries=1");
    float *v = rows(&g, GENERATOR_BASE, 0, 100);
    size_t seen[17] = {0};
    for (size_t i = 0; i < 3300; i++) {
        assert_true(v[i] >= -8.0F && v[i] <= 8.0F && v[i] == floorf(v[i]));
        seen[(int)v[i] + 8]++;
    }
    for (size_t i = 0; i < 17; i++) {
        /* five standard deviations of a binomial of 3300 at 1/17 */
        assert_true(fabs((double)seen[i] - 3300.0 / 17.0) <= 5.0 * 13.6);
    }
    free(v);
}

/* The bytes are the dataset: these digests must hold on every machine, compiler and thread count.
 */
static void the_bytes_are_pinned(void **state) {
    static const char *const digests[FAMILIES] = {
        "7cd4bf76e3eda6c49a02fc1e25768a493963774849efffe6306f8b58ce9d8dc5",
        "690bf39eb60baccbf005eb4267b5484623dd4a65d5cdca125b72e9ec798cbbc0",
        "7042e053f3e949c6895bba7c962fdeb85ed0f93c3e286626f3644b390173b399"};
    (void)state;
    for (size_t f = 0; f < FAMILIES; f++) {
        const struct generator g = parsed(families[f], "n=500,d=101,queries=50,seed=1");
        float *v = rows(&g, GENERATOR_BASE, 0, 500);
        assert_string_equal(hash_hex(v, 500 * 101 * sizeof *v), digests[f]);
        free(v);
    }
}

static void a_described_generator_reads_back(void **state) {
    (void)state;
    char text[256], again[256];
    struct generator g =
        parsed("clusters", "seed=18446744073709551615,queries=3,d=65536,n=9,decay=0.1,spread=0.3");
    generator_describe(&g, text, sizeof text);
    assert_string_equal(text, "clusters:n=9,d=65536,queries=3,clusters=200,decay=0.1,spread=0.3,"
                              "seed=18446744073709551615");
    const struct generator h = parsed("clusters", text + strlen("clusters:"));
    generator_describe(&h, again, sizeof again);
    assert_string_equal(text, again);
    assert_true(h.decay == g.decay && h.spread == g.spread);
    g = parsed("iid", "n=2,d=3,queries=4");
    generator_describe(&g, text, sizeof text);
    assert_string_equal(text, "iid:n=2,d=3,queries=4,seed=1");
}

static void reals_print_short_and_exact(void **state) {
    static const double values[] = {0.0, 0.5, 0.1, 20.0, 1.0 / 3.0, 1e-6, 123456789.25};
    (void)state;
    char text[32];
    for (size_t i = 0; i < sizeof values / sizeof *values; i++) {
        spec_format_real(values[i], text, sizeof text);
        assert_true(strtod(text, NULL) == values[i]);
    }
    spec_format_real(0.1, text, sizeof text);
    assert_string_equal(text, "0.1");
    spec_format_real(20.0, text, sizeof text);
    assert_string_equal(text, "20");
}

static void wrong_parameters_are_refused(void **state) {
    static const struct {
        const char *name, *parameters, *what;
    } wrong[] = {
        {"clusters", "", "'n' is missing"},
        {"clusters", "n=1,d=1", "'queries' is missing"},
        {"iid", "n=1,d=1,queries=1,", "name=value"},
        {"iid", ",n=1,d=1,queries=1", "name=value"},
        {"iid", "n=1,d=1,queries=", "name=value"},
        {"iid", "n=1,d=1,queries", "name=value"},
        {"iid", "n=1,d=1,queries=1,n=2", "twice"},
        {"iid", "n=1,d=1,queries=1,depth=2", "unknown parameter 'depth'"},
        {"iid", "n=1,d=1,queries=1,spread=0.5", "unknown parameter 'spread'"},
        {"integers", "n=1,d=1,queries=1,clusters=4", "unknown parameter 'clusters'"},
        {"iid", "n=0,d=1,queries=1", "out of range"},
        {"iid", "n=1,d=0,queries=1", "out of range"},
        {"iid", "n=1,d=65537,queries=1", "out of range"},
        {"iid", "n=1,d=1,queries=0", "out of range"},
        {"iid", "n=-1,d=1,queries=1", "not a whole number"},
        {"iid", "n=+1,d=1,queries=1", "not a whole number"},
        {"iid", "n= 1,d=1,queries=1", "not a whole number"},
        {"iid", "n=1e3,d=1,queries=1", "not a whole number"},
        {"iid", "n=0x10,d=1,queries=1", "not a whole number"},
        {"iid", "n=1,d=1,queries=1,seed=18446744073709551616", "not a whole number"},
        {"clusters", "n=1,d=1,queries=1,spread=1.01", "out of range"},
        {"clusters", "n=1,d=1,queries=1,spread=-0.01", "out of range"},
        {"clusters", "n=1,d=1,queries=1,spread=nan", "not a number"},
        {"clusters", "n=1,d=1,queries=1,decay=inf", "not a number"},
        {"clusters", "n=1,d=1,queries=1,decay=0", "out of range"},
        {"clusters", "n=1,d=1,queries=1,decay=1x", "not a number"},
        {"clusters", "n=1,d=1,queries=1,decay= 1", "not a number"},
        {"clusters", "n=1,d=1,queries=1,clusters=0", "out of range"},
        {"clusters", "n=1,d=65536,queries=1,clusters=1000000", "its centres"},
        {"iid", "n=2147483647,d=65536,queries=1", "64 GiB"},
        {"iid", "n=2147483647,d=1,queries=1", "64 GiB"},
        {"waves", "n=1,d=1,queries=1", "no such generator"},
    };
    (void)state;
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
        struct generator g;
        assert_refused(generator_parse(wrong[i].name, wrong[i].parameters, &g), wrong[i].name,
                       wrong[i].what);
    }
    char longer[400];
    struct generator g;
    memset(longer, '1', sizeof longer - 1);
    longer[sizeof longer - 1] = '\0';
    memcpy(longer, "n=", 2);
    assert_refused(generator_parse("iid", longer, &g), "iid", "longer than");
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_shard_equals_its_part_of_the_whole),
        cmocka_unit_test(sets_and_seeds_differ),
        cmocka_unit_test(clusters_have_unit_length),
        cmocka_unit_test(the_spectrum_decays_as_asked),
        cmocka_unit_test(spread_sets_how_near_members_are),
        cmocka_unit_test(integers_are_whole_and_reach_both_ends),
        cmocka_unit_test(the_bytes_are_pinned),
        cmocka_unit_test(a_described_generator_reads_back),
        cmocka_unit_test(reals_print_short_and_exact),
        cmocka_unit_test(wrong_parameters_are_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
