#include <cblas.h>
#include <inttypes.h>
#include <string.h>

#include "../../harness/base/memory.h"
#include "../../harness/base/workers.h"
#include "lm_model.h"
#include "row_math.h"

/* Tokens that go through a layer together. */
enum { BLOCK = 1024, ROWS = 16 };

struct lm_session {
    const struct lm_model *model;
    int threads;
    int64_t capacity, length, block;
    int32_t first_layer, end_layer; /* that a forward runs */
    int64_t *first;                 /* (capacity), as segment and position in lm_attention_call */
    int32_t *segment, *position;    /* (capacity) */
    int32_t *highest;               /* (capacity) the highest segment so far */
    float *keys, *values;           /* (layers, kv_heads, capacity, head_dim) */
    float *turns;                   /* lm_turns of min(capacity, context) positions */
    /* What one block needs, (block, ...): */
    float *h;       /* (hidden) residual stream */
    float *x;       /* (hidden) behind a norm */
    float *qkv;     /* as lm_layer's */
    float *q, *out; /* (heads, head_dim) */
    float *gate_up; /* (2 ffn) */
    float *gated;   /* (ffn) */
};

static int64_t smaller(int64_t a, int64_t b) { return a < b ? a : b; }

/* --- the session ----------------------------------------------------------------------------- */

static enum status allocate(struct lm_session *s) {
    const struct lm_shape *m = &s->model->shape;
    const size_t capacity = (size_t)s->capacity, block = (size_t)s->block;
    const size_t hidden = (size_t)m->hidden, ffn = (size_t)m->ffn, d = (size_t)m->head_dim;
    const size_t q = (size_t)m->heads * d, kv = (size_t)m->kv_heads * d;
    const size_t positions = (size_t)smaller(s->capacity, m->context);
    const struct {
        float **out;
        size_t count, width;
    } floats[] = {{&s->keys, capacity * (size_t)m->layers, kv},
                  {&s->values, capacity * (size_t)m->layers, kv},
                  {&s->turns, positions, d},
                  {&s->h, block, hidden},
                  {&s->x, block, hidden},
                  {&s->qkv, block, q + 2 * kv},
                  {&s->q, block, q},
                  {&s->out, block, q},
                  {&s->gate_up, block, 2 * ffn},
                  {&s->gated, block, ffn}};
    for (size_t i = 0; i < sizeof floats / sizeof *floats; i++) {
        *floats[i].out = mem_alloc_array(floats[i].count, floats[i].width * sizeof(float));
        if (*floats[i].out == NULL) {
            return ST_SYSTEM;
        }
    }
    s->first = mem_alloc_array(capacity, sizeof *s->first);
    s->segment = mem_alloc_array(capacity, sizeof *s->segment);
    s->position = mem_alloc_array(capacity, sizeof *s->position);
    s->highest = mem_alloc_array(capacity, sizeof *s->highest);
    return s->first == NULL || s->segment == NULL || s->position == NULL || s->highest == NULL
               ? ST_SYSTEM
               : ST_OK;
}

enum status lm_session_new(const struct lm_model *m, int64_t capacity, int threads,
                           struct lm_session **out) {
    *out = NULL;
    if (capacity < 1 || capacity > INT32_MAX) {
        return status_set(ST_INPUT, "a cache of %" PRId64 " tokens; 1 to 2^31 - 1 are possible",
                          capacity);
    }
    struct lm_session *s = mem_alloc(sizeof *s);
    if (s == NULL) {
        return ST_SYSTEM;
    }
    s->model = m;
    s->threads = threads;
    s->capacity = capacity;
    s->block = smaller(BLOCK, capacity);
    s->end_layer = m->shape.layers;
    if (allocate(s) != ST_OK) {
        lm_session_free(s);
        return ST_SYSTEM;
    }
    lm_turns(&m->shape, smaller(capacity, m->shape.context), s->turns);
    openblas_set_num_threads(1);
    *out = s;
    return ST_OK;
}

void lm_session_free(struct lm_session *s) {
    if (s == NULL) {
        return;
    }
    float *const floats[] = {s->keys, s->values, s->turns, s->h,       s->x,
                             s->qkv,  s->q,      s->out,   s->gate_up, s->gated};
    for (size_t i = 0; i < sizeof floats / sizeof *floats; i++) {
        mem_free(floats[i]);
    }
    mem_free(s->first);
    mem_free(s->segment);
    mem_free(s->position);
    mem_free(s->highest);
    mem_free(s);
}

const struct lm_model *lm_session_model(const struct lm_session *s) { return s->model; }

int lm_session_threads(const struct lm_session *s) { return s->threads; }

int64_t lm_session_length(const struct lm_session *s) { return s->length; }

void lm_session_truncate(struct lm_session *s, int64_t length) { s->length = length; }

enum status lm_session_layers(struct lm_session *s, int32_t first, int32_t end) {
    if (first < 0 || first >= end || end > s->model->shape.layers) {
        return status_set(ST_INPUT,
                          "layers %" PRId32 " to %" PRId32 " of %" PRId32
                          ": give one or more that the model has",
                          first, end - 1, s->model->shape.layers);
    }
    s->first_layer = first;
    s->end_layer = end;
    s->length = 0;
    return ST_OK;
}

/* --- tokens ---------------------------------------------------------------------------------- */

/* Sets what the cache knows of its row `at`. */
static enum status place_token(struct lm_session *s, int64_t at, int32_t segment) {
    const int32_t before = at == 0 ? -1 : s->segment[at - 1];
    const int32_t highest = at == 0 ? -1 : s->highest[at - 1];
    const bool goes_on = segment >= 0 && segment == before;
    if (segment < -1 || (segment >= 0 && !goes_on && segment <= highest)) {
        return status_set(ST_INPUT,
                          "segment %" PRId32 " of token %" PRId64 " follows %" PRId32
                          ": a document's tokens stand together, later ones have higher numbers",
                          segment, at, highest);
    }
    s->segment[at] = segment;
    s->highest[at] = segment > highest ? segment : highest;
    s->first[at] = goes_on ? s->first[at - 1] : at;
    s->position[at] = (int32_t)(at - s->first[at]);
    return s->position[at] < s->model->shape.context
               ? ST_OK
               : status_set(ST_INPUT,
                            "position %" PRId32 " is outside the model's context of %" PRId32
                            " tokens; cut the text",
                            s->position[at], s->model->shape.context);
}

static enum status place_tokens(struct lm_session *s, const int32_t *ids, const int32_t *segments,
                                int64_t count) {
    if (count < 0 || count > s->capacity - s->length) {
        return status_set(ST_INPUT,
                          "%" PRId64 " tokens do not fit behind %" PRId64 " in a cache of %" PRId64,
                          count, s->length, s->capacity);
    }
    for (int64_t i = 0; i < count; i++) {
        if (ids[i] < 0 || ids[i] >= s->model->shape.vocabulary) {
            return status_set(
                ST_INPUT, "token %" PRId64 " is id %" PRId32 ", outside a vocabulary of %" PRId32,
                i, ids[i], s->model->shape.vocabulary);
        }
        const enum status st = place_token(s, s->length + i, segments == NULL ? 0 : segments[i]);
        if (st != ST_OK) {
            return st;
        }
    }
    return ST_OK;
}

/* --- a block through a layer ----------------------------------------------------------------- */

struct rows_job {
    const struct lm_session *s;
    int32_t layer;
    int64_t past, count;
};

static void run_rows(const struct rows_job *job, void (*item)(void *, int64_t)) {
    struct rows_job copy = *job;
    workers_run(job->s->threads, (job->count + ROWS - 1) / ROWS, item, &copy);
}

/* Takes the rows of qkv apart: rotated queries for the plug, rotated keys and values into the
 * cache. */
static void spread_rows(void *arg, int64_t item) {
    const struct rows_job *job = arg;
    const struct lm_session *s = job->s;
    const struct lm_shape *m = &s->model->shape;
    const int64_t d = m->head_dim, heads = m->heads, kv_heads = m->kv_heads;
    const int64_t width = (heads + 2 * kv_heads) * d;
    const int64_t end = smaller((item + 1) * ROWS, job->count);
    for (int64_t t = item * ROWS; t < end; t++) {
        const int64_t row = job->past + t;
        const float *in = s->qkv + t * width, *turns = s->turns + s->position[row] * d;
        for (int64_t h = 0; h < heads; h++) {
            lm_rotate(in + h * d, turns, d / 2, s->q + (t * heads + h) * d);
        }
        for (int64_t h = 0; h < kv_heads; h++) {
            const int64_t at = ((job->layer * kv_heads + h) * s->capacity + row) * d;
            lm_rotate(in + (heads + h) * d, turns, d / 2, s->keys + at);
            memcpy(s->values + at, in + (heads + kv_heads + h) * d, (size_t)d * sizeof *in);
        }
    }
}

static void gate_rows(void *arg, int64_t item) {
    const struct rows_job *job = arg;
    const struct row_math *math = row_math();
    const int64_t ffn = job->s->model->shape.ffn;
    const int64_t end = smaller((item + 1) * ROWS, job->count);
    for (int64_t t = item * ROWS; t < end; t++) {
        const float *in = job->s->gate_up + t * 2 * ffn;
        math->swiglu(in, in + ffn, job->s->gated + t * ffn, ffn);
    }
}

static enum status attend(const struct lm_session *s, const struct lm_attention *attention,
                          const struct rows_job *job) {
    const struct lm_shape *m = &s->model->shape;
    const int64_t layer_at = (int64_t)job->layer * m->kv_heads * s->capacity * m->head_dim;
    const struct lm_attention_call call = {.shape = m,
                                           .layer = job->layer,
                                           .threads = s->threads,
                                           .past = job->past,
                                           .tokens = job->count,
                                           .x = s->x,
                                           .q = s->q,
                                           .k = s->keys + layer_at,
                                           .v = s->values + layer_at,
                                           .capacity = s->capacity,
                                           .segment = s->segment,
                                           .position = s->position,
                                           .first = s->first,
                                           .out = s->out};
    return attention == NULL ? lm_attention_full(NULL, &call)
                             : attention->run(attention->context, &call);
}

static enum status run_layer(const struct lm_session *s, const struct lm_attention *attention,
                             const struct rows_job *job) {
    const struct lm_shape *m = &s->model->shape;
    const struct lm_layer *w = &s->model->layers[job->layer];
    const int64_t n = job->count, hidden = m->hidden, ffn = m->ffn;
    const int64_t q = (int64_t)m->heads * m->head_dim, kv = (int64_t)m->kv_heads * m->head_dim;
    lm_rmsnorm(s->h, w->attention_norm, m->epsilon, s->x, n, hidden, s->threads);
    lm_linear(s->x, w->qkv, s->qkv, n, hidden, q + 2 * kv, false, s->threads);
    run_rows(job, spread_rows);
    const enum status st = attend(s, attention, job);
    if (st != ST_OK) {
        return st;
    }
    lm_linear(s->out, w->output, s->h, n, q, hidden, true, s->threads);
    lm_rmsnorm(s->h, w->ffn_norm, m->epsilon, s->x, n, hidden, s->threads);
    lm_linear(s->x, w->gate_up, s->gate_up, n, hidden, 2 * ffn, false, s->threads);
    run_rows(job, gate_rows);
    lm_linear(s->gated, w->down, s->h, n, ffn, hidden, true, s->threads);
    return ST_OK;
}

static enum status run_block(const struct lm_session *s, const struct lm_attention *attention,
                             const int32_t *ids, int64_t past, int64_t count, float *hidden) {
    const struct lm_model *m = s->model;
    const int64_t width = m->shape.hidden;
    for (int64_t i = 0; i < count; i++) {
        memcpy(s->h + i * width, m->embedding + ids[i] * width, (size_t)width * sizeof *s->h);
    }
    for (int32_t layer = s->first_layer; layer < s->end_layer; layer++) {
        const struct rows_job job = {s, layer, past, count};
        const enum status st = run_layer(s, attention, &job);
        if (st != ST_OK) {
            return st;
        }
    }
    if (hidden != NULL) {
        lm_rmsnorm(s->h, m->output_norm, m->shape.epsilon, hidden, count, width, s->threads);
    }
    return ST_OK;
}

enum status lm_forward(struct lm_session *s, const struct lm_attention *attention,
                       const int32_t *ids, const int32_t *segments, int64_t count, float *hidden) {
    const int64_t width = s->model->shape.hidden;
    enum status st = place_tokens(s, ids, segments, count);
    for (int64_t done = 0; done < count && st == ST_OK; done += s->block) {
        st = run_block(s, attention, ids + done, s->length + done, smaller(s->block, count - done),
                       hidden == NULL ? NULL : hidden + done * width);
    }
    if (st == ST_OK) {
        s->length += count;
    }
    return st;
}
