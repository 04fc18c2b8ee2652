#include "select_space.h"

#include <cblas.h>
#include <math.h>
#include <string.h>

#include "../../harness/base/memory.h"
#include "key_set.h"

/* --- space ------------------------------------------------------------------------------------ */

struct select_space select_space_of(int64_t capacity, int64_t score_rows) {
    return (struct select_space){
        .capacity = capacity, .score_rows = score_rows, .select = attention_select()};
}

static enum status allocate(const struct select_space *s, struct select_thread *t) {
    const size_t capacity = (size_t)s->capacity, width = capacity + ATTENTION_SELECT_SLACK;
    t->scores = mem_alloc_array((size_t)s->score_rows * capacity, sizeof *t->scores);
    t->value = mem_alloc_array(width, sizeof *t->value);
    t->space = mem_alloc_array(width, sizeof *t->space);
    t->index = mem_alloc_array(width, sizeof *t->index);
    t->chosen = mem_alloc_array(width, sizeof *t->chosen);
    return t->scores == NULL || t->value == NULL || t->space == NULL || t->index == NULL ||
                   t->chosen == NULL
               ? ST_SYSTEM
               : ST_OK;
}

enum status select_space_fit(struct select_space *s, int threads) {
    const int wanted = threads > 1 ? threads : 1;
    if (wanted <= s->threads) {
        return ST_OK;
    }
    select_space_free(s);
    s->thread = mem_alloc_array((size_t)wanted, sizeof *s->thread);
    s->threads = s->thread == NULL ? 0 : wanted;
    enum status st = s->thread == NULL ? ST_SYSTEM : ST_OK;
    for (int i = 0; i < s->threads && st == ST_OK; i++) {
        st = allocate(s, &s->thread[i]);
    }
    if (st != ST_OK) {
        select_space_free(s);
    }
    return st;
}

void select_space_free(struct select_space *s) {
    for (int i = 0; i < s->threads; i++) {
        mem_free(s->thread[i].scores);
        mem_free(s->thread[i].value);
        mem_free(s->thread[i].space);
        mem_free(s->thread[i].index);
        mem_free(s->thread[i].chosen);
    }
    mem_free(s->thread);
    s->thread = NULL;
    s->threads = 0;
}

/* --- the largest ------------------------------------------------------------------------------ */

struct select_ranking select_ranking_of(const struct select_space *s, int thread,
                                        const float *values, int64_t n) {
    return (struct select_ranking){.select = s->select,
                                   .thread = &s->thread[thread],
                                   .from = values,
                                   .count = n,
                                   .whole = true};
}

enum status select_ranking_narrow(struct select_ranking *r, int64_t k) {
    const struct select_thread *t = r->thread;
    if (k >= r->count) {
        return ST_OK;
    }
    if (k > 0 && r->select(r->from, r->count, k, t->chosen, t->space) < 0) {
        return status_set(ST_INPUT, "a key's score is not a number; look at the model's weights");
    }
    /* In place where it is not whole: chosen[i] >= i. */
    for (int64_t i = 0; i < k; i++) {
        const int32_t at = t->chosen[i];
        t->index[i] = r->whole ? at : t->index[at];
        t->value[i] = r->from[at];
    }
    r->from = t->value;
    r->index = t->index;
    r->count = k;
    r->whole = false;
    return ST_OK;
}

/* --- masks ------------------------------------------------------------------------------------ */

void select_clear(const struct selector_block *block) {
    const size_t masks = block->budgets * (size_t)block->rows;
    memset(block->sets, 0, masks * (size_t)block->words * sizeof *block->sets);
}

enum status select_largest(const struct select_space *s, const struct selector_block *block,
                           int64_t i, int64_t first, const float *values, int64_t n) {
    struct select_ranking r = select_ranking_of(s, block->thread, values, n);
    for (size_t b = block->budgets; b-- > 0;) {
        const enum status st = select_ranking_narrow(&r, block->budget[b]);
        if (st != ST_OK) {
            return st;
        }
        uint64_t *mask = select_mask(block, b, i);
        if (r.whole) {
            key_set_add_range(mask, first, first + n);
        }
        for (int64_t at = 0; at < r.count && !r.whole; at++) {
            key_set_add(mask, first + r.index[at]);
        }
    }
    return ST_OK;
}

/* --- blocks ----------------------------------------------------------------------------------- */

struct select_span select_span_of(const struct lm_attention_call *call, int64_t t, int64_t rows) {
    struct select_span span = {call->past + t, call->past + t + rows};
    for (int64_t i = 0; i < rows; i++) {
        const int64_t first = call->first[call->past + t + i];
        span.low = first < span.low ? first : span.low;
    }
    return span;
}

void select_scores(const float *q, int64_t rows, int64_t stride, const float *k, int64_t d,
                   struct select_span span, float scale, float *out) {
    const int keys = (int)(span.high - span.low);
    cblas_sgemm(CblasRowMajor, CblasNoTrans, CblasTrans, (int)rows, keys, (int)d, scale, q,
                (int)stride, k + span.low * d, (int)d, 0, out, keys);
}

void select_head_scores(const struct lm_attention_call *call, int64_t head, int64_t t, int64_t rows,
                        struct select_span span, float *out) {
    const int64_t d = call->shape->head_dim, heads = call->shape->heads;
    const int64_t kv = head / (heads / call->shape->kv_heads);
    select_scores(call->q + (t * heads + head) * d, rows, heads * d,
                  call->k + kv * call->capacity * d, d, span, 1 / sqrtf((float)d), out);
}

enum status select_block(const struct select_space *s, const struct lm_attention_call *call,
                         const struct selector_block *block, struct select_span span,
                         const float *scores) {
    enum status st = ST_OK;
    select_clear(block);
    for (int64_t i = 0; i < block->rows && st == ST_OK; i++) {
        const int64_t row = call->past + block->t + i, first = call->first[row];
        const float *values = scores + i * (span.high - span.low) + (first - span.low);
        if (call->segment[row] >= 0) {
            st = select_largest(s, block, i, first, values, row + 1 - first);
        }
    }
    return st;
}
