#include "sparse_check.h"

#include "../lm/lm_spread.h"
#include "chosen_check.h"

static bool is_judged(const struct sparse_watch *w, const struct lm_attention_call *call) {
    int64_t place = 0, count = 0;
    for (int32_t i = 0; i < call->shape->layers; i++) {
        place += w->layers[i] && i < call->layer;
        count += w->layers[i];
    }
    return w->layers[call->layer] && lm_spread_has(count, place);
}

/* The call's token, or the last before it that is not padding; below 0: none. */
static int64_t no_padding(const struct lm_attention_call *call, int64_t t) {
    while (t >= 0 && call->segment[call->past + t] < 0) {
        t--;
    }
    return t;
}

static enum status judge_layer(const struct sparse_watch *w, const struct lm_attention_call *call) {
    enum status st = ST_OK;
    for (int64_t i = 0; i < LM_SPREAD * LM_SPREAD && st == ST_OK; i++) {
        const int64_t t = no_padding(call, lm_spread(call->tokens, i / LM_SPREAD));
        const int64_t head = lm_spread(call->shape->heads, i % LM_SPREAD);
        st = t < 0 ? ST_OK
                   : chosen_check(call, t, head, sparse_plug_set(w->plug, call, t, head), w->budget,
                                  w->judge);
    }
    return st;
}

static enum status run_watched(void *context, const struct lm_attention_call *call) {
    const struct sparse_watch *w = context;
    const struct lm_attention inner = sparse_plug_attention(w->plug);
    const enum status st = inner.run(inner.context, call);
    return st == ST_OK && w->judge != NULL && is_judged(w, call) ? judge_layer(w, call) : st;
}

struct lm_attention sparse_watch_attention(struct sparse_watch *w) {
    return (struct lm_attention){run_watched, w};
}
