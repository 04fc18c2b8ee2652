/* Ranking that every number format shares.
 *
 * The including file defines RANK_VARIANT, RANK_FORMAT, RANK_DTYPE, RANK_BOUND, `real`, the type
 * that is computed in, and `static inline real rounded(real x)`, to the format. */
#include <math.h>

#include "../../../harness/judge/kernel.h"
#include "../../../harness/base/memory.h"
#include "../rank.h"
#include "kernel_names.h"

enum { LANES = 8 };

/* Sums run in LANES lanes, as vector and matrix units add. */
static real dot(const real *a, const real *b, int32_t d) {
    real lane[LANES] = {0}, sum = 0;
    int32_t at = 0;
    for (; at + LANES <= d; at += LANES) {
        for (int32_t i = 0; i < LANES; i++) {
            lane[i] += a[at + i] * b[at + i];
        }
    }
    for (int32_t i = 0; i < LANES; i++) {
        sum += lane[i];
    }
    for (; at < d; at++) {
        sum += a[at] * b[at];
    }
    return sum;
}

static void take(const float *in, int32_t d, real *out) {
    for (int32_t i = 0; i < d; i++) {
        out[i] = rounded((real)in[i]);
    }
}

static enum status run(const struct rank_call *call, const struct rank_result *out) {
    const int32_t d = call->d;
    real *q = mem_alloc_array((size_t)d * 3, sizeof *q), *u = q + d, *k = u + d;
    if (q == NULL) {
        return ST_SYSTEM;
    }
    take(call->q, d, q);
    const real norm = (real)sqrt((double)dot(q, q, d)), share = (real)(1 / sqrt((double)d));
    for (int32_t i = 0; i < d; i++) {
        u[i] = norm > 0 ? rounded(q[i] / norm) : 0;
    }
    for (int64_t j = 0; j < call->n; j++) {
        take(call->k + j * d, d, k);
        out->projections[j] = (double)rounded(dot(u, k, d));
        out->logits[j] = (double)rounded(dot(q, k, d) * share);
    }
    mem_free(q);
    const enum status st = rank_order(out->projections, call->n, out->by_projection);
    return st == ST_OK ? rank_order(out->logits, call->n, out->by_logit) : st;
}

static const struct rank_impl impl = {RANK_FORMAT, run};

extern const struct kernel KERNEL_SYMBOL(rank, RANK_VARIANT);
const struct kernel KERNEL_SYMBOL(rank, RANK_VARIANT) = {
    .name = "rank/" KERNEL_TEXT(RANK_VARIANT),
    .operation = "rank",
    .backend = BACKEND_CPU,
    .dtype = KERNEL_TEXT(RANK_VARIANT),
    .impl = &impl,
    .source = "S003, theorem 1, in this number format",
    .bound = RANK_BOUND,
};
