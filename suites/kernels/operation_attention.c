/* Verification of any attention kernel on small sequences that are hard in different ways. */
#include "../../harness/judge/operation.h"
#include "attention_check.h"
#include "attention_mutants.h"

enum { SEGMENTS = 5, ROUNDS = 3 };

struct attention_case {
    const char *name;
    enum attention_values values;
    int32_t heads, kv_heads, head_dim;
    int64_t n, step;               /* tokens; tokens a call, 0: all */
    int64_t lengths[SEGMENTS + 1]; /* of the documents, negative: padding; ends with 0 */
    struct attention_params params;
};

/* Head dimensions of whole numbers are powers of 4: then scores are exact. */
static const struct attention_case cases[] = {
    {"whole numbers, grouped heads", ATTENTION_WHOLE, 4, 2, 16, 90, 0, {90}, {5, 0, 1}},
    {"whole numbers, documents", ATTENTION_WHOLE, 6, 2, 4, 70, 0, {25, -3, 30, 12}, {7, 0, 3}},
    {"whole numbers, decoded", ATTENTION_WHOLE, 4, 2, 4, 40, 1, {22, 18}, {3, 0, 2}},
    {"equal keys", ATTENTION_EVEN, 2, 1, 16, 60, 7, {60}, {4, 0, 1}},
    {"fewer keys than K", ATTENTION_GAUSSIAN, 4, 1, 16, 40, 0, {40}, {64, 0, 1}},
    {"one token", ATTENTION_GAUSSIAN, 3, 3, 8, 1, 0, {1}, {1, 0, 1}},
    {"Gaussian, blocks, odd d", ATTENTION_GAUSSIAN, 6, 3, 10, 80, 33, {50, 30}, {0, 0.3, 2}},
    {"Gaussian, share of the keys", ATTENTION_GAUSSIAN, 9, 3, 64, 130, 0, {130}, {0, 0.15, 1}},
};

enum { CASE_COUNT = sizeof cases / sizeof cases[0] };

/* Other values in the same buffers each round, which an answer kept from before cannot pass. */
static enum status verify_round(const struct attention_impl *impl, void *state,
                                struct attention_problem *p, const struct attention_case *c,
                                int round, struct judge *j) {
    attention_problem_fill(p, (uint64_t)round + 1, c->lengths);
    enum status st = attention_problem_solve(p, impl->form, &c->params);
    attention_mutants_expected = p->expected;
    if (st == ST_OK) {
        st = attention_check(impl, state, p, c->step, 1 + round % 2, j);
    }
    attention_mutants_expected = NULL;
    return st;
}

static enum status verify_case(const struct kernel *kernel, size_t index, struct verification *v) {
    const struct attention_impl *impl = kernel->impl;
    const struct attention_case *c = &cases[index];
    const struct lm_shape shape = {
        .layers = 2, .heads = c->heads, .kv_heads = c->kv_heads, .head_dim = c->head_dim};
    struct attention_problem p;
    void *state = NULL;
    enum status st = attention_problem_new(&shape, c->n, &p);
    if (st != ST_OK) {
        return st;
    }
    p.values = c->values;
    st = impl->open(&shape, p.capacity, &c->params, &state);
    for (int round = 0; round < ROUNDS && st == ST_OK && v->verdict != VERDICT_FAIL; round++) {
        struct judge j;
        judge_begin(&j);
        st = verify_round(impl, state, &p, c, round, &j);
        verification_add(v, c->name, j.verdict, j.reason);
        judge_end(&j);
    }
    impl->close(state);
    attention_problem_free(&p);
    return st;
}

extern const struct operation operation_attention;
const struct operation operation_attention = {
    .name = "attention",
    .forms = {"full", "topk", "int8"},
    .case_count = CASE_COUNT,
    .verify_case = verify_case,
    .mutants = attention_mutants,
};
