#include "entropy_sparse_plug.h"

#include <math.h>
#include <string.h>

#include "../../harness/judge/kernel.h"
#include "../../harness/base/memory.h"
#include "../kernels/attention_check.h"
#include "../lm/lm_spread.h"
#include "entropy_sparse_metrics.h"

enum status entropy_plug_open(const char *kernel, const struct attention_params *params,
                              const struct lm_shape *shape, int64_t capacity,
                              struct entropy_plug *out) {
    const struct kernel *k = kernel_find(kernel);
    if (k == NULL) {
        return status_set(ST_SYSTEM, "entropy: no kernel %s", kernel);
    }
    *out = (struct entropy_plug){.impl = k->impl, .params = *params};
    return out->impl->open(shape, capacity, params, &out->state);
}

void entropy_plug_close(struct entropy_plug *p) { p->impl->close(p->state); }

static enum status run_plug(void *context, const struct lm_attention_call *call) {
    const struct entropy_plug *p = context;
    return p->off ? lm_attention_full(NULL, call) : p->impl->run(p->state, call);
}

struct lm_attention entropy_plug_attention(struct entropy_plug *p) {
    return (struct lm_attention){run_plug, p};
}

static enum status run_observed(void *context, const struct lm_attention_call *call) {
    const struct entropy_plug *p = context;
    const enum status st = p->impl->observe(p->state, call);
    return st == ST_OK ? lm_attention_full(NULL, call) : st;
}

enum status entropy_plug_observe(struct entropy_plug *p, struct lm_session *s, const int32_t *ids,
                                 int64_t tokens) {
    if (p->impl->observe == NULL) {
        return ST_OK;
    }
    const struct lm_attention attention = {run_observed, p};
    lm_session_truncate(s, 0);
    return lm_forward(s, &attention, ids, NULL, tokens, NULL);
}

/* --- beside the model's attention ------------------------------------------------------------- */

struct comparison {
    struct entropy_plug *plug;
    float *out; /* (tokens, heads, head_dim) of the kernel */
    struct judge *judge;
    double sum;
    uint64_t count;
};

static enum status judge_rows(const struct comparison *c, const struct lm_attention_call *call) {
    const bool judged = lm_spread_has(call->shape->layers, call->layer);
    enum status st = ST_OK;
    for (int64_t i = 0; judged && i < LM_SPREAD * LM_SPREAD && st == ST_OK; i++) {
        st = attention_judge_row(call, c->plug->impl->form, &c->plug->params,
                                 lm_spread(call->tokens, i / LM_SPREAD),
                                 lm_spread(call->shape->heads, i % LM_SPREAD), c->judge);
    }
    return st;
}

static enum status run_both(void *context, const struct lm_attention_call *call) {
    struct comparison *c = context;
    const int64_t d = call->shape->head_dim, queries = call->tokens * call->shape->heads;
    struct lm_attention_call other = *call;
    other.out = c->out;
    enum status st = lm_attention_full(NULL, call);
    st = st == ST_OK ? c->plug->impl->run(c->plug->state, &other) : st;
    for (int64_t i = 0; i < queries && st == ST_OK; i++) {
        const double cosine = entropy_cosine(call->out + i * d, c->out + i * d, d);
        c->sum += isnan(cosine) ? 0 : cosine;
        c->count += isnan(cosine) ? 0 : 1;
    }
    return st == ST_OK ? judge_rows(c, &other) : st;
}

enum status entropy_plug_compare(struct entropy_plug *p, const struct lm_model *m,
                                 const int32_t *ids, int64_t tokens, int threads, struct judge *j,
                                 struct entropy_likeness *out) {
    const struct lm_shape *shape = lm_shape(m);
    const size_t width = (size_t)shape->heads * (size_t)shape->head_dim;
    struct comparison c = {
        .plug = p, .judge = j, .out = mem_alloc_array((size_t)tokens, width * sizeof *c.out)};
    struct lm_session *s = NULL;
    enum status st = c.out == NULL ? ST_SYSTEM : lm_session_new(m, tokens, threads, &s);
    st = st == ST_OK ? entropy_plug_observe(p, s, ids, tokens) : st;
    if (st == ST_OK) {
        const struct lm_attention attention = {run_both, &c};
        lm_session_truncate(s, 0);
        st = lm_forward(s, &attention, ids, NULL, tokens, NULL);
    }
    *out = (struct entropy_likeness){c.count > 0 ? c.sum / (double)c.count : NAN, c.count};
    lm_session_free(s);
    mem_free(c.out);
    return st;
}

/* --- over a trace ----------------------------------------------------------------------------- */

struct lm_shape entropy_trace_shape(const struct trace *t) {
    return (struct lm_shape){.layers = t->layer_count,
                             .heads = t->heads,
                             .kv_heads = t->kv_heads,
                             .head_dim = t->head_dim};
}

/* One document, and space for all its queries and outputs; queries are zero until they are set. */
struct replay {
    struct lm_shape shape;
    int32_t *segment, *position;
    int64_t *first;
    float *q, *full, *other; /* (tokens, heads, head_dim) */
};

static void replay_free(struct replay *r) {
    mem_free(r->segment);
    mem_free(r->position);
    mem_free(r->first);
    mem_free(r->q);
    mem_free(r->full);
    mem_free(r->other);
}

static enum status replay_new(const struct trace *t, struct replay *r) {
    const size_t tokens = (size_t)t->tokens;
    const size_t width = (size_t)t->heads * (size_t)t->head_dim * sizeof(float);
    *r = (struct replay){.shape = entropy_trace_shape(t),
                         .segment = mem_alloc_array(tokens, sizeof *r->segment),
                         .position = mem_alloc_array(tokens, sizeof *r->position),
                         .first = mem_alloc_array(tokens, sizeof *r->first),
                         .q = mem_alloc_array(tokens, width),
                         .full = mem_alloc_array(tokens, width),
                         .other = mem_alloc_array(tokens, width)};
    if (r->segment == NULL || r->position == NULL || r->first == NULL || r->q == NULL ||
        r->full == NULL || r->other == NULL) {
        replay_free(r);
        return ST_SYSTEM;
    }
    for (int64_t i = 0; i < t->tokens; i++) {
        r->position[i] = (int32_t)i;
    }
    return ST_OK;
}

/* The call for rows past .. past + tokens - 1 of a layer. */
static struct lm_attention_call replay_call(const struct replay *r, const struct trace *t,
                                            int32_t layer, int64_t past, int64_t tokens,
                                            int threads) {
    const int64_t width = (int64_t)t->heads * t->head_dim;
    const int64_t keys = (int64_t)layer * t->kv_heads * t->tokens * t->head_dim;
    return (struct lm_attention_call){.shape = &r->shape,
                                      .layer = layer,
                                      .threads = threads,
                                      .past = past,
                                      .tokens = tokens,
                                      .x = r->q + past * width,
                                      .q = r->q + past * width,
                                      .k = t->k + keys,
                                      .v = t->v + keys,
                                      .capacity = t->tokens,
                                      .segment = r->segment,
                                      .position = r->position,
                                      .first = r->first,
                                      .out = r->full + past * width};
}

static enum status replay_query(struct comparison *c, const struct replay *r, const struct trace *t,
                                int32_t layer, int64_t index) {
    const int64_t d = t->head_dim, row = t->positions[index], width = t->heads * d;
    for (int64_t head = 0; head < t->heads; head++) {
        const int64_t from = ((int64_t)layer * t->heads + head) * t->position_count + index;
        memcpy(r->q + row * width + head * d, t->q + from * d, (size_t)d * sizeof *r->q);
    }
    const struct lm_attention_call call = replay_call(r, t, layer, row, 1, 1);
    struct lm_attention_call other = call;
    other.out = r->other;
    enum status st = lm_attention_full(NULL, &call);
    st = st == ST_OK ? c->plug->impl->run(c->plug->state, &other) : st;
    for (int64_t head = 0; head < t->heads && st == ST_OK; head++) {
        const double cosine = entropy_cosine(call.out + head * d, r->other + head * d, d);
        c->sum += isnan(cosine) ? 0 : cosine;
        c->count += isnan(cosine) ? 0 : 1;
        if (row == t->tokens - 1) {
            st = attention_judge_row(&other, c->plug->impl->form, &c->plug->params, 0, head,
                                     c->judge);
        }
    }
    return st;
}

enum status entropy_plug_trace(struct entropy_plug *p, const struct trace *t, int threads,
                               struct judge *j, struct entropy_likeness *out) {
    struct comparison c = {.plug = p, .judge = j};
    struct replay r;
    enum status st = replay_new(t, &r);
    if (st != ST_OK) {
        return st;
    }
    for (int32_t layer = 0; layer < t->layer_count && st == ST_OK; layer++) {
        /* All keys and values go in first, whatever the queries are. */
        const struct lm_attention_call all = replay_call(&r, t, layer, 0, t->tokens, threads);
        st = p->impl->observe == NULL ? ST_OK : p->impl->observe(p->state, &all);
        st = st == ST_OK ? p->impl->run(p->state, &all) : st;
        for (int64_t i = 0; i < t->position_count && st == ST_OK; i++) {
            st = replay_query(&c, &r, t, layer, i);
        }
    }
    *out = (struct entropy_likeness){c.count > 0 ? c.sum / (double)c.count : NAN, c.count};
    replay_free(&r);
    return st;
}
