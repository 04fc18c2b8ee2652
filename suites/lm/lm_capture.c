#include "lm_capture.h"

#include <stdbool.h>
#include <string.h>

enum { LAYERS = 3 };

static int64_t context_of(int64_t i) { return (int64_t)LM_CAPTURE_SHORTEST << i; }

static int64_t count_of(int64_t tokens) {
    int64_t contexts = 0;
    while (contexts < LM_CAPTURE_CONTEXTS && context_of(contexts) <= tokens) {
        contexts++;
    }
    return contexts * LM_CAPTURE_TAIL;
}

static int64_t row_of(int64_t position) {
    return context_of(position / LM_CAPTURE_TAIL) - LM_CAPTURE_TAIL + position % LM_CAPTURE_TAIL;
}

/* Place of a layer in the trace, or -1. */
static int32_t slot_of(const struct trace *t, int32_t layer) {
    for (int32_t i = 0; i < t->layer_count; i++) {
        if (t->layers[i] == layer) {
            return i;
        }
    }
    return -1;
}

static void keep_queries(const struct lm_attention_call *c, struct trace *t, int32_t slot) {
    const int64_t d = t->head_dim, heads = t->heads;
    for (int64_t i = 0; i < t->position_count; i++) {
        const int64_t row = t->positions[i] - c->past;
        for (int64_t head = 0; row >= 0 && row < c->tokens && head < heads; head++) {
            memcpy(t->q + ((slot * heads + head) * t->position_count + i) * d,
                   c->q + (row * heads + head) * d, (size_t)d * sizeof *t->q);
        }
    }
}

static void keep_keys(const struct lm_attention_call *c, struct trace *t, int32_t slot) {
    const int64_t values = t->tokens * t->head_dim;
    for (int64_t kv = 0; kv < t->kv_heads; kv++) {
        const int64_t to = (slot * t->kv_heads + kv) * values;
        const int64_t from = kv * c->capacity * t->head_dim;
        memcpy(t->k + to, c->k + from, (size_t)values * sizeof *t->k);
        memcpy(t->v + to, c->v + from, (size_t)values * sizeof *t->v);
    }
}

static enum status watch(void *context, const struct lm_attention_call *call) {
    struct trace *t = context;
    const int32_t slot = slot_of(t, call->layer);
    if (slot >= 0) {
        keep_queries(call, t, slot);
    }
    if (slot >= 0 && call->past + call->tokens == t->tokens) {
        keep_keys(call, t, slot);
    }
    return lm_attention_full(NULL, call);
}

enum status lm_capture(struct lm_session *s, const int32_t *ids, int64_t tokens,
                       struct trace *out) {
    const struct lm_shape *shape = lm_shape(lm_session_model(s));
    const int32_t layers[LAYERS] = {0, shape->layers / 2, shape->layers - 1};
    *out = (struct trace){.heads = shape->heads,
                          .kv_heads = shape->kv_heads,
                          .head_dim = shape->head_dim,
                          .tokens = tokens,
                          .position_count = count_of(tokens)};
    for (int32_t i = 0; i < LAYERS; i++) {
        if (i == 0 || layers[i] > layers[i - 1]) {
            out->layers[out->layer_count++] = layers[i];
        }
    }
    if (tokens < LM_CAPTURE_SHORTEST || tokens > TRACE_TOKENS) {
        return status_set(ST_INPUT, "trace: %lld tokens; %d to %d are possible", (long long)tokens,
                          LM_CAPTURE_SHORTEST, TRACE_TOKENS);
    }
    enum status st = trace_new(out);
    for (int64_t i = 0; i < out->position_count && st == ST_OK; i++) {
        out->positions[i] = row_of(i);
    }
    if (st == ST_OK) {
        const struct lm_attention plug = {watch, out};
        lm_session_truncate(s, 0);
        st = lm_forward(s, &plug, ids, NULL, tokens, NULL);
    }
    if (st != ST_OK) {
        trace_free(out);
    }
    return st;
}

enum status lm_capture_check(const struct trace *t) {
    bool same = t->position_count == count_of(t->tokens);
    for (int64_t i = 0; i < t->position_count && same; i++) {
        same = t->positions[i] == row_of(i);
    }
    return same ? ST_OK : status_set(ST_INPUT, "trace: its queries are of other rows");
}
