/* The oracles, against answers known otherwise: by hand, by definition, or printed in a seed. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <math.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include "../adsampling.h"
#include "../attention.h"
#include "../knn.h"
#include "../opcount.h"
#include "../tier_model.h"

/* --- k-NN ------------------------------------------------------------------------------------- */

static void knn_by_hand(void **state) {
    (void)state;
    const float base[] = {0, 0, 3, 4, 1, 0, 0, 1, 6, 8};
    const float queries[] = {0, 0, 6, 7};
    int32_t ids[6];
    double dist[6];
    assert_int_equal(ref_knn(base, 5, 2, queries, 2, 3, ids, dist), 0);
    const int32_t want_ids[] = {0, 2, 3, 4, 1, 3};
    const double want_dist[] = {0, 1, 1, 1, 18, 72};
    for (int i = 0; i < 6; i++) { /* rows 2 and 3 tie for query 0: the smaller index first */
        assert_int_equal(ids[i], want_ids[i]);
        assert_true(dist[i] == want_dist[i]);
    }
    assert_true(ref_l2sq(base + 2, base + 8, 2) == 25);
}

/* --- ADSampling ------------------------------------------------------------------------------- */

enum { N = 400, D = 64, K = 5, DELTA = 16 };

static float base[N * D], query[D];

/* Whole numbers that repeat with no short period: exact sums, some ties. */
static int setup(void **state) {
    (void)state;
    uint32_t x = 12345;
    for (int i = 0; i < N * D + D; i++) {
        x = x * 1664525u + 1013904223u;
        float value = (float)(x >> 28) - 8;
        *(i < N * D ? &base[i] : &query[i - N * D]) = value;
    }
    return 0;
}

struct answer {
    int32_t ids[K];
    double dist[K];
    uint64_t levels[D / DELTA + 1];
    struct ref_ads_answer a;
};

static void search(bool vertical, double eps0, struct answer *out) {
    struct ref_ads_params p = {.k = K,
                               .eps0 = eps0,
                               .delta = DELTA,
                               .block = 32,
                               .vertical_dims = 32,
                               .survivor_share = 0.125,
                               .unit = 0x1p-24};
    out->a = (struct ref_ads_answer){.ids = out->ids, .dist = out->dist, .levels = out->levels};
    if (vertical) {
        assert_int_equal(ref_ads_vertical(base, N, D, query, &p, &out->a), 0);
    } else {
        ref_ads_horizontal(base, N, D, query, &p, &out->a);
    }
}

static uint64_t total(const struct answer *x) {
    uint64_t sum = 0;
    for (int g = 0; g <= D / DELTA; g++) {
        sum += x->levels[g];
    }
    return sum;
}

static void certain_slack_loses_nothing(void **state) {
    (void)state;
    int32_t ids[K];
    double dist[K];
    assert_int_equal(ref_knn(base, N, D, query, 1, K, ids, dist), 0);
    for (int vertical = 0; vertical < 2; vertical++) {
        struct answer x;
        search(vertical, sqrt(D) - sqrt(DELTA), &x); /* the certain bound: exactly 4 */
        assert_memory_equal(x.ids, ids, sizeof ids);
        assert_memory_equal(x.dist, dist, sizeof dist);
        assert_int_equal(total(&x), N);
    }
}

static void less_slack_reads_less(void **state) {
    (void)state;
    for (int vertical = 0; vertical < 2; vertical++) {
        uint64_t before = UINT64_MAX;
        for (double eps0 = 4; eps0 >= 0; eps0 -= 1) {
            struct answer x;
            search(vertical, eps0, &x);
            uint64_t dims = 0;
            for (int g = 0; g <= D / DELTA; g++) {
                dims += x.levels[g] * (uint64_t)(g * DELTA);
            }
            assert_int_equal(total(&x), N);
            assert_true(dims <= before);
            before = dims;
        }
        assert_true(before < (uint64_t)N * D * 3 / 4);
    }
}

/* The definition, written out once more for one candidate after the other. */
static void horizontal_follows_the_definition(void **state) {
    (void)state;
    const double eps0 = 0.7;
    double best[K];
    uint64_t levels[D / DELTA + 1] = {0};
    for (int r = 0; r < K; r++) {
        best[r] = INFINITY;
    }
    for (int j = 0; j < N; j++) {
        double sum = 0;
        int i = 0;
        for (;;) {
            for (int e = i + DELTA; i < e; i++) {
                double t = (double)base[j * D + i] - (double)query[i];
                sum += t * t;
            }
            if (i == D || sum >= best[K - 1] * i / D * pow(1 + eps0 / sqrt(i), 2)) {
                break;
            }
        }
        levels[i / DELTA]++;
        if (i == D && sum < best[K - 1]) {
            int r = K - 1;
            for (; r > 0 && best[r - 1] > sum; r--) {
                best[r] = best[r - 1];
            }
            best[r] = sum;
        }
    }
    struct answer x;
    search(false, eps0, &x);
    assert_memory_equal(x.dist, best, sizeof best);
    assert_memory_equal(x.levels, levels, sizeof levels);
}

static void vertical_reads_whole_first_block(void **state) {
    (void)state;
    struct answer x;
    search(true, 0, &x);
    assert_true(x.levels[D / DELTA] >= 32); /* tau is infinite until the first block is done */
    assert_true(x.levels[0] == 0);
}

/* --- operation counts ---------------------------------------------------------------------------
 */

/* The seed's table (document S000), to the digit. */
static void model_reproduces_the_seed(void **state) {
    (void)state;
    static const struct {
        int64_t n;
        double full, quest, hnsw;
        const char *ratio;
    } rows[] = {
        {4000, 512000, 64000, 3136759, "0.02"},
        {8000, 1024000, 128000, 3398903, "0.04"},
        {16000, 2048000, 256000, 3661047, "0.07"},
        {32000, 4096000, 512000, 3923191, "0.13"},
        {64000, 8192000, 1024000, 4185335, "0.24"},
        {128000, 16384000, 2048000, 4447479, "0.46"},
        {256000, 32768000, 4096000, 4709623, "0.87"},
        {512000, 65536000, 8192000, 4971767, "1.65"},
        {1000000, 128000000, 16000000, 5224942, "3.06"},
        {2000000, 256000000, 32000000, 5487086, "5.83"},
        {4000000, 512000000, 64000000, 5749230, "11.13"},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        double hnsw = ceil(ref_hnsw_ops(rows[i].n, 32, 64, 128));
        char ratio[16];
        assert_true(ref_full_ops(rows[i].n, 128) == rows[i].full);
        assert_true(ref_quest_ops(rows[i].n, 16, 128) == rows[i].quest);
        assert_true(hnsw == rows[i].hnsw);
        snprintf(ratio, sizeof ratio, "%.2f", rows[i].quest / hnsw);
        assert_string_equal(ratio, rows[i].ratio);
    }
}

static void crossover_of_the_seed(void **state) {
    (void)state;
    int64_t first;
    assert_int_equal(ref_crossover(16, 128, 32, 64, 128, 1000000, &first), 297937);
    assert_int_equal(first, 297921); /* the first token of a page, where the staircase touches */
    assert_int_equal(ref_crossover(16, 128, 32, 64, 128, 200000, &first), -1);
    assert_int_equal(ref_crossover(1, 128, 1, 1, 1, 1000, &first), 0);
}

/* --- tiers ------------------------------------------------------------------------------------ */

/* 20 requests take 5, 30 take 1 and 50 take 2. */
static void mixtures_by_hand(void **state) {
    (void)state;
    const int32_t percent[] = {20, 30, 50};
    const double value[] = {5, 1, 2};
    assert_true(ref_mix_mean(percent, value, 3) == 2.3);
    assert_true(ref_mix_quantile(percent, value, 3, 30) == 1);
    assert_true(ref_mix_quantile(percent, value, 3, 31) == 2);
    assert_true(ref_mix_quantile(percent, value, 3, 80) == 2);
    assert_true(ref_mix_quantile(percent, value, 3, 81) == 5);
}

/* Three queries that see two keys, the first of them only one. */
static void pairs_and_operations_by_hand(void **state) {
    (void)state;
    assert_int_equal(ref_window_pairs(3, 2, true), 5);
    assert_int_equal(ref_window_pairs(3, 2, false), 6);
    assert_true(ref_layer_macs(3, 2, 5, 6) == 3 * (4 * 4 + 2 * 2 * 5) + 6 * 2 * 2);
    assert_int_equal(ref_kv_bytes(4, 256, 2), 2048);
}

/* --- attention -------------------------------------------------------------------------------- */

/* Logits 0, ln 3 and 0 of keys in two dimensions, divided by sqrt(2). */
static void attention_by_hand(void **state) {
    (void)state;
    const float part = (float)(log(3) * sqrt(2) / 2);
    const float q[] = {1, 1}, k[] = {5, -5, part, part, 0, 0}, v[] = {1, 0, 0, 1, 2, 10};
    double weights[3], out[2];
    ref_attention_full(q, k, v, 3, 2, weights, out);
    assert_true(fabs(weights[0] - 0.2) < 1e-7 && weights[0] == weights[2]);
    assert_true(fabs(weights[1] - 0.6) < 1e-7);
    assert_true(fabs(out[0] - 0.6) < 1e-6 && fabs(out[1] - 2.6) < 1e-6);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(knn_by_hand),
        cmocka_unit_test(certain_slack_loses_nothing),
        cmocka_unit_test(less_slack_reads_less),
        cmocka_unit_test(horizontal_follows_the_definition),
        cmocka_unit_test(vertical_reads_whole_first_block),
        cmocka_unit_test(model_reproduces_the_seed),
        cmocka_unit_test(crossover_of_the_seed),
        cmocka_unit_test(mixtures_by_hand),
        cmocka_unit_test(pairs_and_operations_by_hand),
        cmocka_unit_test(attention_by_hand),
    };
    return cmocka_run_group_tests_name("reference", tests, setup, NULL);
}
