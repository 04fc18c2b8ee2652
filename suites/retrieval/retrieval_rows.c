#include "retrieval_rows.h"

#include <math.h>
#include <string.h>

#include "../../harness/base/memory.h"
#include "../lm/row_math.h"
#include "retrieval_sets.h"

/* Keys that whole runs of SELECTOR_ROWS are taken up to: in longer sequences runs are shorter, so
 * that a thread's space does not grow. */
enum { WHOLE_RUNS = 2048 };

enum status retrieval_rows_new(const struct lm_shape *shape, const int64_t *budget, size_t budgets,
                               int64_t capacity, struct retrieval_rows *out) {
    const int64_t shorter = SELECTOR_ROWS * WHOLE_RUNS / capacity;
    const int64_t most = shorter < 1 ? 1 : shorter < SELECTOR_ROWS ? shorter : SELECTOR_ROWS;
    const size_t words = (size_t)set_words(capacity), heads = (size_t)shape->heads;
    const size_t masks = budgets * (size_t)most;
    *out = (struct retrieval_rows){.budget = budget, .budgets = budgets, .most = most};
    out->space = select_space_of(capacity, 2 * most); /* scores, and their heads' sum of weights */
    const enum status st = select_space_fit(&out->space, 1);
    out->weights = mem_alloc_array(heads * (size_t)most, words * SET_BITS * sizeof *out->weights);
    out->per_head = mem_alloc_array(heads * masks, words * sizeof *out->per_head);
    out->shared = mem_alloc_array(masks, words * sizeof *out->shared);
    out->sets = mem_alloc_array(heads * masks, words * sizeof *out->sets);
    if (st != ST_OK || out->weights == NULL || out->per_head == NULL || out->shared == NULL ||
        out->sets == NULL) {
        retrieval_rows_free(out);
        return ST_SYSTEM;
    }
    return ST_OK;
}

void retrieval_rows_free(struct retrieval_rows *r) {
    select_space_free(&r->space);
    mem_free(r->weights);
    mem_free(r->per_head);
    mem_free(r->shared);
    mem_free(r->sets);
    *r = (struct retrieval_rows){.budgets = 0};
}

static float *weights_of(const struct retrieval_rows *r, int64_t head, int64_t i) {
    return r->weights + (head * r->rows + i) * r->keys;
}

/* Which mask of (.., budgets, rows) it is. */
static int64_t mask_index(const struct retrieval_rows *r, int64_t head, size_t budget, int64_t i) {
    return (head * (int64_t)r->budgets + (int64_t)budget) * r->rows + i;
}

static struct selector_block block_of(const struct retrieval_rows *r,
                                      const struct lm_attention_call *call, int thread,
                                      int64_t head, uint64_t *sets) {
    return (struct selector_block){.thread = thread,
                                   .head = head,
                                   .t = r->row - call->past,
                                   .rows = r->rows,
                                   .budget = r->budget,
                                   .budgets = r->budgets,
                                   .words = r->words,
                                   .sets = sets + mask_index(r, head, 0, 0) * r->words};
}

/* --- the teacher ------------------------------------------------------------------------------ */

/* Query i's scores (span) become weights, which are added to its sums (span).  False: a score is
 * not finite, and so no weight is. */
static bool weigh(const struct retrieval_rows *r, const struct lm_attention_call *call,
                  int64_t head, int64_t i, struct select_span span, float *scores, float *sums) {
    const int64_t first = call->first[r->row + i], n = r->row + i + 1 - first;
    float *from = scores + (first - span.low), *to = sums + (first - span.low);
    float *row = weights_of(r, head, i);
    row_math()->softmax(from, n);
    for (int64_t j = 0; j < n; j++) {
        to[j] += from[j];
    }
    memset(row, 0, (size_t)r->keys * sizeof *row);
    memcpy(row + (first - r->low), from, (size_t)n * sizeof *row);
    return isfinite(from[0]);
}

/* Sets come from the scores, of which the weights are a rising function: what float32 makes equal
 * among the weights still has an order. */
static enum status teach_head(const struct retrieval_rows *r, const struct lm_attention_call *call,
                              int64_t head, struct select_span span, float *scores, float *sums) {
    const struct selector_block block = block_of(r, call, 0, head, r->per_head);
    const int64_t width = span.high - span.low;
    select_head_scores(call, head, r->row - call->past, r->rows, span, scores);
    enum status st = select_block(&r->space, call, &block, span, scores);
    for (int64_t i = 0; i < r->rows && st == ST_OK; i++) {
        if (!weigh(r, call, head, i, span, scores + i * width, sums + i * width)) {
            st = status_set(ST_INPUT,
                            "layer %d: an attention score is not finite; look at the "
                            "model's weights",
                            (int)call->layer);
        }
    }
    return st;
}

enum status retrieval_rows_teach(struct retrieval_rows *r, const struct lm_attention_call *call,
                                 int64_t t, int64_t rows) {
    const struct select_span span = select_span_of(call, t, rows);
    float *scores = r->space.thread[0].scores, *sums = scores + r->most * r->space.capacity;
    r->row = call->past + t;
    r->rows = rows;
    r->words = set_words(call->past + call->tokens);
    r->low = span.low / SET_BITS * SET_BITS;
    r->keys = set_words(span.high - r->low) * SET_BITS;
    memset(sums, 0, (size_t)(rows * (span.high - span.low)) * sizeof *sums);
    enum status st = ST_OK;
    for (int64_t head = 0; head < call->shape->heads && st == ST_OK; head++) {
        st = teach_head(r, call, head, span, scores, sums);
    }
    /* The sum over the heads ranks as their mean does. */
    const struct selector_block block = block_of(r, call, 0, 0, r->shared);
    return st == ST_OK ? select_block(&r->space, call, &block, span, sums) : st;
}

/* --- a method --------------------------------------------------------------------------------- */

enum status retrieval_rows_choose(struct retrieval_rows *r, const struct lm_attention_call *call,
                                  const struct selector *method, void *state, int thread) {
    const int64_t heads = method->shared ? 1 : call->shape->heads;
    enum status st = ST_OK;
    r->one = method->shared;
    for (int64_t head = 0; head < heads && st == ST_OK; head++) {
        const struct selector_block block = block_of(r, call, thread, head, r->sets);
        st = method->select(state, call, &block);
    }
    return st;
}

const uint64_t *retrieval_rows_set(const struct retrieval_rows *r, int64_t head, size_t budget,
                                   int64_t i) {
    return r->sets + mask_index(r, r->one ? 0 : head, budget, i) * r->words;
}

struct retrieval_sum retrieval_rows_query(const struct retrieval_rows *r,
                                          const struct lm_attention_call *call, size_t budget,
                                          int64_t i) {
    const struct set_math *math = set_math();
    const int64_t heads = call->shape->heads, row = r->row + i, first = call->first[row];
    const int64_t allowed = row + 1 - first;
    const int64_t kept = r->budget[budget] < allowed ? r->budget[budget] : allowed;
    const int64_t from = first / SET_BITS, words = set_words(row + 1) - from; /* that it may read */
    const uint64_t *common = r->shared + mask_index(r, 0, budget, i) * r->words + from;
    int64_t per_head = 0, shared = 0, read = 0;
    double mass = 0;
    for (int64_t head = 0; head < heads; head++) {
        const uint64_t *set = retrieval_rows_set(r, head, budget, i);
        const uint64_t *own = r->per_head + mask_index(r, head, budget, i) * r->words + from;
        per_head += math->common(own, set + from, words);
        shared += math->common(common, set + from, words);
        mass += math->mass(weights_of(r, head, i) + (from * SET_BITS - r->low), set + from, words);
        read += math->size(set, r->words);
    }
    return (struct retrieval_sum){.queries = 1,
                                  .recall_per_head = (double)per_head / (double)(heads * kept),
                                  .recall_shared = (double)shared / (double)(heads * kept),
                                  .mass = mass / (double)heads,
                                  .kept = (double)kept,
                                  .allowed = (double)allowed,
                                  .read = (double)read / (double)heads};
}

void retrieval_rows_add(const struct retrieval_rows *r, const struct lm_attention_call *call,
                        struct retrieval_sum *sums) {
    for (size_t b = 0; b < r->budgets; b++) {
        struct retrieval_sum *to = sums + b * RETRIEVAL_POPULATIONS;
        for (int64_t i = 0; i < r->rows; i++) {
            const struct retrieval_sum query = retrieval_rows_query(r, call, b, i);
            retrieval_sum_add(&to[RETRIEVAL_ALL], &query);
            if (query.allowed > query.kept) { /* n_t > K */
                retrieval_sum_add(&to[RETRIEVAL_LONG], &query);
            }
        }
    }
}
