/* Selectors as a layer's attention: the bits of full attention where all keys are chosen, the
 * float64 answer where not, and what must change nothing. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "../chosen_check.h"
#include "../sparse_check.h"
#include "selector_case.h"

enum { VALUES = CASE_N * CASE_WIDTH, K = 20 };

static const bool all_layers[CASE_LAYERS] = {true, true, true};

static struct sparse_plug *plug_of(const struct selector *method, int64_t budget,
                                   const bool *layers) {
    const struct selector_params params = case_params();
    struct sparse_plug *p;
    assert_int_equal(sparse_plug_open(method, &params, &case_shape, CASE_N, budget, layers, &p),
                     ST_OK);
    return p;
}

/* Answers of each layer (layers, tokens, heads, head_dim); plug NULL: full attention. */
static void attend(struct sparse_plug *plug, const struct attention_problem *p, int64_t step,
                   int threads, float *out) {
    struct lm_attention attention = {lm_attention_full, NULL};
    if (plug != NULL) {
        attention = sparse_plug_attention(plug);
    }
    for (int64_t past = 0; past < CASE_N; past += step) {
        const int64_t tokens = step < CASE_N - past ? step : CASE_N - past;
        for (int32_t layer = 0; layer < CASE_LAYERS; layer++) {
            const struct lm_attention_call call =
                attention_problem_call(p, layer, past, tokens, threads, out + layer * VALUES);
            assert_int_equal(attention.run(attention.context, &call), ST_OK);
        }
    }
}

static int same_bits(const void *a, const void *b, size_t size) { return memcmp(a, b, size) == 0; }

static int same_row(const float *a, const float *b, int64_t t) {
    return same_bits(a + t * CASE_WIDTH, b + t * CASE_WIDTH, CASE_WIDTH * sizeof *a);
}

/* Whether the method reads exactly min(K, n) keys of n. */
static bool reads_all_it_may(const struct selector *method) {
    return strcmp(method->name, "hnsw") != 0;
}

static void all_keys_are_full_attention(void **state) {
    (void)state;
    static float full[CASE_LAYERS * VALUES], sparse[CASE_LAYERS * VALUES];
    static const int64_t steps[] = {CASE_N, 1, 64, 70};
    struct attention_problem p = case_problem(5, ATTENTION_GAUSSIAN);
    for (size_t i = 0; i < sizeof steps / sizeof *steps; i++) {
        attend(NULL, &p, steps[i], 2, full);
        for (size_t m = 0; selectors[m] != NULL; m++) {
            /* No document is longer than 60; a page of 8 is never cut by 64. */
            struct sparse_plug *plug = plug_of(selectors[m], 64, all_layers);
            attend(plug, &p, steps[i], 2, sparse);
            if (reads_all_it_may(selectors[m])) {
                assert_memory_equal(full, sparse, sizeof full);
            }
            sparse_plug_close(plug);
        }
    }
    attention_problem_free(&p);
}

static void fewer_keys_are_not(void **state) {
    (void)state;
    static float full[CASE_LAYERS * VALUES], sparse[CASE_LAYERS * VALUES];
    struct attention_problem p = case_problem(5, ATTENTION_GAUSSIAN);
    attend(NULL, &p, CASE_N, 2, full);
    for (size_t m = 0; selectors[m] != NULL; m++) {
        /* Two pages of 8 and what is left of the budget of 20 is not read. */
        const int64_t least = strcmp(selectors[m]->name, "quest") == 0 ? 16 : K;
        struct sparse_plug *plug = plug_of(selectors[m], K, all_layers);
        attend(plug, &p, CASE_N, 2, sparse);
        for (int64_t t = 0; t < CASE_N && reads_all_it_may(selectors[m]); t++) {
            assert_int_equal(same_row(full, sparse, t), p.segment[t] < 0 || p.position[t] < least);
        }
        sparse_plug_close(plug);
    }
    attention_problem_free(&p);
}

static void other_layers_stay_full(void **state) {
    (void)state;
    static float full[CASE_LAYERS * VALUES], sparse[CASE_LAYERS * VALUES];
    static const bool second[CASE_LAYERS] = {false, true, false};
    struct attention_problem p = case_problem(5, ATTENTION_GAUSSIAN);
    attend(NULL, &p, CASE_N, 2, full);
    for (size_t m = 0; selectors[m] != NULL; m++) {
        struct sparse_plug *plug = plug_of(selectors[m], 4, second);
        attend(plug, &p, CASE_N, 2, sparse);
        for (int layer = 0; layer < CASE_LAYERS; layer++) {
            const int same =
                same_bits(full + layer * VALUES, sparse + layer * VALUES, VALUES * sizeof *full);
            assert_int_equal(same, !second[layer]);
        }
        sparse_plug_close(plug);
    }
    attention_problem_free(&p);
}

/* softmax(q K_S' / sqrt(d)) V_S of one query and head in float64. */
static void chosen_attention(const struct attention_problem *p, const uint64_t *set, int64_t head,
                             int64_t row, double *out) {
    const float *q = p->q + row * CASE_WIDTH + head * CASE_D;
    const int64_t kv = head / (CASE_HEADS / CASE_KV_HEADS) * p->capacity;
    double sum = 0;
    memset(out, 0, CASE_D * sizeof *out);
    for (int64_t j = 0; j < CASE_N; j++) {
        if (!(set[j / 64] >> (j % 64) & 1)) {
            continue;
        }
        double score = 0;
        for (int i = 0; i < CASE_D; i++) {
            score += (double)q[i] * (double)p->k[(kv + j) * CASE_D + i];
        }
        const double weight = exp(score / 4);
        sum += weight;
        for (int i = 0; i < CASE_D; i++) {
            out[i] += weight * (double)p->v[(kv + j) * CASE_D + i];
        }
    }
    for (int i = 0; i < CASE_D && sum > 0; i++) {
        out[i] /= sum;
    }
}

static void only_the_chosen_are_read(void **state) {
    (void)state;
    static float sparse[CASE_LAYERS * VALUES];
    static uint64_t sets[CASE_HEADS][CASE_N][CASE_WORDS];
    static const int64_t k = K;
    struct attention_problem p = case_problem(5, ATTENTION_GAUSSIAN);
    const struct selector_params params = case_params();
    const struct case_way way = {CASE_N, SELECTOR_ROWS};
    double expected[CASE_D];
    for (size_t m = 0; selectors[m] != NULL; m++) {
        struct sparse_plug *plug = plug_of(selectors[m], K, all_layers);
        attend(plug, &p, CASE_N, 2, sparse);
        sparse_plug_close(plug);
        for (int32_t layer = 0; layer < CASE_LAYERS; layer++) {
            assert_int_equal(
                case_sets(selectors[m], &params, &p, layer, way, &k, 1, &sets[0][0][0]), ST_OK);
            for (int64_t at = 0; at < VALUES; at += CASE_D) {
                const int64_t row = at / CASE_WIDTH, head = at % CASE_WIDTH / CASE_D;
                chosen_attention(&p, sets[selectors[m]->shared ? 0 : head][row], head, row,
                                 expected);
                for (int i = 0; i < CASE_D; i++) {
                    const double got = (double)sparse[layer * VALUES + at + i];
                    assert_true(fabs(got - expected[i]) <= 1e-5);
                }
            }
        }
    }
    attention_problem_free(&p);
}

/* --- the judge -------------------------------------------------------------------------------- */

/* The plug with the budget, judged as if it were `most`. */
static enum verdict judged(const struct selector *method, const struct attention_problem *p,
                           const bool *layers, int64_t budget, int64_t most) {
    static float out[CASE_LAYERS * VALUES];
    struct judge j;
    judge_begin(&j);
    struct sparse_watch watch = {plug_of(method, budget, layers), layers, most, &j};
    const struct lm_attention attention = sparse_watch_attention(&watch);
    for (int32_t layer = 0; layer < CASE_LAYERS; layer++) {
        const struct lm_attention_call call =
            attention_problem_call(p, layer, 0, CASE_N, 2, out + layer * VALUES);
        assert_int_equal(attention.run(attention.context, &call), ST_OK);
    }
    sparse_plug_close(watch.plug);
    judge_end(&j);
    return j.verdict;
}

static void right_attention_passes_the_judge(void **state) {
    (void)state;
    static const bool second[CASE_LAYERS] = {false, true, false};
    struct attention_problem p = case_problem(5, ATTENTION_GAUSSIAN);
    for (size_t m = 0; selectors[m] != NULL; m++) {
        assert_int_equal(judged(selectors[m], &p, all_layers, K, K), VERDICT_PASS);
        assert_int_equal(judged(selectors[m], &p, all_layers, CASE_N, CASE_N), VERDICT_PASS);
        assert_int_equal(judged(selectors[m], &p, second, K, K), VERDICT_PASS);
    }
    attention_problem_free(&p);
}

static void surplus_keys_fail_in_the_layers_substituted(void **state) {
    (void)state;
    static const bool none[CASE_LAYERS] = {false, false, false};
    const struct selector *window = selector_find("window");
    struct attention_problem p = case_problem(5, ATTENTION_GAUSSIAN);
    for (int32_t layer = 0; layer < CASE_LAYERS; layer++) {
        bool one[CASE_LAYERS] = {false, false, false};
        one[layer] = true;
        assert_int_equal(judged(window, &p, one, K, K - 1), VERDICT_FAIL);
    }
    assert_int_equal(judged(window, &p, none, K, K - 1), VERDICT_PASS);
    attention_problem_free(&p);
}

/* Of the last query that has keys: what was computed, the same with an error, another choice. */
static void wrong_attention_fails(void **state) {
    (void)state;
    static float out[CASE_LAYERS * VALUES];
    static const uint64_t first_key[CASE_WORDS] = {1};
    static const int64_t one_document[] = {CASE_N, 0};
    struct attention_problem p = case_problem(5, ATTENTION_GAUSSIAN);
    attention_problem_fill(&p, 5, one_document);
    struct sparse_plug *plug = plug_of(selector_find("raw_qk"), K, all_layers);
    const struct lm_attention attention = sparse_plug_attention(plug);
    const struct lm_attention_call call = attention_problem_call(&p, 0, 0, CASE_N, 2, out);
    assert_int_equal(attention.run(attention.context, &call), ST_OK);
    for (int64_t head = 0; head < CASE_HEADS; head++) {
        const int64_t t = CASE_N - 1;
        const uint64_t *set = sparse_plug_set(plug, &call, t, head);
        const uint64_t *sets[] = {set, NULL, first_key, set};
        for (int i = 0; i < 4; i++) {
            struct judge j;
            judge_begin(&j);
            out[t * CASE_WIDTH + head * CASE_D + 3] += i == 3 ? 1e-3F : 0;
            assert_int_equal(chosen_check(&call, t, head, sets[i], K, &j), ST_OK);
            assert_int_equal(j.verdict, i == 0 ? VERDICT_PASS : VERDICT_FAIL);
            judge_end(&j);
        }
    }
    sparse_plug_close(plug);
    attention_problem_free(&p);
}

/* --- what changes nothing --------------------------------------------------------------------- */

static void segments_never_leak(void **state) {
    (void)state;
    static float before[CASE_LAYERS * VALUES], after[CASE_LAYERS * VALUES];
    for (size_t m = 0; selectors[m] != NULL; m++) {
        struct attention_problem p = case_problem(5, ATTENTION_GAUSSIAN);
        struct attention_problem other = case_problem(6, ATTENTION_GAUSSIAN);
        struct sparse_plug *plug = plug_of(selectors[m], 9, all_layers);
        attend(plug, &p, 70, 2, before);
        case_replace(&p, &other, 2, CASE_N);
        attend(plug, &p, 70, 2, after); /* the same state, as for the next sequence */
        for (int64_t t = 0; t < CASE_N; t++) {
            assert_int_equal(same_row(before, after, t), p.segment[t] == 2 || p.segment[t] < 0);
        }
        sparse_plug_close(plug);
        attention_problem_free(&p);
        attention_problem_free(&other);
    }
}

static void threads_change_nothing(void **state) {
    (void)state;
    static float one[CASE_LAYERS * VALUES], three[CASE_LAYERS * VALUES];
    struct attention_problem p = case_problem(5, ATTENTION_GAUSSIAN);
    for (size_t m = 0; selectors[m] != NULL; m++) {
        struct sparse_plug *plug = plug_of(selectors[m], 9, all_layers);
        attend(plug, &p, CASE_N, 1, one);
        attend(plug, &p, CASE_N, 3, three);
        assert_memory_equal(one, three, sizeof one);
        sparse_plug_close(plug);
    }
    attention_problem_free(&p);
}

static void what_cannot_be_is_refused(void **state) {
    (void)state;
    static float out[VALUES];
    struct selector_params params = case_params();
    struct projection_set set = *case_projections();
    const struct selector *learned = selector_find("learned");
    struct sparse_plug *plug;
    params.projections = NULL;
    assert_int_equal(sparse_plug_open(learned, &params, &case_shape, CASE_N, 9, all_layers, &plug),
                     ST_INPUT);
    params.projections = &set;
    set.layer_count = 2;
    assert_int_equal(sparse_plug_open(learned, &params, &case_shape, CASE_N, 9, all_layers, &plug),
                     ST_SKIP);
    set = *case_projections();
    set.hidden = CASE_WIDTH - 1;
    assert_int_equal(sparse_plug_open(learned, &params, &case_shape, CASE_N, 9, all_layers, &plug),
                     ST_INPUT);
    struct attention_problem p = case_problem(5, ATTENTION_GAUSSIAN);
    p.k[7] = NAN;
    const struct lm_attention_call call = attention_problem_call(&p, 0, 0, CASE_N, 2, out);
    plug = plug_of(selector_find("oracle_per_head"), 9, all_layers);
    const struct lm_attention attention = sparse_plug_attention(plug);
    assert_int_equal(attention.run(attention.context, &call), ST_INPUT);
    sparse_plug_close(plug);
    attention_problem_free(&p);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(all_keys_are_full_attention),
        cmocka_unit_test(fewer_keys_are_not),
        cmocka_unit_test(other_layers_stay_full),
        cmocka_unit_test(only_the_chosen_are_read),
        cmocka_unit_test(segments_never_leak),
        cmocka_unit_test(threads_change_nothing),
        cmocka_unit_test(right_attention_passes_the_judge),
        cmocka_unit_test(surplus_keys_fail_in_the_layers_substituted),
        cmocka_unit_test(wrong_attention_fails),
        cmocka_unit_test(what_cannot_be_is_refused),
    };
    return cmocka_run_group_tests_name("sparse plug", tests, NULL, NULL);
}
