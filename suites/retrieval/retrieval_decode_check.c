#include "retrieval_decode_check.h"

#include <inttypes.h>
#include <stdio.h>

#include "../../harness/base/memory.h"
#include "../kernels/attend_check.h"
#include "key_set.h"

static void judge_output_of(struct judge *j, int32_t layer, int64_t head, const float *out,
                            const struct attend_problem *p) {
    char what[64];
    snprintf(what, sizeof what, "layer %" PRId32 " head %" PRId64, layer, head);
    for (int32_t i = 0; i < p->call.d && j->verdict != VERDICT_FAIL; i++) {
        judge_near(j, what, i, (double)out[i], p->out.value[i], p->out.hard[i], p->out.likely[i]);
    }
}

/* chosen (n): space.  Returns how many keys a set has, or -1 with the judge told. */
static int64_t judge_set(const struct decode_watch *w, const struct lm_attention_call *c,
                         const uint64_t *set, int64_t head, int32_t *chosen) {
    const int64_t first = c->first[c->past], behind = c->past + 1;
    const int64_t count = key_set_list(set, first, behind, chosen);
    const int64_t most = w->budget < behind - first ? w->budget : behind - first;
    if (count < 1 || count > most) {
        judge_fail(w->judge,
                   "layer %" PRId32 " head %" PRId64 ": %" PRId64 " keys chosen of %" PRId64
                   ", budget %" PRId64,
                   c->layer, head, count, behind - first, w->budget);
        return -1;
    }
    return count;
}

static enum status judge_head(const struct decode_watch *w, const struct lm_attention_call *c,
                              int64_t head, int32_t *chosen) {
    const int64_t d = c->shape->head_dim, kv = head / (c->shape->heads / c->shape->kv_heads);
    const int64_t first = c->first[c->past], n = c->past + 1 - first;
    const float *k = c->k + (kv * c->capacity + first) * d;
    const uint64_t *set = decode_plug_set(w->plug, head);
    const int64_t count = set == NULL ? n : judge_set(w, c, set, head, chosen);
    if (count < 0) {
        return ST_OK;
    }
    struct attend_problem p = {.call = {.q = c->q + head * d,
                                        .k = k,
                                        .v = c->v + (k - c->k),
                                        .chosen = set == NULL ? NULL : chosen,
                                        .n = n,
                                        .count = count,
                                        .d = c->shape->head_dim}};
    const enum status st = attend_problem_solve(&p);
    if (st == ST_OK) {
        judge_output_of(w->judge, c->layer, head, c->out + head * d, &p);
        attend_problem_free(&p);
    }
    return st;
}

static enum status judge_layer(const struct decode_watch *w, const struct lm_attention_call *c) {
    int32_t *chosen = mem_alloc_array((size_t)c->past + 1, sizeof *chosen);
    enum status st = chosen == NULL ? ST_SYSTEM : ST_OK;
    for (int64_t head = 0; head < c->shape->heads && st == ST_OK; head++) {
        st = judge_head(w, c, head, chosen);
    }
    mem_free(chosen);
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
