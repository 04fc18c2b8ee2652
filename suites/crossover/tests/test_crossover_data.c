/* The crossover experiment's data, kind by kind, and what its oracle says of a selection. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <math.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "../../../harness/run/fixture.h"
#include "../crossover_data.h"
#include "../crossover_quality_fixtures.h"

enum { THREADS = 3, HEADS = 9, D = 64, LATE = 24 /* queries of a head: 8 positions, 3 heads */ };

/* Keys 0 .. 2040 of 2048, so that the last eight tokens are queries. */
enum { CONTEXT = 2041, TOKENS = 2048 };

/* Where the trace, three layers of three KV heads, has a head: the layers are taken in turn, the
 * last one first.  Heads 0 and 1 are of the later layers, where no two tokens have the same value;
 * in the first, equal words do. */
static const int32_t at_trace[HEADS] = {6, 3, 0, 7, 4, 1, 8, 5, 2};

static struct trace trace;

static int setup(void **state) {
    (void)state;
    return trace_committed(&trace) == ST_OK ? 0 : -1;
}

static int teardown(void **state) {
    (void)state;
    trace_free(&trace);
    return 0;
}

static struct crossover_data made(struct crossover_plan plan, int threads) {
    struct crossover_data d;
    assert_int_equal(crossover_data_new(&plan, threads, &d), ST_OK);
    return d;
}

static struct crossover_plan plan_of(enum crossover_kind kind, int64_t n) {
    return (struct crossover_plan){
        .kind = kind, .n = n, .d = D, .heads = 2, .queries = 2, .seed = 7};
}

static void refuse(struct crossover_plan plan) {
    struct crossover_data d;
    assert_int_equal(crossover_data_new(&plan, 1, &d), ST_INPUT);
    assert_null(d.k);
    assert_true(strlen(status_message()) > 20);
}

/* --- all kinds -------------------------------------------------------------------------------- */

static void assert_same(const struct crossover_data *a, const struct crossover_data *b, int64_t n) {
    const struct crossover_plan *p = &a->plan;
    const size_t key = (size_t)p->d * sizeof(float), line = (size_t)a->d_search * sizeof(float);
    for (int32_t h = 0; h < p->heads; h++) {
        assert_memory_equal(a->k + h * p->n * p->d, b->k + h * b->plan.n * p->d, (size_t)n * key);
        assert_memory_equal(a->v + h * p->n * p->d, b->v + h * b->plan.n * p->d, (size_t)n * key);
    }
    assert_memory_equal(a->q, b->q, (size_t)(p->heads * p->queries) * key);
    assert_memory_equal(a->search_q, b->search_q, (size_t)(a->graphs * p->queries) * line);
}

static void threads_change_nothing(void **state) {
    (void)state;
    for (int kind = 0; kind < CROSSOVER_KINDS; kind++) {
        const struct crossover_plan plan = plan_of((enum crossover_kind)kind, CONTEXT);
        struct crossover_data one = made(plan, 1), many = made(plan, THREADS);
        assert_same(&one, &many, CONTEXT);
        assert_memory_equal(one.search_k, many.search_k,
                            (size_t)(one.graphs * CONTEXT * one.d_search) * sizeof(float));
        assert_true(strlen(one.note) > 20 && strlen(one.note) < sizeof one.note - 1);
        crossover_data_free(&one);
        crossover_data_free(&many);
    }
}

static void fewer_keys_are_the_first_of_more(void **state) {
    static const enum crossover_kind kinds[] = {CROSSOVER_RESAMPLED, CROSSOVER_GAUSSIAN};
    (void)state;
    for (size_t i = 0; i < 2; i++) {
        struct crossover_data few = made(plan_of(kinds[i], 100), THREADS);
        struct crossover_data more = made(plan_of(kinds[i], 3000), THREADS);
        assert_same(&few, &more, 100);
        crossover_data_free(&few);
        crossover_data_free(&more);
    }
}

static void seeds_change_synthetic_keys(void **state) {
    (void)state;
    for (int kind = CROSSOVER_RESAMPLED; kind < CROSSOVER_KINDS; kind++) {
        struct crossover_plan plan = plan_of((enum crossover_kind)kind, 512);
        struct crossover_data one = made(plan, 1);
        plan.seed++;
        struct crossover_data other = made(plan, 1);
        for (int64_t i = 1; i < plan.n; i++) {
            assert_memory_not_equal(one.k + i * D, other.k + i * D, D * sizeof(float));
        }
        crossover_data_free(&one);
        crossover_data_free(&other);
    }
}

static double dot(const float *a, const float *b, int32_t d) {
    double sum = 0;
    for (int32_t i = 0; i < d; i++) {
        sum += (double)a[i] * (double)b[i];
    }
    return sum;
}

/* q' k' = q k / (|q| R) with R the longest key, and all of length 1. */
static void search_vectors_order_keys_as_scores_do(void **state) {
    (void)state;
    struct crossover_data x = made(plan_of(CROSSOVER_CAPTURED, CONTEXT), THREADS);
    assert_int_equal(x.graphs, 2);
    assert_int_equal(x.d_search, 80);
    for (int32_t h = 0; h < 2; h++) {
        const float *k = x.k + h * CONTEXT * D, *q = x.q + h * 2 * D;
        const float *search_k = x.search_k + h * CONTEXT * 80, *search_q = x.search_q + h * 2 * 80;
        double longest = 0;
        for (int64_t i = 0; i < CONTEXT; i++) {
            longest = fmax(longest, dot(k + i * D, k + i * D, D));
        }
        const double by = 1 / sqrt(longest * dot(q, q, D));
        for (int64_t i = 0; i < CONTEXT; i++) {
            const float *s = search_k + i * 80;
            assert_true(fabs(dot(s, s, 80) - 1) < 1e-6);
            assert_true(fabs(dot(s, search_q, 80) - dot(k + i * D, q, D) * by) < 1e-6);
            for (int32_t c = D + 1; c < 80; c++) {
                assert_true(s[c] == 0);
            }
        }
        assert_true(fabs(dot(search_q, search_q, 80) - 1) < 1e-6 && search_q[D] == 0);
    }
    crossover_data_free(&x);
}

/* --- captured --------------------------------------------------------------------------------- */

static void captured_tokens_are_the_traces(void **state) {
    (void)state;
    struct crossover_plan plan = plan_of(CROSSOVER_CAPTURED, CONTEXT);
    plan.heads = HEADS;
    plan.queries = LATE;
    struct crossover_data x = made(plan, 1);
    for (int32_t h = 0; h < HEADS; h++) {
        const size_t bytes = CONTEXT * D * sizeof(float);
        assert_memory_equal(x.k + h * CONTEXT * D, trace.k + at_trace[h] * TOKENS * D, bytes);
        assert_memory_equal(x.v + h * CONTEXT * D, trace.v + at_trace[h] * TOKENS * D, bytes);
        for (int32_t i = 0; i < LATE; i++) {
            const int64_t position = trace.position_count - 8 + i / 3,
                          head = at_trace[h] * 3 + i % 3;
            assert_int_equal(trace.positions[position], CONTEXT - 1 + i / 3);
            assert_memory_equal(x.q + (h * LATE + i) * D,
                                trace.q + (head * trace.position_count + position) * D,
                                D * sizeof(float));
        }
    }
    crossover_data_free(&x);
}

/* Only the last token's queries may read all 2048 keys. */
static void no_captured_query_reads_a_later_key(void **state) {
    (void)state;
    struct crossover_plan plan = plan_of(CROSSOVER_CAPTURED, TOKENS);
    plan.queries = 3;
    struct crossover_data x = made(plan, 1);
    for (int32_t i = 0; i < 3; i++) {
        assert_memory_equal(x.q + i * D, trace.q + ((6 * 3 + i + 1) * trace.position_count - 1) * D,
                            D * sizeof(float));
    }
    crossover_data_free(&x);
    plan.queries = 4;
    refuse(plan);
}

static void what_is_not_captured_is_refused(void **state) {
    (void)state;
    struct crossover_plan plan = plan_of(CROSSOVER_CAPTURED, CONTEXT);
    plan.n = TOKENS + 1;
    refuse(plan);
    plan = plan_of(CROSSOVER_CAPTURED, 700); /* no query lies near key 700 */
    refuse(plan);
    for (int kind = CROSSOVER_CAPTURED; kind <= CROSSOVER_RESAMPLED; kind++) {
        plan = plan_of((enum crossover_kind)kind, CONTEXT);
        plan.heads = HEADS + 1;
        refuse(plan);
        plan.heads = HEADS;
        plan.queries = LATE + 1;
        refuse(plan);
        plan.queries = LATE;
        plan.d = 96;
        refuse(plan);
    }
    plan = plan_of(CROSSOVER_GAUSSIAN, 0);
    refuse(plan);
    plan = plan_of(CROSSOVER_GAUSSIAN, 10);
    plan.d = 1025;
    refuse(plan);
}

/* --- resampled -------------------------------------------------------------------------------- */

/* The token whose value a row has; -1: none. */
static int64_t token_of(const float *v, int32_t head) {
    for (int64_t i = 0; i < TOKENS; i++) {
        const float *own = trace.v + (at_trace[head] * TOKENS + i) * D;
        int32_t equal = 0;
        while (equal < D && own[equal] == v[equal]) {
            equal++;
        }
        if (equal == D) {
            return i;
        }
    }
    return -1;
}

static double keys_variance(int32_t head) {
    double sum[D] = {0}, squares = 0, all = 0;
    const double count = TOKENS - 1;
    for (int64_t i = 1; i < TOKENS; i++) {
        for (int32_t c = 0; c < D; c++) {
            const double x = (double)trace.k[(at_trace[head] * TOKENS + i) * D + c];
            sum[c] += x;
            squares += x * x;
        }
    }
    for (int32_t c = 0; c < D; c++) {
        all += sum[c] * sum[c] / count;
    }
    return (squares - all) / count;
}

/* Mean square of the noise over 2,000 keys against 0.2^2 of the keys' own: it is a sum of 64
 * variances, none above all of it, so that its relative standard error is below sqrt(2 / 2000). */
static void resampled_keys_are_tokens_with_noise(void **state) {
    enum { N = 2000 };
    (void)state;
    struct crossover_data x = made(plan_of(CROSSOVER_RESAMPLED, N), THREADS);
    for (int32_t h = 0; h < 2; h++) {
        double noise = 0;
        for (int64_t i = 0; i < N; i++) {
            const int64_t at = (h * N + i) * D, token = token_of(x.v + at, h);
            assert_true(i == 0 ? token == 0 : token > 0);
            assert_int_equal(token, token_of(x.v + i * D, 0)); /* all heads' */
            for (int32_t c = 0; c < D; c++) {
                const double off =
                    (double)x.k[at + c] - (double)trace.k[(at_trace[h] * TOKENS + token) * D + c];
                noise += off * off;
                assert_true(i > 0 || off == 0);
            }
        }
        const double want = 0.2 * 0.2 * keys_variance(h);
        assert_true(fabs(noise / (N - 1) / want - 1) < 4 * sqrt(2.0 / N));
    }
    crossover_data_free(&x);
}

/* A key along the sum of two dimensions that are rotated together. */
static double along(const float *row, int32_t pair) {
    return (double)row[pair] + (double)row[pair + D / 2];
}

/* Along such a direction too the noise has 0.2^2 of the keys' variance: noise of the same size in
 * all dimensions, or independent in each, has not. */
static void noise_has_the_keys_covariance(void **state) {
    enum { N = 4000 };
    (void)state;
    struct crossover_data x = made(plan_of(CROSSOVER_RESAMPLED, N), THREADS);
    const float *keys = trace.k + at_trace[0] * TOKENS * D, *drawn = x.k;
    int64_t tokens[N];
    for (int64_t i = 1; i < N; i++) {
        tokens[i] = token_of(x.v + i * D, 0);
    }
    for (int32_t pair = 0; pair < D / 2; pair++) {
        double key = 0, mean = 0, noise = 0;
        for (int64_t i = 1; i < TOKENS; i++) {
            mean += along(keys + i * D, pair) / (TOKENS - 1);
        }
        for (int64_t i = 1; i < TOKENS; i++) {
            key += pow(along(keys + i * D, pair) - mean, 2) / (TOKENS - 1);
        }
        for (int64_t i = 1; i < N; i++) {
            noise +=
                pow(along(drawn + i * D, pair) - along(keys + tokens[i] * D, pair), 2) / (N - 1);
        }
        assert_true(fabs(noise / (0.04 * key) - 1) < 5 * sqrt(2.0 / N));
    }
    crossover_data_free(&x);
}

static double largest_of(const struct crossover_data *x, int32_t head, int64_t query, int64_t k) {
    struct crossover_oracle o;
    double sum = 0;
    assert_int_equal(crossover_oracle_new(x, head, query, &o), ST_OK);
    for (int64_t r = 0; r < k; r++) {
        sum += o.largest[r];
    }
    crossover_oracle_free(&o);
    return sum;
}

/* Mean over all heads and the last eight tokens' queries of the K largest weights' sum, each query
 * over all the keys that it reads in the text. */
static double captured_mass(int64_t k) {
    double sum = 0;
    for (int32_t h = 0; h < HEADS; h++) {
        for (int32_t i = 0; i < LATE; i++) {
            const int64_t position = trace.position_count - 8 + i / 3;
            const int64_t row = (at_trace[h] * 3 + i % 3) * trace.position_count + position;
            const struct crossover_data own = {
                .plan = {.n = trace.positions[position] + 1, .d = D, .heads = 1, .queries = 1},
                .k = trace.k + at_trace[h] * TOKENS * D,
                .v = trace.v + at_trace[h] * TOKENS * D,
                .q = trace.q + row * D};
            sum += largest_of(&own, 0, 0, k);
        }
    }
    return sum / (HEADS * LATE);
}

static double resampled_mass(int64_t k) {
    struct crossover_plan plan = plan_of(CROSSOVER_RESAMPLED, TOKENS);
    plan.heads = HEADS;
    plan.queries = LATE;
    struct crossover_data x = made(plan, THREADS);
    double sum = 0;
    for (int32_t h = 0; h < HEADS; h++) {
        for (int32_t i = 0; i < LATE; i++) {
            sum += largest_of(&x, h, i, k);
        }
    }
    crossover_data_free(&x);
    return sum / (HEADS * LATE);
}

static void resampling_keeps_the_mass_of_the_largest(void **state) {
    (void)state;
    for (int64_t k = 64; k <= 128; k *= 2) {
        const double own = captured_mass(k), drawn = resampled_mass(k);
        print_message("# mass of the %d largest: captured %.4f, resampled %.4f\n", (int)k, own,
                      drawn);
        assert_true(fabs(own - drawn) < 0.015);
    }
}

static void two_heads_side_by_side(void **state) {
    enum { N = 300 };
    (void)state;
    struct crossover_plan plan = plan_of(CROSSOVER_RESAMPLED, N);
    plan.d = 2 * D;
    plan.heads = HEADS;
    struct crossover_data x = made(plan, THREADS);
    assert_int_equal(x.d_search, 144);
    for (int32_t h = 0; h < HEADS; h++) {
        for (int64_t i = 0; i < N && h % 3 != 2; i++) {
            const float *v = x.v + (h * N + i) * 2 * D;
            assert_int_equal(token_of(v, h), token_of(v + D, (h + 3) % HEADS));
        }
        const int64_t next = at_trace[(h + 3) % HEADS] * 3 * trace.position_count;
        assert_memory_equal(x.q + h * 2 * 2 * D + D,
                            trace.q + (next + trace.position_count - 8) * D, D * sizeof(float));
    }
    crossover_data_free(&x);
}

/* --- Gaussian --------------------------------------------------------------------------------- */

static void assert_standard(const float *x, int64_t count) {
    double sum = 0, squares = 0;
    for (int64_t i = 0; i < count; i++) {
        sum += (double)x[i];
        squares += (double)x[i] * (double)x[i];
    }
    const double n = (double)count;
    assert_true(fabs(sum / n) < 4 / sqrt(n));
    assert_true(fabs(squares / n - 1) < 4 * sqrt(2 / n));
}

static void gaussian_data_are_standard_and_independent(void **state) {
    enum { N = 5000 };
    (void)state;
    struct crossover_data x = made(plan_of(CROSSOVER_GAUSSIAN, N), THREADS);
    assert_standard(x.k, 2 * N * D);
    assert_standard(x.v, 2 * N * D);
    const struct { const float *a, *b; } pairs[] = {{x.k, x.v}, {x.k, x.k + N * D}, {x.k, x.k + D}};
    for (size_t i = 0; i < 3; i++) {
        const double n = (N - 1) * D;
        assert_true(fabs(dot(pairs[i].a, pairs[i].b, (N - 1) * D)) < 4 * sqrt(n));
    }
    crossover_data_free(&x);
}

/* --- planted ---------------------------------------------------------------------------------- */

/* Weights of ranks 1 .. 64 fall as 1/r, hold 0.98 of the mass or a little more, since the
 * background's is bounded from above, and no background key is among them. */
static void planted_keys_hold_the_mass(void **state) {
    static const int64_t sizes[] = {512, 4096, 65536};
    (void)state;
    for (size_t s = 0; s < 3; s++) {
        for (int32_t d = D; d <= 2 * D; d *= 2) {
            struct crossover_plan plan = plan_of(CROSSOVER_PLANTED, sizes[s]);
            plan.d = d;
            struct crossover_data x = made(plan, THREADS);
            struct crossover_oracle o;
            double mass = 0;
            assert_int_equal(crossover_oracle_new(&x, 1, 1, &o), ST_OK);
            for (int32_t r = 0; r < 64; r++) {
                assert_true(fabs(o.largest[r] * (r + 1) / o.largest[0] - 1) < 1e-4);
                mass += o.largest[r];
            }
            assert_true(mass > 0.975 && mass < 0.99);
            assert_true(o.largest[64] < 0.9 * o.largest[63]);
            crossover_oracle_free(&o);
            crossover_data_free(&x);
        }
    }
}

/* One set of search vectors orders the keys of every head: q k = |q| |k| q' k'. */
static void heads_share_the_latents(void **state) {
    enum { N = 1000 };
    (void)state;
    struct crossover_data x = made(plan_of(CROSSOVER_PLANTED, N), THREADS);
    assert_int_equal(x.graphs, 1);
    assert_int_equal(x.d_search, D);
    for (int32_t h = 0; h < 2; h++) {
        const float *q = x.q + (h * 2 + 1) * D;
        for (int64_t i = 0; i < N; i++) {
            const float *s = x.search_k + i * D;
            const double scale = sqrt(dot(q, q, D) * D);
            assert_true(fabs(dot(s, s, D) - 1) < 1e-6);
            assert_true(fabs(dot(q, x.k + (h * N + i) * D, D) - scale * dot(x.search_q + D, s, D)) <
                        1e-5 * scale);
        }
    }
    assert_memory_not_equal(x.k, x.k + N * D, D * sizeof(float));
    crossover_data_free(&x);
}

static void planting_knows_its_limits(void **state) {
    (void)state;
    struct crossover_plan plan = plan_of(CROSSOVER_PLANTED, 4096);
    plan.queries = 32;
    struct crossover_data x = made(plan, THREADS);
    crossover_data_free(&x);
    plan.queries = 33;
    refuse(plan);
    plan = plan_of(CROSSOVER_PLANTED, 4096);
    plan.d = 16;
    refuse(plan);
}

/* --- oracle and quality ----------------------------------------------------------------------- */

/* Logits ln 4, ln 2, ln 2, 0 with d = 1: weights 4/9, 2/9, 2/9, 1/9. */
static float by_hand_k[4], by_hand_v[] = {1, -1, 0, 5}, by_hand_q[] = {1};

static struct crossover_data by_hand(void) {
    by_hand_k[0] = logf(4);
    by_hand_k[1] = by_hand_k[2] = logf(2);
    by_hand_k[3] = 0;
    return (struct crossover_data){.plan = {.n = 4, .d = 1, .heads = 1, .queries = 1},
                                   .k = by_hand_k,
                                   .v = by_hand_v,
                                   .q = by_hand_q};
}

static void oracle_by_hand(void **state) {
    static const double want[] = {4.0 / 9, 2.0 / 9, 2.0 / 9, 1.0 / 9};
    (void)state;
    const struct crossover_data x = by_hand();
    struct crossover_oracle o;
    assert_int_equal(crossover_oracle_new(&x, 0, 0, &o), ST_OK);
    for (int i = 0; i < 4; i++) {
        assert_true(fabs(o.weights[i] - want[i]) < 1e-7);
        assert_true(fabs(o.largest[i] - want[i]) < 1e-7);
    }
    assert_true(fabs(o.out[0] - 7.0 / 9) < 1e-6);
    crossover_oracle_free(&o);
}

static void quality_by_hand(void **state) {
    static const int32_t tied[] = {0, 2}, missed[] = {0, 3};
    static const float same[] = {0.5F}, opposite[] = {-2}, zero[] = {0};
    (void)state;
    const struct crossover_data x = by_hand();
    struct crossover_oracle o;
    assert_int_equal(crossover_oracle_new(&x, 0, 0, &o), ST_OK);
    struct crossover_quality q = crossover_quality_of(&x, &o, tied, 2, same);
    assert_true(q.recall == 1 && fabs(q.mass - 6.0 / 9) < 1e-7 && q.cosine == 1);
    q = crossover_quality_of(&x, &o, missed, 2, opposite);
    assert_true(q.recall == 0.5 && fabs(q.mass - 5.0 / 9) < 1e-7 && q.cosine == -1);
    q = crossover_quality_of(&x, &o, NULL, 0, zero);
    assert_true(isnan(q.recall) && q.mass == 0 && isnan(q.cosine));
    crossover_oracle_free(&o);
}

static void nan_is_no_value(void **state) {
    static const int32_t chosen[] = {0, 1};
    static const float out[] = {1};
    (void)state;
    float nan_q[] = {NAN};
    struct crossover_data x = by_hand();
    struct crossover_oracle o;
    x.q = nan_q;
    assert_int_equal(crossover_oracle_new(&x, 0, 0, &o), ST_OK);
    const struct crossover_quality q = crossover_quality_of(&x, &o, chosen, 2, out);
    assert_true(isnan(q.recall) && isnan(q.mass) && isnan(q.cosine));
    crossover_oracle_free(&o);
}

static void fixtures_tell_defects(void **state) {
    static const struct fixture fixtures[] = {
        {"ties", {"recall_at_k"}, "", crossover_recall_by_id},
        {"nothing", {"recall_at_k"}, "", crossover_recall_of_nothing},
        {"renormalised", {"mass_share"}, "", crossover_mass_of_chosen},
        {"counted", {"mass_share"}, "", crossover_mass_as_recall},
        {"not-normalised", {"output_cosine"}, "", crossover_cosine_not_normalised},
        {"zero", {"output_cosine"}, "", crossover_cosine_of_zero},
    };
    (void)state;
    for (size_t i = 0; i < sizeof fixtures / sizeof *fixtures; i++) {
        enum verdict verdict;
        char reason[200];
        assert_int_equal(fixture_check(&fixtures[i], &verdict, reason, sizeof reason), ST_OK);
        if (verdict != VERDICT_PASS) {
            fail_msg("%s: %s", fixtures[i].name, reason);
        }
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(threads_change_nothing),
        cmocka_unit_test(fewer_keys_are_the_first_of_more),
        cmocka_unit_test(seeds_change_synthetic_keys),
        cmocka_unit_test(search_vectors_order_keys_as_scores_do),
        cmocka_unit_test(captured_tokens_are_the_traces),
        cmocka_unit_test(no_captured_query_reads_a_later_key),
        cmocka_unit_test(what_is_not_captured_is_refused),
        cmocka_unit_test(resampled_keys_are_tokens_with_noise),
        cmocka_unit_test(noise_has_the_keys_covariance),
        cmocka_unit_test(resampling_keeps_the_mass_of_the_largest),
        cmocka_unit_test(two_heads_side_by_side),
        cmocka_unit_test(gaussian_data_are_standard_and_independent),
        cmocka_unit_test(planted_keys_hold_the_mass),
        cmocka_unit_test(heads_share_the_latents),
        cmocka_unit_test(planting_knows_its_limits),
        cmocka_unit_test(oracle_by_hand),
        cmocka_unit_test(quality_by_hand),
        cmocka_unit_test(nan_is_no_value),
        cmocka_unit_test(fixtures_tell_defects),
    };
    return cmocka_run_group_tests_name("crossover_data", tests, setup, teardown);
}
