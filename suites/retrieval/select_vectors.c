#include "select_vectors.h"

#include <math.h>

#include "../../harness/base/memory.h"
#include "../../harness/base/workers.h"

enum status select_vectors_open(struct select_vectors *v, int32_t layers, int32_t d,
                                int64_t capacity) {
    *v = (struct select_vectors){.layers = layers,
                                 .d = d,
                                 .capacity = capacity,
                                 .keys = mem_alloc_array((size_t)layers, sizeof *v->keys),
                                 .space = select_space_of(capacity, SELECTOR_ROWS)};
    return v->keys == NULL ? ST_SYSTEM : ST_OK;
}

void select_vectors_free(struct select_vectors *v) {
    for (int32_t i = 0; v->keys != NULL && i < v->layers; i++) {
        mem_free(v->keys[i]);
    }
    mem_free(v->keys);
    mem_free(v->queries);
    select_space_free(&v->space);
}

static enum status fit(float **rows, const struct select_vectors *v) {
    if (*rows == NULL) {
        *rows = mem_alloc_array((size_t)v->capacity, (size_t)v->d * sizeof **rows);
    }
    return *rows == NULL ? ST_SYSTEM : ST_OK;
}

/* --- making ----------------------------------------------------------------------------------- */

static void to_unit_length(float *x, int64_t rows, int32_t d) {
    for (float *end = x + rows * d; x < end; x += d) {
        double squares = 0;
        for (int32_t i = 0; i < d; i++) {
            squares += (double)x[i] * (double)x[i];
        }
        const float scale = squares > 0 ? (float)(1 / sqrt(squares)) : 1;
        for (int32_t i = 0; i < d; i++) {
            x[i] *= scale;
        }
    }
}

struct making {
    const struct select_vectors *v;
    const struct lm_attention_call *call;
    const struct select_vectors_source *source;
};

static void make_rows(void *arg, int64_t item) {
    const struct making *job = arg;
    const int64_t t = item * SELECTOR_ROWS, left = job->call->tokens - t;
    const int64_t rows = left < SELECTOR_ROWS ? left : SELECTOR_ROWS;
    const int32_t d = job->v->d;
    float *queries = job->v->queries + t * d;
    float *keys = job->v->keys[job->call->layer] + (job->call->past + t) * d;
    job->source->write(job->source->context, job->call, t, rows, queries, keys);
    to_unit_length(queries, rows, d);
    to_unit_length(keys, rows, d);
}

enum status select_vectors_begin(struct select_vectors *v, const struct lm_attention_call *call,
                                 const struct select_vectors_source *source) {
    struct making job = {v, call, source};
    enum status st = select_space_fit(&v->space, call->threads);
    st = st == ST_OK ? fit(&v->queries, v) : st;
    st = st == ST_OK ? fit(&v->keys[call->layer], v) : st;
    if (st == ST_OK) {
        const int64_t items = (call->tokens + SELECTOR_ROWS - 1) / SELECTOR_ROWS;
        workers_run(call->threads, items, make_rows, &job);
    }
    return st;
}

/* --- choosing --------------------------------------------------------------------------------- */

enum status select_vectors_choose(const struct select_vectors *v,
                                  const struct lm_attention_call *call,
                                  const struct selector_block *block) {
    const struct select_span span = select_span_of(call, block->t, block->rows);
    float *scores = v->space.thread[block->thread].scores;
    select_scores(v->queries + block->t * v->d, block->rows, v->d, v->keys[call->layer], v->d, span,
                  1, scores);
    return select_block(&v->space, call, block, span, scores);
}
