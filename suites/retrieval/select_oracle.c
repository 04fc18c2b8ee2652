/* The two oracles: what full attention weighs most, of each head, and of all heads together.  They
 * are upper bounds of different statistics and are never mixed. */
#include <string.h>

#include "../../harness/base/memory.h"
#include "../lm/row_math.h"
#include "select_space.h"

static void close_oracle(void *state) {
    if (state != NULL) {
        select_space_free(state);
        mem_free(state);
    }
}

/* Space for scores, and behind them for the heads' sum of weights. */
static enum status open_oracle(const struct lm_shape *shape, int64_t capacity,
                               const struct selector_params *params, void **state) {
    struct select_space *s = mem_alloc(sizeof *s);
    (void)shape;
    (void)params;
    *state = s;
    if (s == NULL) {
        return ST_SYSTEM;
    }
    *s = select_space_of(capacity, 2 * SELECTOR_ROWS);
    return ST_OK;
}

static enum status begin_oracle(void *state, const struct lm_attention_call *call) {
    return select_space_fit(state, call->threads);
}

/* Weights would rank alike, but some that differ in exact arithmetic round to the same. */
static enum status choose_per_head(void *state, const struct lm_attention_call *call,
                                   const struct selector_block *block) {
    const struct select_space *s = state;
    const struct select_span span = select_span_of(call, block->t, block->rows);
    float *scores = s->thread[block->thread].scores;
    select_head_scores(call, block->head, block->t, block->rows, span, scores);
    return select_block(s, call, block, span, scores);
}

/* sums (rows, span) += the softmax of each query's scores over the keys that it may read. */
static void add_weights(const struct lm_attention_call *call, const struct selector_block *block,
                        struct select_span span, float *scores, float *sums) {
    const int64_t width = span.high - span.low;
    for (int64_t i = 0; i < block->rows; i++) {
        const int64_t row = call->past + block->t + i;
        const int64_t at = i * width + call->first[row] - span.low, n = row + 1 - call->first[row];
        row_math()->softmax(scores + at, n);
        for (int64_t j = at; j < at + n; j++) {
            sums[j] += scores[j];
        }
    }
}

static enum status choose_shared(void *state, const struct lm_attention_call *call,
                                 const struct selector_block *block) {
    const struct select_space *s = state;
    const struct select_span span = select_span_of(call, block->t, block->rows);
    float *scores = s->thread[block->thread].scores, *sums = scores + SELECTOR_ROWS * s->capacity;
    const int64_t values = block->rows * (span.high - span.low);
    memset(sums, 0, (size_t)values * sizeof *sums);
    for (int32_t head = 0; head < call->shape->heads; head++) {
        select_head_scores(call, head, block->t, block->rows, span, scores);
        add_weights(call, block, span, scores, sums);
    }
    return select_block(s, call, block, span, sums);
}

extern const struct selector selector_oracle_per_head;
const struct selector selector_oracle_per_head = {
    .name = "oracle_per_head",
    .teacher = true,
    .source = "definitions, section 3: of each head the K keys with the largest weight",
    .open = open_oracle,
    .begin = begin_oracle,
    .select = choose_per_head,
    .close = close_oracle,
};

extern const struct selector selector_oracle_shared;
const struct selector selector_oracle_shared = {
    .name = "oracle_shared",
    .shared = true,
    .teacher = true,
    .source = "definitions, section 3: the K keys with the largest mean weight of all heads",
    .open = open_oracle,
    .begin = begin_oracle,
    .select = choose_shared,
    .close = close_oracle,
};
