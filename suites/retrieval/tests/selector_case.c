#include "selector_case.h"

#include <string.h>

#include "../../../datasets/rng.h"

const struct lm_shape case_shape = {.layers = CASE_LAYERS,
                                    .heads = CASE_HEADS,
                                    .kv_heads = CASE_KV_HEADS,
                                    .head_dim = CASE_D,
                                    .hidden = CASE_WIDTH};

struct attention_problem case_problem(uint64_t seed, enum attention_values values) {
    static const int64_t lengths[] = {60, -4, 50, 36, 0};
    struct attention_problem p;
    if (attention_problem_new(&case_shape, CASE_N, &p) == ST_OK) {
        p.values = values;
        attention_problem_fill(&p, seed, lengths);
    }
    return p;
}

const struct projection_set *case_projections(void) {
    enum { SIZE = CASE_SEARCH * CASE_WIDTH };
    static float wq[CASE_LAYERS * SIZE], wk[CASE_LAYERS * SIZE];
    static struct projection_set set = {.d_search = CASE_SEARCH,
                                        .hidden = CASE_WIDTH,
                                        .layer_count = CASE_LAYERS,
                                        .layers = {0, 1, 2},
                                        .wq = wq,
                                        .wk = wk};
    double row[SIZE];
    for (uint32_t layer = 0; layer < CASE_LAYERS; layer++) {
        for (uint32_t which = 0; which < 2; which++) {
            rng_gaussians(17, which, layer, row, SIZE);
            for (uint32_t i = 0; i < SIZE; i++) {
                (which == 0 ? wq : wk)[layer * SIZE + i] = (float)row[i];
            }
        }
    }
    return &set;
}

struct selector_params case_params(void) {
    struct selector_params params = selector_defaults();
    params.page = CASE_PAGE;
    params.seed = 23;
    params.projections = case_projections();
    return params;
}

void case_replace(struct attention_problem *p, const struct attention_problem *other,
                  int32_t segment, int64_t behind) {
    const size_t row = CASE_D * sizeof(float);
    for (int64_t t = 0; t < CASE_N; t++) {
        if (p->segment[t] == segment && t < behind) {
            continue;
        }
        memcpy(p->q + t * CASE_WIDTH, other->q + t * CASE_WIDTH, CASE_HEADS * row);
        for (int64_t kv = 0; kv < CASE_KV_HEADS; kv++) {
            const int64_t at = (kv * p->capacity + t) * CASE_D;
            memcpy(p->k + at, other->k + at, row);
            memcpy(p->v + at, other->v + at, row);
        }
    }
}

static enum status select_call(const struct selector *method, void *state,
                               const struct lm_attention_call *call, int64_t rows,
                               const int64_t *budget, size_t budgets, uint64_t *sets) {
    static uint64_t block_sets[SELECTOR_BUDGETS * SELECTOR_ROWS * CASE_WORDS];
    enum status st = method->begin(state, call);
    const int64_t heads = method->shared ? 1 : CASE_HEADS;
    for (int64_t t = 0; t < call->tokens; t += rows) {
        for (int64_t head = 0; head < heads && st == ST_OK; head++) {
            const struct selector_block block = {.thread = (int)(t % 2),
                                                 .head = head,
                                                 .t = t,
                                                 .rows = rows < call->tokens - t ? rows
                                                                                 : call->tokens - t,
                                                 .budget = budget,
                                                 .budgets = budgets,
                                                 .words = CASE_WORDS,
                                                 .sets = block_sets};
            memset(block_sets, 0xa5, sizeof block_sets);
            st = method->select(state, call, &block);
            for (size_t b = 0; b < budgets; b++) {
                const size_t from = b * (size_t)block.rows * CASE_WORDS;
                const size_t to = ((size_t)head * budgets + b) * CASE_N + (size_t)(call->past + t);
                memcpy(sets + to * CASE_WORDS, block_sets + from,
                       (size_t)block.rows * CASE_WORDS * sizeof *sets);
            }
        }
    }
    return st;
}

enum status case_sets(const struct selector *method, const struct selector_params *params,
                      const struct attention_problem *p, int32_t layer, struct case_way way,
                      const int64_t *budget, size_t budgets, uint64_t *sets) {
    static float unused[CASE_N * CASE_WIDTH];
    void *state;
    enum status st = method->open(&case_shape, CASE_N, params, &state);
    for (int64_t past = 0; past < CASE_N && st == ST_OK; past += way.step) {
        const int64_t tokens = way.step < CASE_N - past ? way.step : CASE_N - past;
        const struct lm_attention_call call =
            attention_problem_call(p, layer, past, tokens, 2, unused);
        st = select_call(method, state, &call, way.rows, budget, budgets, sets);
    }
    method->close(state);
    return st;
}
