/* Attention kernels plugged into a whole tiny model: as they are, beside the model's own, switched
 * off; queries taken out of it; what two orders differ in. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "../../../datasets/rng.h"
#include "../../lm/lm_identity.h"
#include "../../lm/tests/tiny.h"
#include "../entropy_ranking_metrics.h"
#include "../entropy_ranking_queries.h"
#include "../entropy_sparse_plug.h"

enum { N = 150 };

static struct lm_model *model;
static int32_t ids[N];

static int setup(void **state) {
    (void)state;
    tiny_tokens(ids, N);
    return tiny_load(NULL, &model) == ST_OK ? 0 : -1;
}

static int teardown(void **state) {
    (void)state;
    lm_free(model);
    return 0;
}

static struct entropy_plug open_plug(const char *kernel, struct attention_params params) {
    struct entropy_plug plug;
    assert_int_equal(entropy_plug_open(kernel, &params, lm_shape(model), N, &plug), ST_OK);
    return plug;
}

/* --- identity --------------------------------------------------------------------------------- */

static struct lm_identity identity_of(int64_t k, bool off) {
    struct entropy_plug plug = open_plug("attention/topk", (struct attention_params){.k = k});
    struct lm_identity found;
    plug.off = off;
    const struct lm_attention attention = entropy_plug_attention(&plug);
    assert_int_equal(lm_identity(&attention, model, ids, N, 2, &found), ST_OK);
    entropy_plug_close(&plug);
    assert_int_equal(found.logits, N * TINY_VOCABULARY);
    return found;
}

static void a_plug_switched_off_changes_no_bit(void **state) {
    (void)state;
    const struct lm_identity off = identity_of(3, true), all = identity_of(N, false);
    const struct lm_identity on = identity_of(3, false);
    assert_true(off.same_bits && off.largest == 0);
    assert_true(all.same_bits && all.largest == 0);
    assert_true(!on.same_bits && on.largest > 0.01);
}

/* --- beside the model's attention ------------------------------------------------------------- */

static struct entropy_likeness compare(struct entropy_plug *plug, enum verdict *verdict) {
    struct entropy_likeness likeness;
    struct judge j;
    judge_begin(&j);
    assert_int_equal(entropy_plug_compare(plug, model, ids, N, 2, &j, &likeness), ST_OK);
    *verdict = j.verdict;
    judge_end(&j);
    assert_int_equal(likeness.count, N * TINY_HEADS * TINY_LAYERS);
    return likeness;
}

static void right_kernels_pass_on_the_models_own_values(void **state) {
    (void)state;
    static const struct {
        const char *kernel;
        struct attention_params params;
        double least, most; /* of the cosine */
    } rows[] = {
        {"attention/full", {.k = 0}, 1, 1},
        {"attention/topk", {.k = N}, 1, 1},
        {"attention/topk", {.k = 20}, 0.9, 0.9999},
        {"attention/topk", {.share = 0.3}, 0.8, 0.9999},
        {"attention/int8_token", {.documents = 1}, 0.99, 0.999999},
        {"attention/int8_channel", {.documents = 1}, 0.99, 0.999999},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct entropy_plug plug = open_plug(rows[i].kernel, rows[i].params);
        enum verdict verdict;
        const double cosine = compare(&plug, &verdict).cosine;
        assert_int_not_equal(verdict, VERDICT_FAIL);
        assert_true(cosine >= rows[i].least - 1e-12 && cosine <= rows[i].most + 1e-12);
        entropy_plug_close(&plug);
    }
}

/* One key more or less than the oracle is told. */
static void another_number_of_keys_is_caught(void **state) {
    (void)state;
    for (int64_t k = 19; k <= 21; k++) {
        struct entropy_plug plug = open_plug("attention/topk", (struct attention_params){.k = 20});
        enum verdict verdict;
        plug.params.k = k;
        compare(&plug, &verdict);
        assert_int_equal(verdict == VERDICT_FAIL, k != 20);
        entropy_plug_close(&plug);
    }
}

/* --- queries ---------------------------------------------------------------------------------- */

static void queries_come_out_of_the_model_with_their_keys(void **state) {
    (void)state;
    enum { ROWS = 7 };
    struct entropy_queries q = {.tokens = N, .rows = ROWS};
    assert_int_equal(entropy_queries_model(&q, model, ids, 2), ST_OK);
    assert_int_equal(q.heads, TINY_HEADS);
    for (int64_t i = 0; i < (int64_t)q.layers * q.heads * q.rows; i++) {
        const struct entropy_query at = entropy_query_at(&q, i);
        const int64_t layer = i / (TINY_HEADS * ROWS), head = i / ROWS % TINY_HEADS;
        const int64_t set = layer * TINY_KV_HEADS + head / (TINY_HEADS / TINY_KV_HEADS);
        double length = 0;
        assert_int_equal(at.n, N - ROWS + i % ROWS + 1);
        assert_ptr_equal(at.k, q.k + set * N * TINY_HEAD_DIM);
        assert_ptr_equal(at.v, q.v + set * N * TINY_HEAD_DIM);
        for (int c = 0; c < TINY_HEAD_DIM; c++) {
            length += fabs((double)at.q[c]) + fabs((double)at.k[(at.n - 1) * TINY_HEAD_DIM + c]);
        }
        assert_true(length > 0 && isfinite(length));
    }
    entropy_queries_free(&q);
}

static void made_up_queries_follow_from_the_seed(void **state) {
    (void)state;
    const struct entropy_queries shape = {
        .layers = 2, .heads = 4, .kv_heads = 2, .d = 8, .tokens = 9, .rows = 3};
    struct entropy_queries a = shape, b = shape, c = shape;
    assert_int_equal(entropy_queries_gaussian(&a, 1), ST_OK);
    assert_int_equal(entropy_queries_gaussian(&b, 1), ST_OK);
    assert_int_equal(entropy_queries_gaussian(&c, 2), ST_OK);
    const size_t bytes = (size_t)2 * 2 * 9 * 8 * sizeof(float);
    assert_memory_equal(a.k, b.k, bytes);
    assert_memory_not_equal(a.k, c.k, bytes);
    assert_memory_not_equal(a.k, a.v, bytes);
    entropy_queries_free(&a);
    entropy_queries_free(&b);
    entropy_queries_free(&c);
}

static void a_trace_gives_the_queries_with_enough_keys(void **state) {
    (void)state;
    struct trace t;
    struct entropy_queries q;
    assert_int_equal(trace_committed(&t), ST_OK);
    assert_int_equal(entropy_queries_trace(&q, &t, 512), ST_OK);
    const int64_t skipped = t.position_count - q.rows;
    assert_true(skipped > 0 && t.positions[skipped] >= 511 && t.positions[skipped - 1] < 511);
    for (int64_t i = 0; i < (int64_t)q.layers * q.heads * q.rows; i++) {
        const struct entropy_query at = entropy_query_at(&q, i);
        const int64_t from = i / q.rows * t.position_count + skipped + i % q.rows;
        assert_int_equal(at.n, t.positions[skipped + i % q.rows] + 1);
        assert_memory_equal(at.q, t.q + from * t.head_dim, (size_t)t.head_dim * sizeof *at.q);
    }
    entropy_queries_free(&q);
    assert_int_equal(entropy_queries_trace(&q, &t, t.tokens + 1), ST_INPUT);
    trace_free(&t);
}

/* --- orders ----------------------------------------------------------------------------------- */

enum { KEYS = 60 };

static bool sets_differ(const int32_t *a, const int32_t *b, int64_t k) {
    int times[KEYS] = {0};
    bool differ = false;
    for (int64_t r = 0; r < k; r++) {
        times[a[r]]++;
        times[b[r]]--;
    }
    for (int i = 0; i < KEYS; i++) {
        differ = differ || times[i] != 0;
    }
    return differ;
}

/* Against counting, for orders that a few exchanges make different. */
static void sets_are_compared_as_sets(void **state) {
    (void)state;
    int32_t a[KEYS], b[KEYS];
    int differing = 0;
    for (uint32_t trial = 0; trial < 400; trial++) {
        for (int32_t i = 0; i < KEYS; i++) {
            a[i] = b[i] = (i * 7 + (int32_t)trial) % KEYS;
        }
        for (uint32_t i = 0; i < trial % 4; i++) {
            uint32_t words[4];
            rng_words(4, 1, trial, i, words);
            const uint32_t x = rng_below(words[0], KEYS), y = rng_below(words[1], KEYS);
            const int32_t held = b[x];
            b[x] = b[y];
            b[y] = held;
        }
        const int64_t k = 1 + trial % KEYS;
        assert_int_equal(entropy_set_changed(a, b, KEYS, k), sets_differ(a, b, k));
        assert_false(entropy_set_changed(a, b, KEYS, KEYS + 5));
        differing += sets_differ(a, b, k);
    }
    assert_true(differing > 20 && differing < 380);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_plug_switched_off_changes_no_bit),
        cmocka_unit_test(right_kernels_pass_on_the_models_own_values),
        cmocka_unit_test(another_number_of_keys_is_caught),
        cmocka_unit_test(queries_come_out_of_the_model_with_their_keys),
        cmocka_unit_test(made_up_queries_follow_from_the_seed),
        cmocka_unit_test(a_trace_gives_the_queries_with_enough_keys),
        cmocka_unit_test(sets_are_compared_as_sets),
    };
    return cmocka_run_group_tests_name("sparse", tests, setup, teardown);
}
