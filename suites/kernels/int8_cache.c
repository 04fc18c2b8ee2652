#include "int8_cache.h"

#include <inttypes.h>
#include <math.h>
#include <string.h>

#include "../../datasets/gguf_dequant.h"
#include "../../harness/base/memory.h"
#include "../../harness/base/workers.h"
#include "half.h"

enum { STEPS = 127, NOT_FINITE = 0x7c00 };

/* --- memory ----------------------------------------------------------------------------------- */

static void *count_alloc(struct int8_cache *c, int64_t count, size_t size) {
    c->bytes += (size_t)count * size;
    return mem_alloc_array((size_t)count, size);
}

enum status int8_cache_new(const struct lm_shape *shape, int64_t capacity, int64_t documents,
                           bool by_channel, struct int8_cache **out) {
    struct int8_cache *c = *out = mem_alloc(sizeof *c);
    if (c == NULL) {
        return ST_SYSTEM;
    }
    const int64_t d = shape->head_dim, heads = (int64_t)shape->layers * shape->kv_heads;
    const int64_t rows = heads * capacity, sets = heads * documents * d;
    *c = (struct int8_cache){
        .shape = *shape, .capacity = capacity, .documents = documents, .by_channel = by_channel};
    c->k = count_alloc(c, rows * d, sizeof *c->k);
    c->v = count_alloc(c, rows * d, sizeof *c->v);
    c->k_scale = count_alloc(c, by_channel ? sets : rows, sizeof *c->k_scale);
    c->v_scale = count_alloc(c, rows, sizeof *c->v_scale);
    const size_t wide = (size_t)(shape->kv_heads * capacity);
    c->most = by_channel ? mem_alloc_array((size_t)sets, sizeof *c->most) : NULL;
    c->k_wide = mem_alloc_array(wide, (size_t)d * sizeof *c->k_wide);
    c->v_wide = mem_alloc_array(wide, (size_t)d * sizeof *c->v_wide);
    if (c->k == NULL || c->v == NULL || c->k_scale == NULL || c->v_scale == NULL ||
        (by_channel && c->most == NULL) || c->k_wide == NULL || c->v_wide == NULL) {
        int8_cache_free(c);
        *out = NULL;
        return ST_SYSTEM;
    }
    return ST_OK;
}

void int8_cache_free(struct int8_cache *c) {
    if (c == NULL) {
        return;
    }
    mem_free(c->k);
    mem_free(c->v);
    mem_free(c->k_scale);
    mem_free(c->v_scale);
    mem_free(c->most);
    mem_free(c->k_wide);
    mem_free(c->v_wide);
    mem_free(c);
}

/* --- one scale -------------------------------------------------------------------------------- */

/* NaN where one is a NaN. */
static float largest(const float *x, int64_t n) {
    float most = 0;
    for (int64_t i = 0; i < n; i++) {
        const float magnitude = fabsf(x[i]);
        most = magnitude <= most || isnan(most) ? most : magnitude;
    }
    return most;
}

static uint16_t scale_of(float most) {
    return isfinite(most) ? half_not_below((double)most / STEPS) : NOT_FINITE;
}

/* x / s to the nearest whole number, ties to even; in float64, where adding 1.5 * 2^52 does it, so
 * that no second rounding moves a tie. */
static int8_t quantise(float x, float scale) {
    const double magic = 0x1.8p52;
    double steps = ((double)x / (double)scale + magic) - magic;
    steps = steps > STEPS ? STEPS : steps < -STEPS ? -STEPS : steps;
    return (int8_t)steps;
}

uint16_t int8_cache_quantise(const float *x, int64_t d, int8_t *kept) {
    const uint16_t scale = scale_of(largest(x, d));
    const float s = half_to_float(scale);
    for (int64_t i = 0; i < d; i++) {
        kept[i] = s > 0 ? quantise(x[i], s) : 0;
    }
    return scale;
}

/* Keeps and widens a row that has one scale. */
static bool keep_row(const float *x, int64_t d, int8_t *kept, uint16_t *scale, float *wide) {
    *scale = int8_cache_quantise(x, d, kept);
    const float s = half_to_float(*scale);
    for (int64_t i = 0; i < d; i++) {
        wide[i] = (float)kept[i] * s;
    }
    return *scale != NOT_FINITE;
}

/* --- a call ----------------------------------------------------------------------------------- */

/* Work on one KV head. */
struct head_job {
    struct int8_cache *cache;
    const struct lm_attention_call *call;
    bool failed[WORKERS_MAX];
};

/* Row 0 of the call's layer and KV head in k, v and the scales a row. */
static int64_t row_base(const struct int8_cache *c, const struct lm_attention_call *call,
                        int64_t head) {
    return (call->layer * (int64_t)c->shape.kv_heads + head) * c->capacity;
}

/* Which of the channel scales row `row` has: documents are counted by their first tokens. */
static bool begins_document(const struct lm_attention_call *call, int64_t row) {
    return call->segment[row] >= 0 && call->first[row] == row;
}

static enum status check_documents(const struct int8_cache *c,
                                   const struct lm_attention_call *call) {
    int64_t documents = 0;
    for (int64_t row = 0; row < call->past + call->tokens; row++) {
        documents += begins_document(call, row);
    }
    return !c->by_channel || documents <= c->documents
               ? ST_OK
               : status_set(ST_INPUT,
                            "%" PRId64 " documents in a cache with scales for %" PRId64
                            "; open it for more",
                            documents, c->documents);
}

static void keep_by_token(struct int8_cache *c, const struct lm_attention_call *call, int64_t head,
                          bool *failed) {
    const int64_t d = c->shape.head_dim, base = row_base(c, call, head);
    const int64_t from = head * call->capacity, wide = head * c->capacity;
    for (int64_t row = call->past; row < call->past + call->tokens; row++) {
        const int64_t at = base + row, in = (from + row) * d, out = (wide + row) * d;
        bool kept = keep_row(call->v + in, d, c->v + at * d, c->v_scale + at, c->v_wide + out);
        if (!c->by_channel) {
            kept =
                keep_row(call->k + in, d, c->k + at * d, c->k_scale + at, c->k_wide + out) && kept;
        }
        *failed = *failed || !kept;
    }
}

/* Goes through the rows of a head with the channel scales that each has. */
static void keep_by_channel(struct int8_cache *c, const struct lm_attention_call *call,
                            int64_t head, bool *failed) {
    const int64_t d = c->shape.head_dim, base = row_base(c, call, head);
    const int64_t sets = (call->layer * (int64_t)c->shape.kv_heads + head) * c->documents;
    int64_t document = -1;
    for (int64_t row = 0; row < call->past + call->tokens; row++) {
        document += begins_document(call, row);
        if (row < call->past || call->segment[row] < 0) {
            continue; /* no one reads padding */
        }
        const float *x = call->k + (head * call->capacity + row) * d;
        float *wide = c->k_wide + (head * c->capacity + row) * d;
        int8_t *kept = c->k + (base + row) * d;
        for (int64_t i = 0; i < d; i++) {
            const int64_t at = (sets + document) * d + i;
            const float s = half_to_float(c->k_scale[at] = scale_of(c->most[at]));
            kept[i] = s > 0 ? quantise(x[i], s) : 0;
            wide[i] = (float)kept[i] * s;
            *failed = *failed || c->k_scale[at] == NOT_FINITE || !isfinite(x[i]);
        }
    }
}

/* Rows of earlier calls, which k_wide and v_wide no longer hold: another layer was there. */
static void widen_past(const struct int8_cache *c, const struct lm_attention_call *call,
                       int64_t head) {
    const int64_t d = c->shape.head_dim, base = row_base(c, call, head);
    const int64_t sets = (call->layer * (int64_t)c->shape.kv_heads + head) * c->documents;
    int64_t document = -1;
    for (int64_t row = 0; row < call->past; row++) {
        document += begins_document(call, row);
        const int64_t at = base + row, out = (head * c->capacity + row) * d;
        const float v_scale = half_to_float(c->v_scale[at]);
        const float k_scale = c->by_channel ? 0 : half_to_float(c->k_scale[at]);
        for (int64_t i = 0; i < d; i++) {
            c->v_wide[out + i] = (float)c->v[at * d + i] * v_scale;
            c->k_wide[out + i] = (float)c->k[at * d + i] * k_scale;
        }
        for (int64_t i = 0; c->by_channel && document >= 0 && i < d; i++) {
            c->k_wide[out + i] =
                (float)c->k[at * d + i] * half_to_float(c->k_scale[(sets + document) * d + i]);
        }
    }
}

static void attend_head(void *arg, int64_t head) {
    struct head_job *job = arg;
    bool *failed = &job->failed[head % WORKERS_MAX];
    widen_past(job->cache, job->call, head);
    keep_by_token(job->cache, job->call, head, failed);
    if (job->cache->by_channel) {
        keep_by_channel(job->cache, job->call, head, failed);
    }
}

enum status int8_cache_attend(struct int8_cache *c, const struct lm_attention_call *call) {
    struct head_job job = {.cache = c, .call = call};
    const enum status st = check_documents(c, call);
    if (st != ST_OK) {
        return st;
    }
    workers_run(call->threads, c->shape.kv_heads, attend_head, &job);
    for (int i = 0; i < WORKERS_MAX; i++) {
        if (job.failed[i]) {
            return status_set(ST_INPUT,
                              "layer %" PRId32
                              ": a key or value is not finite, or too large for a 16-bit scale",
                              call->layer);
        }
    }
    struct lm_attention_call kept = *call;
    kept.k = c->k_wide;
    kept.v = c->v_wide;
    kept.capacity = c->capacity;
    return lm_attention_full(NULL, &kept);
}

/* --- scales by channel ------------------------------------------------------------------------ */

static void observe_head(void *arg, int64_t head) {
    const struct head_job *job = arg;
    const struct lm_attention_call *call = job->call;
    struct int8_cache *c = job->cache;
    const int64_t d = c->shape.head_dim;
    float *most = c->most + (call->layer * (int64_t)c->shape.kv_heads + head) * c->documents * d;
    if (call->past == 0) {
        memset(most, 0, (size_t)(c->documents * d) * sizeof *most);
    }
    int64_t document = -1;
    for (int64_t row = 0; row < call->past + call->tokens; row++) {
        document += begins_document(call, row);
        const float *x = call->k + (head * call->capacity + row) * d;
        for (int64_t i = 0; row >= call->past && call->segment[row] >= 0 && i < d; i++) {
            float *at = most + document * d + i;
            *at = fabsf(x[i]) <= *at ? *at : fabsf(x[i]);
        }
    }
}

enum status int8_cache_observe(struct int8_cache *c, const struct lm_attention_call *call) {
    struct head_job job = {.cache = c, .call = call};
    const enum status st = check_documents(c, call);
    if (st == ST_OK) {
        workers_run(call->threads, c->shape.kv_heads, observe_head, &job);
    }
    return st;
}
