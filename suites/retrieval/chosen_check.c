#include "chosen_check.h"

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

/* chosen NULL: all n keys. */
static enum status judge_head(const struct lm_attention_call *c, int64_t t, int64_t head,
                              const int32_t *chosen, int64_t count, struct judge *j) {
    const int64_t d = c->shape->head_dim, kv = head / (c->shape->heads / c->shape->kv_heads);
    const int64_t row = c->past + t, first = c->first[row], at = (t * c->shape->heads + head) * d;
    const int64_t keys = (kv * c->capacity + first) * d;
    struct attend_problem p = {.call = {.q = c->q + at,
                                        .k = c->k + keys,
                                        .v = c->v + keys,
                                        .chosen = chosen,
                                        .n = row + 1 - first,
                                        .count = count,
                                        .d = c->shape->head_dim}};
    const enum status st = attend_problem_solve(&p);
    if (st == ST_OK) {
        judge_output_of(j, c->layer, head, c->out + at, &p);
        attend_problem_free(&p);
    }
    return st;
}

enum status chosen_check(const struct lm_attention_call *call, int64_t t, int64_t head,
                         const uint64_t *set, int64_t budget, struct judge *j) {
    const int64_t row = call->past + t, n = row + 1 - call->first[row];
    const int64_t most = budget < n ? budget : n;
    if (set == NULL) {
        return judge_head(call, t, head, NULL, n, j);
    }
    int32_t *chosen = mem_alloc_array((size_t)n, sizeof *chosen);
    if (chosen == NULL) {
        return ST_SYSTEM;
    }
    const int64_t count = key_set_list(set, call->first[row], row + 1, chosen);
    enum status st = ST_OK;
    if (count < 1 || count > most) {
        judge_fail(j,
                   "layer %" PRId32 " head %" PRId64 ": %" PRId64 " keys chosen of %" PRId64
                   ", budget %" PRId64,
                   call->layer, head, count, n, budget);
    } else {
        st = judge_head(call, t, head, chosen, count, j);
    }
    mem_free(chosen);
    return st;
}
