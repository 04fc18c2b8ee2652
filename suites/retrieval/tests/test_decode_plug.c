/* A decoder's attention: what sparse_plug computes by weighing all keys, out of the chosen ones
 * alone; its judge; and recall of a graph that grew. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "../retrieval_decode_check.h"
#include "../retrieval_decode_recall.h"
#include "selector_case.h"

enum { VALUES = CASE_N * CASE_WIDTH, K = 20, PROMPT = 70 };

static const bool all_layers[CASE_LAYERS] = {true, true, true};

static struct decode_plug *plug_of(const struct selector *method, int64_t budget,
                                   const bool *layers) {
    const struct selector_params params = case_params();
    struct decode_plug *p;
    assert_int_equal(decode_plug_open(method, &params, budget, layers, &case_shape, CASE_N, &p),
                     ST_OK);
    return p;
}

/* The prompt in one call, then one token a call, into out (layers, tokens, heads, head_dim). */
static void attend(struct lm_attention attention, const struct attention_problem *p, int threads,
                   float *out) {
    for (int64_t past = 0; past < CASE_N; past += past == 0 ? PROMPT : 1) {
        for (int32_t layer = 0; layer < CASE_LAYERS; layer++) {
            const struct lm_attention_call call = attention_problem_call(
                p, layer, past, past == 0 ? PROMPT : 1, threads, out + layer * VALUES);
            assert_int_equal(attention.run(attention.context, &call), ST_OK);
        }
    }
}

static void assert_near(const float *a, const float *b, int64_t from, int64_t behind) {
    for (int64_t i = from * CASE_WIDTH; i < behind * CASE_WIDTH; i++) {
        assert_true(fabsf(a[i] - b[i]) <= 1e-5F);
    }
}

/* Both plugs put the same calls to a method, so that the sets are the same. */
static void gathered_keys_are_weighed_keys(void **state) {
    (void)state;
    static float gathered[CASE_LAYERS * VALUES], weighed[CASE_LAYERS * VALUES];
    static float full[CASE_LAYERS * VALUES];
    struct attention_problem p = case_problem(5, ATTENTION_GAUSSIAN);
    attend((struct lm_attention){lm_attention_full, NULL}, &p, 2, full);
    for (size_t m = 0; selectors[m] != NULL; m++) {
        const struct selector_params params = case_params();
        struct decode_plug *plug = plug_of(selectors[m], K, all_layers);
        struct sparse_plug *sparse;
        assert_int_equal(
            sparse_plug_open(selectors[m], &params, &case_shape, CASE_N, K, all_layers, &sparse),
            ST_OK);
        attend(decode_plug_attention(plug), &p, 2, gathered);
        attend(sparse_plug_attention(sparse), &p, 2, weighed);
        for (int layer = 0; layer < CASE_LAYERS; layer++) {
            assert_near(gathered + layer * VALUES, weighed + layer * VALUES, PROMPT, CASE_N);
            assert_memory_equal(gathered + layer * VALUES, full + layer * VALUES,
                                PROMPT * CASE_WIDTH * sizeof *full);
        }
        decode_plug_close(plug);
        sparse_plug_close(sparse);
    }
    attention_problem_free(&p);
}

/* Within attend's bound of the float64 oracle over the sets, which the judge sees. */
static enum verdict judged(const struct selector *method, const struct attention_problem *p,
                           int64_t budget, int64_t most) {
    static float out[CASE_LAYERS * VALUES];
    struct judge j;
    judge_begin(&j);
    struct decode_watch watch = {
        .plug = plug_of(method, budget, all_layers), .budget = most, .judge = &j};
    attend(decode_watch_attention(&watch), p, 2, out);
    decode_plug_close(watch.plug);
    judge_end(&j);
    return j.verdict;
}

/* The judge reads one document: padding has no set. */
static struct attention_problem one_document(void) {
    static const int64_t lengths[] = {CASE_N, 0};
    struct attention_problem p = case_problem(5, ATTENTION_GAUSSIAN);
    attention_problem_fill(&p, 5, lengths);
    return p;
}

static void outputs_are_the_oracles(void **state) {
    (void)state;
    struct attention_problem p = one_document();
    assert_int_equal(judged(NULL, &p, 0, 0), VERDICT_PASS);
    for (size_t m = 0; selectors[m] != NULL; m++) {
        assert_int_equal(judged(selectors[m], &p, K, K), VERDICT_PASS);
        assert_int_equal(judged(selectors[m], &p, CASE_N, CASE_N), VERDICT_PASS);
    }
    attention_problem_free(&p);
}

static void the_judge_can_fail(void **state) {
    (void)state;
    const struct selector *window = selector_find("window");
    struct attention_problem p = one_document();
    assert_int_equal(judged(window, &p, K, K - 1), VERDICT_FAIL); /* more keys than it may */
    p.v[3] = NAN;                                                 /* of a sink */
    assert_int_equal(judged(window, &p, K, K), VERDICT_FAIL);
    attention_problem_free(&p);
}

static void all_keys_are_full_attention(void **state) {
    (void)state;
    static float full[CASE_LAYERS * VALUES], got[CASE_LAYERS * VALUES];
    static const bool second[CASE_LAYERS] = {false, true, false};
    struct attention_problem p = case_problem(5, ATTENTION_GAUSSIAN);
    attend((struct lm_attention){lm_attention_full, NULL}, &p, 2, full);
    struct decode_plug *plug = plug_of(NULL, 0, NULL);
    attend(decode_plug_attention(plug), &p, 2, got);
    assert_near(got, full, 0, CASE_LAYERS * CASE_N);
    decode_plug_close(plug);
    plug = plug_of(selector_find("learned"), 64, all_layers); /* no document is longer */
    attend(decode_plug_attention(plug), &p, 2, got);
    assert_near(got, full, 0, CASE_LAYERS * CASE_N);
    decode_plug_close(plug);
    plug = plug_of(selector_find("window"), 4, second);
    attend(decode_plug_attention(plug), &p, 2, got);
    assert_null(decode_plug_set(plug, 0)); /* the last layer */
    assert_near(got, full, 0, CASE_N);
    assert_near(got + 2 * VALUES, full + 2 * VALUES, 0, CASE_N);
    assert_memory_not_equal(got + VALUES, full + VALUES, VALUES * sizeof *got);
    decode_plug_close(plug);
    attention_problem_free(&p);
}

static void threads_change_nothing(void **state) {
    (void)state;
    static float one[CASE_LAYERS * VALUES], three[CASE_LAYERS * VALUES];
    struct attention_problem p = case_problem(5, ATTENTION_GAUSSIAN);
    for (size_t m = 0; selectors[m] != NULL; m++) {
        struct decode_plug *plug = plug_of(selectors[m], 9, all_layers);
        attend(decode_plug_attention(plug), &p, 1, one);
        attend(decode_plug_attention(plug), &p, 3, three);
        assert_memory_equal(one, three, sizeof one);
        decode_plug_close(plug);
    }
    attention_problem_free(&p);
}

static void counting_changes_nothing(void **state) {
    (void)state;
    static float counted[CASE_LAYERS * VALUES], uncounted[CASE_LAYERS * VALUES];
    struct attention_problem p = case_problem(5, ATTENTION_GAUSSIAN);
    struct decode_plug *plug = plug_of(selector_find("hnsw"), 9, all_layers);
    attend(decode_plug_attention(plug), &p, 2, counted);
    const struct selector_counts before = decode_plug_counts(plug);
    assert_true(before.evaluated > 0 && before.present > 0);
    decode_plug_count(plug, false);
    attend(decode_plug_attention(plug), &p, 2, uncounted);
    assert_memory_equal(counted, uncounted, sizeof counted);
    assert_int_equal(decode_plug_counts(plug).evaluated, before.evaluated);
    assert_int_equal(decode_plug_counts(plug).present, before.present);
    decode_plug_close(plug);
    attention_problem_free(&p);
}

static void time_is_attentions(void **state) {
    (void)state;
    static float out[CASE_LAYERS * VALUES];
    struct attention_problem p = case_problem(5, ATTENTION_GAUSSIAN);
    struct decode_plug *plug = plug_of(selector_find("learned"), 9, all_layers);
    assert_true(decode_plug_seconds(plug).attention == 0);
    attend(decode_plug_attention(plug), &p, 1, out);
    const struct decode_seconds taken = decode_plug_seconds(plug);
    assert_true(taken.insertion > 0 && taken.attention > taken.insertion);
    decode_plug_close(plug);
    attention_problem_free(&p);
}

static void what_cannot_be_is_refused(void **state) {
    (void)state;
    struct selector_params params = case_params();
    struct projection_set set = *case_projections();
    const struct selector *learned = selector_find("learned");
    struct decode_plug *plug;
    params.projections = NULL;
    assert_int_equal(decode_plug_open(learned, &params, 9, all_layers, &case_shape, CASE_N, &plug),
                     ST_INPUT);
    assert_null(plug);
    params.projections = &set;
    set.layer_count = 2;
    assert_int_equal(decode_plug_open(learned, &params, 9, all_layers, &case_shape, CASE_N, &plug),
                     ST_SKIP);
}

/* --- recall ----------------------------------------------------------------------------------- */

enum { STEPS = 20 };

static void trace_of(const struct selector *method, struct decode_trace *t) {
    static float out[CASE_LAYERS * VALUES];
    static const bool first_two[CASE_LAYERS] = {true, true, false};
    struct attention_problem p = one_document();
    assert_int_equal(decode_trace_new(&case_shape, first_two, CASE_N - STEPS, STEPS, CASE_WORDS, t),
                     ST_OK);
    struct decode_watch watch = {.plug = plug_of(method, K, first_two), .trace = t};
    const struct lm_attention attention = decode_watch_attention(&watch);
    for (int64_t past = 0; past < CASE_N; past += past == 0 ? CASE_N - STEPS : 1) {
        for (int32_t layer = 0; layer < CASE_LAYERS; layer++) {
            const struct lm_attention_call call = attention_problem_call(
                &p, layer, past, past == 0 ? CASE_N - STEPS : 1, 2, out + layer * VALUES);
            assert_int_equal(attention.run(attention.context, &call), ST_OK);
        }
    }
    decode_plug_close(watch.plug);
    attention_problem_free(&p);
}

/* A method that searches exactly finds all, grown or rebuilt; sets of another one are not its. */
static void recall_is_of_the_exact_set(void **state) {
    (void)state;
    const struct selector *learned = selector_find("learned"), *window = selector_find("window");
    const struct selector_params params = case_params();
    struct decode_trace t;
    struct decode_recall r;
    trace_of(learned, &t);
    assert_int_equal(decode_recall_of(&t, learned, learned, &params, K, 2, &r), ST_OK);
    assert_int_equal(r.queries, 2 * STEPS);
    assert_true(decode_recall_grown(&r) == 1 && decode_recall_rebuilt(&r) == 1);
    assert_int_equal(decode_recall_of(&t, window, learned, &params, K, 2, &r), ST_OK);
    assert_true(decode_recall_grown(&r) == 1 && decode_recall_rebuilt(&r) < 0.5);
    decode_trace_free(&t);
    trace_of(window, &t);
    assert_int_equal(decode_recall_of(&t, learned, learned, &params, K, 2, &r), ST_OK);
    assert_true(decode_recall_grown(&r) < 0.5 && decode_recall_rebuilt(&r) == 1);
    decode_trace_free(&t);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(gathered_keys_are_weighed_keys),
        cmocka_unit_test(outputs_are_the_oracles),
        cmocka_unit_test(the_judge_can_fail),
        cmocka_unit_test(all_keys_are_full_attention),
        cmocka_unit_test(threads_change_nothing),
        cmocka_unit_test(counting_changes_nothing),
        cmocka_unit_test(time_is_attentions),
        cmocka_unit_test(what_cannot_be_is_refused),
        cmocka_unit_test(recall_is_of_the_exact_set),
    };
    return cmocka_run_group_tests_name("decode plug", tests, NULL, NULL);
}
