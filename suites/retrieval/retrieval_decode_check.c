#include "retrieval_decode_check.h"

#include "chosen_check.h"

static enum status judge_layer(const struct decode_watch *w, const struct lm_attention_call *c) {
    enum status st = ST_OK;
    for (int64_t head = 0; head < c->shape->heads && st == ST_OK; head++) {
        st = chosen_check(c, 0, head, decode_plug_set(w->plug, head), w->budget, w->judge);
    }
    return st;
}

static enum status run_watched(void *context, const struct lm_attention_call *c) {
    const struct decode_watch *w = context;
    const struct lm_attention inner = decode_plug_attention(w->plug);
    enum status st = inner.run(inner.context, c);
    if (st == ST_OK && w->judge != NULL && c->tokens == 1) {
        st = judge_layer(w, c);
    }
    if (st == ST_OK && w->trace != NULL && w->trace->layers[c->layer]) {
        decode_trace_take(w->trace, c, c->tokens == 1 ? decode_plug_set(w->plug, 0) : NULL);
    }
    return st;
}

struct lm_attention decode_watch_attention(struct decode_watch *w) {
    return (struct lm_attention){run_watched, w};
}
