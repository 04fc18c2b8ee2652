/* Recall and mass of selections: masks, one query against the float64 oracle, sums over sequences
 * of a tiny model, the judge, and the fixtures. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "../../../harness/base/cpu.h"
#include "../../../harness/base/memory.h"
#include "../../../reference/retrieval.h"
#include "../../lm/tests/tiny.h"
#include "../key_set.h"
#include "../retrieval_fixtures.h"
#include "../retrieval_measure.h"
#include "../retrieval_sets.h"

/* --- masks ------------------------------------------------------------------------------------ */

enum { WORDS = 70 };

static uint32_t next(uint32_t *x) { return *x = *x * 1664525U + 1013904223U; }

static void check_masks(const struct set_math *math, int64_t words, uint32_t seed) {
    static float row[WORDS * SET_BITS];
    uint64_t a[WORDS] = {0}, b[WORDS] = {0};
    int64_t size = 0, common = 0;
    double mass = 0;
    for (int64_t j = 0; j < words * SET_BITS; j++) {
        const uint32_t bits = next(&seed) >> 29;
        row[j] = (float)(next(&seed) >> 8) * 0x1p-24F;
        if ((bits & 1) != 0) {
            key_set_add(a, j);
            size++;
            mass += (double)row[j];
        }
        if ((bits & 2) != 0) {
            key_set_add(b, j);
            common += bits & 1;
        }
    }
    assert_int_equal(math->size(a, words), size);
    assert_int_equal(math->common(a, b, words), common);
    const double error = fabs(math->mass(row, a, words) - mass);
    assert_true(error <= judge_gamma(SET_MASS_ROUNDINGS) * mass);
}

static void masks_are_counted_alike_by_every_instruction_set(void **state) {
    (void)state;
    for (int64_t words = 0; words <= WORDS; words++) {
        check_masks(&set_math_scalar, words, 1 + (uint32_t)words);
        if (cpu_isa() & ISA_AVX2) {
            check_masks(&set_math_avx2, words, 2 + (uint32_t)words);
        }
        if (cpu_isa() & ISA_AVX512) {
            check_masks(&set_math_avx512, words, 3 + (uint32_t)words);
        }
    }
}

/* --- the oracle ------------------------------------------------------------------------------- */

static void oracle_by_hand(void **state) {
    (void)state;
    const double values[] = {0.1, 0.4, 0.1, 0.3, 0.1};
    unsigned char place[5];
    int64_t least, most;
    assert_int_equal(ref_retrieval_top(values, NULL, 5, 3, place), 0);
    const unsigned char want[] = {1, 1, 0, 1, 0}; /* of equal ones the first */
    assert_memory_equal(place, want, sizeof want);
    const int32_t chosen[] = {4, 3, 1};
    ref_retrieval_common(place, 5, 3, chosen, 3, &least, &most);
    assert_int_equal(least, 2);
    assert_int_equal(most, 2);
    assert_true(fabs(ref_retrieval_mass(values, chosen, 3) - 0.8) < 1e-15);
    /* 0.1 three times, as near to each other as rounding: one of them is in. */
    const double doubt[] = {0.01, 0.01, 0.01, 0.01, 0.01};
    assert_int_equal(ref_retrieval_top(values, doubt, 5, 3, place), 0);
    const unsigned char open[] = {2, 1, 2, 1, 2};
    assert_memory_equal(place, open, sizeof open);
    ref_retrieval_common(place, 5, 3, chosen, 3, &least, &most);
    assert_int_equal(least, 2);
    assert_int_equal(most, 3);
    const int32_t others[] = {0, 2, 4};
    ref_retrieval_common(place, 5, 3, others, 3, &least, &most);
    assert_int_equal(least, 1);
    assert_int_equal(most, 1);
    /* All keys are wanted: nothing is in doubt. */
    assert_int_equal(ref_retrieval_top(values, doubt, 5, 5, place), 0);
    ref_retrieval_common(place, 5, 5, chosen, 3, &least, &most);
    assert_true(least == 3 && most == 3);
}

static void weights_by_hand(void **state) {
    (void)state;
    const float q[] = {2, 0}, k[] = {0, 5, (float)(M_SQRT2 * M_LN2 / 2), -1};
    double score[2], terms[2], weights[2];
    struct ref_retrieval_head head = {score, terms, weights};
    ref_retrieval_weights(q, k, 2, 2, &head);
    assert_true(fabs(weights[0] - 1 / 3.0) < 1e-7 && fabs(weights[1] - 2 / 3.0) < 1e-7);
    assert_true(score[0] == 0 && terms[0] == 0 && fabs(terms[1] - M_LN2) < 1e-7);
}

/* --- a tiny model ----------------------------------------------------------------------------- */

enum { N = 150, BUDGETS = 4, LENGTHS = 4, PADDING = 5 };

static const int64_t budgets[BUDGETS] = {1, 5, 32, 200};
static const int64_t lengths[LENGTHS] = {40, 1, 70, 34}; /* of the documents; then padding */

static struct lm_model *model;
static int32_t ids[N], segments[N];

static int setup(void **state) {
    (void)state;
    tiny_tokens(ids, N);
    for (int t = 0, document = 0, left = (int)lengths[0]; t < N; t++, left--) {
        while (left == 0) {
            document++;
            left = document < LENGTHS ? (int)lengths[document] : PADDING;
        }
        segments[t] = document < LENGTHS ? document : -1;
    }
    return tiny_load(NULL, &model) == ST_OK ? 0 : -1;
}

static int teardown(void **state) {
    (void)state;
    lm_free(model);
    return 0;
}

/* What a probe's sets are made of, and what the oracle says of them. */
struct probe {
    struct retrieval_sum sums[TINY_LAYERS][BUDGETS][RETRIEVAL_POPULATIONS];
    int64_t stride;
    uint64_t chosen;
};

static struct probe *probe; /* of the measurement that runs */

/* kept consecutive keys of the n allowed ones, from one on that nothing but the query decides. */
static int64_t pick(int64_t head, int64_t row, int64_t kept, int64_t n, int32_t *keys) {
    const int64_t from = (row * 31 + head * 17 + kept) % n;
    for (int64_t i = 0; i < kept; i++) {
        keys[i] = (int32_t)((from + i) % n);
    }
    return kept;
}

static int64_t last_of(int64_t row) {
    while (row + 1 < N && segments[row + 1] == segments[row]) {
        row++;
    }
    return row;
}

/* The definitions, in float64, for one query and budget. */
static struct retrieval_sum define(const struct lm_attention_call *c, int64_t row, int64_t budget) {
    static double score[TINY_HEADS][N], terms[TINY_HEADS][N], weights[TINY_HEADS][N], mean[N];
    const int64_t first = c->first[row], n = row - first + 1, kept = budget < n ? budget : n;
    const int64_t d = TINY_HEAD_DIM;
    memset(mean, 0, sizeof mean);
    for (int64_t h = 0; h < TINY_HEADS; h++) {
        const int64_t kv = h / (TINY_HEADS / TINY_KV_HEADS);
        struct ref_retrieval_head head = {score[h], terms[h], weights[h]};
        ref_retrieval_weights(c->q + ((row - c->past) * TINY_HEADS + h) * d,
                              c->k + (kv * c->capacity + first) * d, TINY_HEAD_DIM, n, &head);
        for (int64_t j = 0; j < n; j++) {
            mean[j] += weights[h][j] / TINY_HEADS;
        }
    }
    struct retrieval_sum sum = {
        .queries = 1, .kept = (double)kept, .allowed = (double)n, .read = (double)kept};
    unsigned char own[N], shared[N];
    assert_int_equal(ref_retrieval_top(mean, NULL, n, kept, shared), 0);
    for (int64_t h = 0; h < TINY_HEADS; h++) {
        int32_t keys[N];
        int64_t hits, common, same;
        const int64_t count = pick(h, row, kept, n, keys);
        assert_int_equal(ref_retrieval_top(score[h], NULL, n, kept, own), 0);
        ref_retrieval_common(own, n, kept, keys, count, &hits, &same);
        assert_int_equal(hits, same);
        ref_retrieval_common(shared, n, kept, keys, count, &common, &same);
        sum.recall_per_head += (double)hits / (double)kept / TINY_HEADS;
        sum.recall_shared += (double)common / (double)kept / TINY_HEADS;
        sum.mass += ref_retrieval_mass(weights[h], keys, count) / TINY_HEADS;
    }
    return sum;
}

static enum status probe_open(const struct lm_shape *shape, int64_t capacity,
                              const struct selector_params *params, void **state) {
    (void)shape;
    (void)capacity;
    (void)params;
    *state = probe;
    return ST_OK;
}

static enum status probe_begin(void *state, const struct lm_attention_call *call) {
    struct probe *p = state;
    for (int64_t row = call->past; row < call->past + call->tokens; row++) {
        for (size_t b = 0; call->segment[row] >= 0 && b < BUDGETS; b++) {
            if ((last_of(row) - row) % p->stride == 0) {
                struct retrieval_sum *to = p->sums[call->layer][b];
                const struct retrieval_sum sum = define(call, row, budgets[b]);
                retrieval_sum_add(&to[RETRIEVAL_ALL], &sum);
                if (row - call->first[row] + 1 > budgets[b]) {
                    retrieval_sum_add(&to[RETRIEVAL_LONG], &sum);
                }
            }
        }
    }
    p->chosen += (uint64_t)call->tokens;
    return ST_OK;
}

static void set_picked(const struct lm_attention_call *call, const struct selector_block *block,
                       size_t b, int64_t i, int64_t extra) {
    const int64_t row = call->past + block->t + i, first = call->first[row], n = row - first + 1;
    uint64_t *set = block->sets + ((int64_t)b * block->rows + i) * block->words;
    int32_t keys[N];
    const int64_t kept = block->budget[b] < n ? block->budget[b] : n;
    memset(set, 0, (size_t)block->words * sizeof *set);
    for (int64_t at = pick(block->head, row, kept, n, keys); at-- > 0;) {
        key_set_add(set, first + keys[at]);
    }
    if (extra >= 0) {
        key_set_add(set, extra);
    }
}

static enum status probe_select(void *state, const struct lm_attention_call *call,
                                const struct selector_block *block) {
    (void)state;
    for (size_t b = 0; b < block->budgets; b++) {
        for (int64_t i = 0; i < block->rows; i++) {
            assert_true(call->segment[call->past + block->t + i] >= 0);
            set_picked(call, block, b, i, -1);
        }
    }
    return ST_OK;
}

/* Of each budget other searches. */
static struct selector_counts probe_counts(const void *state, size_t budget) {
    const struct probe *p = state;
    return (struct selector_counts){(budget + 1) * p->chosen, 2 * p->chosen};
}

static void probe_close(void *state) { (void)state; }

static const struct selector probing = {.name = "probe",
                                        .open = probe_open,
                                        .begin = probe_begin,
                                        .select = probe_select,
                                        .counts = probe_counts,
                                        .close = probe_close};

/* Three arms; the first and the last are the oracles. */
static struct retrieval_measured measured_of(const struct retrieval_arm *arms, size_t count,
                                             int64_t stride) {
    struct retrieval_measured m = {.arms = arms,
                                   .arm_count = count,
                                   .budgets = budgets,
                                   .budget_count = BUDGETS,
                                   .stride = stride,
                                   .layers = TINY_LAYERS,
                                   .sequences = 2};
    assert_int_equal(retrieval_measured_new(&m), ST_OK);
    return m;
}

static enum status measure(struct retrieval_measured *m, int threads) {
    struct lm_session *s;
    assert_int_equal(lm_session_new(model, N, threads, &s), ST_OK);
    const enum status st = retrieval_measure(m, 1, s, ids, segments, N);
    lm_session_free(s);
    return st;
}

static void same_sum(const struct retrieval_sum *got, const struct retrieval_sum *want) {
    assert_int_equal(got->queries, want->queries);
    assert_true(got->kept == want->kept && got->allowed == want->allowed);
    assert_true(got->read == want->read);
    assert_true(fabs(got->recall_per_head - want->recall_per_head) < 1e-9);
    assert_true(fabs(got->recall_shared - want->recall_shared) < 1e-9);
    assert_true(fabs(got->mass - want->mass) < 1e-4);
}

/* Every query of every layer: no score of this model is in doubt. */
static void sums_are_those_of_the_definitions(void **state) {
    (void)state;
    static const int64_t strides[] = {1, 3, 16};
    const struct retrieval_arm arms[] = {{.method = &probing}};
    for (size_t i = 0; i < sizeof strides / sizeof *strides; i++) {
        struct probe p = {.stride = strides[i]};
        struct retrieval_measured m = measured_of(arms, 1, strides[i]);
        probe = &p;
        assert_int_equal(measure(&m, 2), ST_OK);
        for (int layer = 0; layer < TINY_LAYERS; layer++) {
            for (size_t b = 0; b < BUDGETS; b++) {
                for (int pop = 0; pop < RETRIEVAL_POPULATIONS; pop++) {
                    same_sum(retrieval_sum_at(&m, 1, 0, b, layer, (enum retrieval_population)pop),
                             &p.sums[layer][b][pop]);
                }
                const struct selector_counts *counts = retrieval_counts_at(&m, 1, 0, b, layer);
                assert_int_equal(counts->evaluated, (b + 1) * N);
                assert_int_equal(counts->present, 2 * N);
            }
        }
        /* The other sequence's sums are not touched. */
        assert_int_equal(retrieval_sum_at(&m, 0, 0, 0, 0, RETRIEVAL_ALL)->queries, 0);
        assert_int_equal(retrieval_counts_at(&m, 0, 0, 0, 0)->present, 0);
        retrieval_measured_free(&m);
    }
}

static void populations_are_those_of_the_documents(void **state) {
    (void)state;
    const struct retrieval_arm arms[] = {{.method = selector_find("oracle_shared")}};
    struct retrieval_measured m = measured_of(arms, 1, 1);
    assert_int_equal(measure(&m, 1), ST_OK);
    for (size_t b = 0; b < BUDGETS; b++) {
        int64_t all = 0, above = 0, kept = 0, allowed = 0;
        for (int i = 0; i < LENGTHS; i++) {
            for (int64_t n = 1; n <= lengths[i]; n++) {
                all++;
                above += n > budgets[b];
                kept += n < budgets[b] ? n : budgets[b];
                allowed += n;
            }
        }
        const struct retrieval_sum *sum = retrieval_sum_at(&m, 1, 0, b, 1, RETRIEVAL_ALL);
        assert_int_equal(sum->queries, all);
        assert_true(sum->kept == (double)kept && sum->allowed == (double)allowed);
        assert_int_equal(retrieval_sum_at(&m, 1, 0, b, 1, RETRIEVAL_LONG)->queries, above);
    }
    retrieval_measured_free(&m);
}

/* Exactly: the teacher and the oracles rank the same numbers. */
static void an_oracle_has_all_of_its_own_set(void **state) {
    (void)state;
    const struct retrieval_arm arms[] = {{.method = selector_find("oracle_per_head")},
                                         {.method = selector_find("oracle_shared")}};
    struct retrieval_measured m = measured_of(arms, 2, 1);
    assert_int_equal(measure(&m, 2), ST_OK);
    for (size_t b = 0; b < BUDGETS; b++) {
        const struct retrieval_quality own =
            retrieval_quality_of(retrieval_sum_at(&m, 1, 0, b, 0, RETRIEVAL_ALL));
        const struct retrieval_quality shared =
            retrieval_quality_of(retrieval_sum_at(&m, 1, 1, b, 0, RETRIEVAL_ALL));
        const bool all = budgets[b] >= 70;
        assert_true(own.recall_per_head == 1 && shared.recall_shared == 1);
        assert_true(all == (own.recall_shared == 1) && all == (shared.recall_per_head == 1));
        assert_true(own.mass >= shared.mass && own.mass <= 1 + 1e-5);
        assert_true(own.retained_share == own.read_share);
    }
    const struct retrieval_quality none =
        retrieval_quality_of(retrieval_sum_at(&m, 1, 0, BUDGETS - 1, 0, RETRIEVAL_LONG));
    assert_int_equal(none.queries, 0);
    assert_true(isnan(none.recall_per_head) && isnan(none.recall_shared) && isnan(none.mass));
    assert_true(isnan(none.retained_share) && isnan(none.read_share));
    retrieval_measured_free(&m);
}

/* Whoever measures which queries.  The forward's own bits hang on the number of threads. */
static void runs_agree_to_the_bit(void **state) {
    (void)state;
    const struct retrieval_arm arms[] = {{.method = selector_find("raw_qk")},
                                         {.method = selector_find("random")}};
    const size_t sums = 2UL * 2 * BUDGETS * TINY_LAYERS * RETRIEVAL_POPULATIONS;
    struct retrieval_measured one = measured_of(arms, 2, 1);
    assert_int_equal(measure(&one, 3), ST_OK);
    for (int run = 0; run < 10; run++) {
        struct retrieval_measured more = measured_of(arms, 2, 1);
        assert_int_equal(measure(&more, 3), ST_OK);
        assert_memory_equal(one.sums, more.sums, sums * sizeof *one.sums);
        retrieval_measured_free(&more);
    }
    struct retrieval_measured alone = measured_of(arms, 2, 1);
    assert_int_equal(measure(&alone, 1), ST_OK);
    for (size_t i = 0; i < sums; i++) {
        same_sum(&alone.sums[i], &one.sums[i]);
    }
    retrieval_measured_free(&alone);
    retrieval_measured_free(&one);
}

static void layers_are_measured_that_can_be(void **state) {
    (void)state;
    const struct projection_set set = {.layer_count = 1, .layers = {1}};
    struct selector learned = probing;
    struct probe p = {.stride = 1};
    probe = &p;
    learned.learned = true;
    const struct retrieval_arm arms[] = {{.method = &learned, .params = {.projections = &set}},
                                         {.method = selector_find("raw_qk")}};
    struct retrieval_measured m = measured_of(arms, 2, 1);
    assert_int_equal(measure(&m, 2), ST_OK);
    assert_int_equal(retrieval_sum_at(&m, 1, 0, 0, 0, RETRIEVAL_ALL)->queries, 0);
    assert_int_equal(retrieval_sum_at(&m, 1, 0, 0, 1, RETRIEVAL_ALL)->queries, N - PADDING);
    assert_int_equal(retrieval_sum_at(&m, 1, 1, 0, 0, RETRIEVAL_ALL)->queries, N - PADDING);
    retrieval_measured_free(&m);
    const bool only[TINY_LAYERS] = {true, false};
    m = measured_of(arms, 2, 1);
    m.only = only;
    assert_int_equal(measure(&m, 2), ST_OK);
    assert_int_equal(retrieval_sum_at(&m, 1, 0, 0, 1, RETRIEVAL_ALL)->queries, 0);
    assert_int_equal(retrieval_sum_at(&m, 1, 1, 0, 0, RETRIEVAL_ALL)->queries, N - PADDING);
    retrieval_measured_free(&m);
}

/* --- the judge -------------------------------------------------------------------------------- */

static enum status future_select(void *state, const struct lm_attention_call *call,
                                 const struct selector_block *block) {
    const int64_t behind = call->past + call->tokens - 1;
    (void)state;
    for (size_t b = 0; b < block->budgets; b++) {
        for (int64_t i = 0; i < block->rows; i++) {
            set_picked(call, block, b, i, behind);
        }
    }
    return ST_OK;
}

static enum status greedy_select(void *state, const struct lm_attention_call *call,
                                 const struct selector_block *block) {
    (void)state;
    for (size_t b = 0; b < block->budgets; b++) {
        for (int64_t i = 0; i < block->rows; i++) {
            const int64_t row = call->past + block->t + i;
            uint64_t *set = block->sets + ((int64_t)b * block->rows + i) * block->words;
            memset(set, 0, (size_t)block->words * sizeof *set);
            key_set_add_range(set, call->first[row], row + 1);
        }
    }
    return ST_OK;
}

static enum verdict judged(const struct selector *method) {
    const struct retrieval_arm arms[] = {{.method = method, .params = selector_defaults()}};
    struct retrieval_measured m = measured_of(arms, 1, 1);
    struct probe p = {.stride = 1};
    struct lm_session *s;
    struct judge j;
    probe = &p;
    judge_begin(&j);
    assert_int_equal(lm_session_new(model, N, 2, &s), ST_OK);
    assert_int_equal(retrieval_measure_judge(&m, s, ids, segments, N, &j), ST_OK);
    lm_session_free(s);
    retrieval_measured_free(&m);
    judge_end(&j);
    return j.verdict;
}

static void right_methods_pass_the_judge(void **state) {
    (void)state;
    for (size_t i = 0; selectors[i] != NULL; i++) {
        if (!selectors[i]->learned) {
            assert_int_not_equal(judged(selectors[i]), VERDICT_FAIL);
        }
    }
    assert_int_not_equal(judged(&probing), VERDICT_FAIL);
}

static void forbidden_and_surplus_keys_fail(void **state) {
    (void)state;
    struct selector future = probing, greedy = probing;
    future.select = future_select;
    greedy.select = greedy_select;
    assert_int_equal(judged(&future), VERDICT_FAIL);
    assert_int_equal(judged(&greedy), VERDICT_FAIL);
}

/* --- errors, fixtures ------------------------------------------------------------------------- */

static enum status failing_select(void *state, const struct lm_attention_call *call,
                                  const struct selector_block *block) {
    (void)state;
    return call->layer == 1 && block->t > 0 ? status_set(ST_INPUT, "no: said the method") : ST_OK;
}

static void failures_are_passed_on(void **state) {
    (void)state;
    static const int64_t falling[] = {4, 2}, none[] = {0, 2};
    struct selector learning = probing, failing = probing;
    learning.learned = true;
    failing.select = failing_select;
    const struct retrieval_arm learned[] = {{.method = &learning}};
    const struct retrieval_arm random[] = {{.method = selector_find("random")}};
    const struct retrieval_arm broken[] = {{.method = &failing}};
    struct probe p = {.stride = 1};
    probe = &p;
    struct retrieval_measured m = measured_of(learned, 1, 1);
    assert_int_equal(measure(&m, 2), ST_INPUT);
    assert_non_null(strstr(status_message(), "projections"));
    m.arms = random;
    m.budget_count = 2;
    m.budgets = falling;
    assert_int_equal(measure(&m, 2), ST_INPUT);
    m.budgets = none;
    assert_int_equal(measure(&m, 2), ST_INPUT);
    m.budgets = budgets;
    m.layers = TINY_LAYERS - 1;
    assert_int_equal(measure(&m, 2), ST_INPUT);
    assert_non_null(strstr(status_message(), "layers"));
    m.layers = TINY_LAYERS;
    m.arms = broken;
    assert_int_equal(measure(&m, 2), ST_INPUT);
    assert_string_equal(status_message(), "no: said the method");
    retrieval_measured_free(&m);
}

static void fixtures_tell_right_from_wrong(void **state) {
    (void)state;
    for (const struct fixture *f = retrieval_fixtures; f->name != NULL; f++) {
        enum verdict verdict;
        char reason[CELL_REASON];
        assert_int_equal(fixture_check(f, &verdict, reason, sizeof reason), ST_OK);
        if (verdict != VERDICT_PASS) {
            fail_msg("%s: %s", f->name, reason);
        }
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(masks_are_counted_alike_by_every_instruction_set),
        cmocka_unit_test(oracle_by_hand),
        cmocka_unit_test(weights_by_hand),
        cmocka_unit_test(sums_are_those_of_the_definitions),
        cmocka_unit_test(populations_are_those_of_the_documents),
        cmocka_unit_test(an_oracle_has_all_of_its_own_set),
        cmocka_unit_test(runs_agree_to_the_bit),
        cmocka_unit_test(layers_are_measured_that_can_be),
        cmocka_unit_test(right_methods_pass_the_judge),
        cmocka_unit_test(forbidden_and_surplus_keys_fail),
        cmocka_unit_test(failures_are_passed_on),
        cmocka_unit_test(fixtures_tell_right_from_wrong),
    };
    return cmocka_run_group_tests_name("measure", tests, setup, teardown);
}
