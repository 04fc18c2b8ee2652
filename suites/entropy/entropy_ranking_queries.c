#include "entropy_ranking_queries.h"

#include <string.h>

#include "../../datasets/rng.h"
#include "../../harness/base/memory.h"

enum { LAYERS = 3, GAUSSIAN_MOST = 256 };

void entropy_queries_free(struct entropy_queries *q) {
    mem_free(q->q);
    mem_free(q->k);
    mem_free(q->v);
    mem_free(q->row);
    q->q = q->k = q->v = NULL;
    q->row = NULL;
}

static enum status allocate(struct entropy_queries *q) {
    const size_t layers = (size_t)q->layers, d = (size_t)q->d;
    const size_t queries = layers * (size_t)q->heads * (size_t)q->rows;
    const size_t keys = layers * (size_t)q->kv_heads * (size_t)q->tokens;
    q->q = mem_alloc_array(queries, d * sizeof *q->q);
    q->k = mem_alloc_array(keys, d * sizeof *q->k);
    q->v = mem_alloc_array(keys, d * sizeof *q->v);
    q->row = mem_alloc_array((size_t)q->rows, sizeof *q->row);
    if (q->q == NULL || q->k == NULL || q->v == NULL || q->row == NULL) {
        entropy_queries_free(q);
        return ST_SYSTEM;
    }
    for (int64_t r = 0; r < q->rows; r++) {
        q->row[r] = q->tokens - q->rows + r;
    }
    return ST_OK;
}

static void fill(float *out, int64_t rows, int32_t d, uint64_t seed, uint32_t stream) {
    double row[GAUSSIAN_MOST];
    for (int64_t j = 0; j < rows; j++) {
        rng_gaussians(seed, stream, (uint64_t)j, row, (size_t)d);
        for (int32_t i = 0; i < d; i++) {
            out[j * d + i] = (float)row[i];
        }
    }
}

enum status entropy_queries_gaussian(struct entropy_queries *out, uint64_t seed) {
    enum { QUERIES = 0x71, KEYS, VALUES }; /* streams of the run's seed */
    const enum status st = allocate(out);
    const int64_t keys = (int64_t)out->layers * out->kv_heads * out->tokens;
    if (st == ST_OK) {
        fill(out->q, out->layers * out->heads * out->rows, out->d, seed, QUERIES);
        fill(out->k, keys, out->d, seed, KEYS);
        fill(out->v, keys, out->d, seed, VALUES);
    }
    return st;
}

/* --- out of a model --------------------------------------------------------------------------- */

/* Which of the `kept` layers, spread from the first to the last, a layer is; or -1. */
static int64_t kept_layer(const struct lm_attention_call *call, int64_t kept) {
    for (int64_t i = 0; i < kept; i++) {
        if (call->layer == (kept > 1 ? (call->shape->layers - 1) * i / (kept - 1) : 0)) {
            return i;
        }
    }
    return -1;
}

static enum status keep(void *context, const struct lm_attention_call *call) {
    struct entropy_queries *o = context;
    const int64_t layer = kept_layer(call, o->layers), row = (int64_t)o->heads * o->d;
    const int64_t first = o->tokens - o->rows - call->past; /* of the queries, in the call */
    if (layer < 0 || call->past + call->tokens < o->tokens) {
        return lm_attention_full(NULL, call);
    }
    for (int64_t head = 0; head < o->heads; head++) {
        for (int64_t r = 0; r < o->rows; r++) {
            memcpy(o->q + ((layer * o->heads + head) * o->rows + r) * o->d,
                   call->q + (first + r) * row + head * o->d, (size_t)o->d * sizeof *o->q);
        }
    }
    const size_t keys = (size_t)(o->tokens * o->d) * sizeof *o->k;
    for (int64_t head = 0; head < o->kv_heads; head++) {
        const int64_t at = (layer * o->kv_heads + head) * o->tokens * o->d;
        memcpy(o->k + at, call->k + head * call->capacity * o->d, keys);
        memcpy(o->v + at, call->v + head * call->capacity * o->d, keys);
    }
    return lm_attention_full(NULL, call);
}

enum status entropy_queries_model(struct entropy_queries *out, const struct lm_model *m,
                                  const int32_t *ids, int threads) {
    const struct lm_shape *shape = lm_shape(m);
    const struct lm_attention attention = {keep, out};
    out->layers = shape->layers < LAYERS ? shape->layers : LAYERS;
    out->heads = shape->heads;
    out->kv_heads = shape->kv_heads;
    out->d = shape->head_dim;
    struct lm_session *s;
    enum status st = allocate(out);
    if (st != ST_OK) {
        return st;
    }
    st = lm_session_new(m, out->tokens, threads, &s);
    if (st == ST_OK) {
        st = lm_forward(s, &attention, ids, NULL, out->tokens, NULL);
        lm_session_free(s);
    }
    if (st != ST_OK) {
        entropy_queries_free(out);
    }
    return st;
}

/* --- out of a trace --------------------------------------------------------------------------- */

enum status entropy_queries_trace(struct entropy_queries *out, const struct trace *t,
                                  int64_t least) {
    int64_t first = 0;
    while (first < t->position_count && t->positions[first] + 1 < least) {
        first++;
    }
    *out = (struct entropy_queries){.layers = t->layer_count,
                                    .heads = t->heads,
                                    .kv_heads = t->kv_heads,
                                    .d = t->head_dim,
                                    .tokens = t->tokens,
                                    .rows = t->position_count - first};
    if (out->rows == 0) {
        return status_set(ST_INPUT, "the trace has no query that sees %lld keys", (long long)least);
    }
    const enum status st = allocate(out);
    if (st != ST_OK) {
        return st;
    }
    const size_t d = (size_t)t->head_dim, rows = (size_t)out->rows;
    const size_t keys = (size_t)(t->layer_count * t->kv_heads * t->tokens) * d;
    memcpy(out->row, t->positions + first, rows * sizeof *out->row);
    memcpy(out->k, t->k, keys * sizeof *out->k);
    memcpy(out->v, t->v, keys * sizeof *out->v);
    for (int64_t i = 0; i < (int64_t)t->layer_count * t->heads; i++) {
        memcpy(out->q + (size_t)i * rows * d, t->q + (size_t)(i * t->position_count + first) * d,
               rows * d * sizeof *out->q);
    }
    return ST_OK;
}

struct entropy_query entropy_query_at(const struct entropy_queries *q, int64_t index) {
    const int64_t r = index % q->rows, head = index / q->rows % q->heads;
    const int64_t layer = index / q->rows / q->heads;
    const int64_t kv = head / (q->heads / q->kv_heads);
    const int64_t keys = (layer * q->kv_heads + kv) * q->tokens * q->d;
    return (struct entropy_query){
        .q = q->q + index * q->d, .k = q->k + keys, .v = q->v + keys, .n = q->row[r] + 1};
}
