#include "rank_mutants.h"

#include <math.h>
#include <stdbool.h>
#include <string.h>

#include "rank.h"

extern const struct kernel kernel_rank_f32;

double *rank_mutants_expected;

/* The kernel that mutants spoil. */
static enum status right(const struct rank_call *call, const struct rank_result *out) {
    const struct rank_impl *impl = kernel_rank_f32.impl;
    return impl->run(call, out);
}

#define RANK(name)                                                                                 \
    static enum status name(const struct rank_call *call, const struct rank_result *out)

/* Orders what is in the scores. */
static enum status order_both(const struct rank_call *call, const struct rank_result *out) {
    const enum status st = rank_order(out->projections, call->n, out->by_projection);
    return st == ST_OK ? rank_order(out->logits, call->n, out->by_logit) : st;
}

/* An answer kept from an earlier call. */
enum { KEPT = 1024 };

struct kept {
    const float *q;
    int64_t n;
    double projections[KEPT], logits[KEPT];
    int32_t by_projection[KEPT], by_logit[KEPT];
};

static void keep(struct kept *to, const struct rank_call *call, const struct rank_result *out) {
    const size_t n = call->n <= KEPT ? (size_t)call->n : 0;
    to->q = call->q;
    to->n = (int64_t)n;
    memcpy(to->projections, out->projections, n * sizeof *out->projections);
    memcpy(to->logits, out->logits, n * sizeof *out->logits);
    memcpy(to->by_projection, out->by_projection, n * sizeof *out->by_projection);
    memcpy(to->by_logit, out->by_logit, n * sizeof *out->by_logit);
}

static void give(const struct kept *from, const struct rank_result *out) {
    const size_t n = (size_t)from->n;
    memcpy(out->projections, from->projections, n * sizeof *out->projections);
    memcpy(out->logits, from->logits, n * sizeof *out->logits);
    memcpy(out->by_projection, from->by_projection, n * sizeof *out->by_projection);
    memcpy(out->by_logit, from->by_logit, n * sizeof *out->by_logit);
}

RANK(zero) {
    for (int64_t i = 0; i < call->n; i++) {
        out->projections[i] = out->logits[i] = 0;
    }
    return order_both(call, out);
}

RANK(untouched) {
    (void)call;
    (void)out;
    return ST_OK;
}

/* Answers with the first answer of that length. */
RANK(first_answer) {
    static struct kept first;
    const enum status st = right(call, out);
    if (first.n == call->n) {
        give(&first, out);
    } else {
        keep(&first, call, out);
    }
    return st;
}

RANK(nan_output) {
    const enum status st = right(call, out);
    for (int64_t i = 0; i < call->n; i++) {
        out->logits[i] = NAN;
    }
    return st;
}

RANK(nan_expectation) {
    const enum status st = right(call, out);
    for (int64_t i = 0; i < call->n; i++) {
        out->logits[i] *= 2;
    }
    if (rank_mutants_expected != NULL) {
        *rank_mutants_expected = NAN;
    }
    return st;
}

/* The last eighth of the keys scores as if it were zero. */
RANK(dropped_tail) {
    const enum status st = right(call, out);
    for (int64_t i = call->n - call->n / 8; i < call->n; i++) {
        out->projections[i] = out->logits[i] = 0;
    }
    return st == ST_OK ? order_both(call, out) : st;
}

/* The last dimension is left out. */
RANK(dropped_dimension) {
    const enum status st = right(call, out);
    for (int64_t i = 0; i < call->n; i++) {
        const int32_t last = call->d - 1;
        const double product = (double)call->q[last] * (double)call->k[i * call->d + last];
        out->logits[i] = (double)(float)(out->logits[i] - product / sqrt(call->d));
    }
    return st == ST_OK ? order_both(call, out) : st;
}

RANK(out_of_bounds) {
    const enum status st = right(call, out);
    out->by_logit[call->n] = 0;
    return st;
}

RANK(mutated_query) {
    const enum status st = right(call, out);
    *(float *)(uintptr_t)call->q += 1;
    return st;
}

RANK(cached_by_pointer) {
    static struct kept cache;
    const enum status st = right(call, out);
    if (cache.q == call->q && cache.n == call->n) {
        give(&cache, out);
    } else {
        keep(&cache, call, out);
    }
    return st;
}

/* Its own half; the other half's thread is not waited for. */
RANK(half_the_keys) {
    struct rank_call half = *call;
    half.n = (call->n + 1) / 2;
    return right(&half, out);
}

RANK(warm_up_only) {
    enum { WARM_UP = 8 };
    static int calls;
    return calls++ % (2 * WARM_UP) < WARM_UP ? right(call, out) : ST_OK;
}

/* Gives what the call before has worked out by now. */
RANK(one_call_late) {
    static struct kept pending, ready;
    ready = pending;
    const enum status st = right(call, out);
    keep(&pending, call, out);
    if (ready.n == call->n) {
        give(&ready, out);
    }
    return st;
}

/* --- wrong in a way of ranking alone ---------------------------------------------------------- */

RANK(not_divided_by_the_norm) {
    const enum status st = right(call, out);
    for (int64_t i = 0; i < call->n; i++) {
        out->projections[i] = out->logits[i];
    }
    return st == ST_OK ? order_both(call, out) : st;
}

RANK(not_divided_by_the_root) {
    const enum status st = right(call, out);
    for (int64_t i = 0; i < call->n; i++) {
        out->logits[i] = (double)(float)(out->logits[i] * sqrt(call->d));
    }
    return st == ST_OK ? order_both(call, out) : st;
}

RANK(larger_index_on_ties) {
    const enum status st = right(call, out);
    for (int64_t r = 0; r + 1 < call->n; r++) {
        const int32_t a = out->by_logit[r], b = out->by_logit[r + 1];
        if (out->logits[a] == out->logits[b]) {
            out->by_logit[r] = b;
            out->by_logit[r + 1] = a;
        }
    }
    return st;
}

RANK(smallest_first) {
    const enum status st = right(call, out);
    for (int64_t r = 0; r < call->n / 2; r++) {
        const int32_t held = out->by_projection[r];
        out->by_projection[r] = out->by_projection[call->n - 1 - r];
        out->by_projection[call->n - 1 - r] = held;
    }
    return st;
}

/* One order for both scores: no query could ever change its order. */
RANK(one_order_for_both) {
    const enum status st = right(call, out);
    memcpy(out->by_projection, out->by_logit, (size_t)call->n * sizeof *out->by_logit);
    memcpy(out->projections, out->logits, (size_t)call->n * sizeof *out->logits);
    return st;
}

/* --- table ------------------------------------------------------------------------------------ */

#define MUTANT_OF(id, which, number_format, function)                                              \
    MUTANT_ROW("rank", "f32", id, which, "", struct rank_impl, number_format, function)
#define MUTANT(id, which) MUTANT_OF(id, which, RANK_F32, id)

const struct mutant rank_mutants[] = {
    MUTANT(zero, ZERO),
    MUTANT(first_answer, STALE),
    MUTANT(untouched, STALE),
    MUTANT(nan_output, NAN_OUTPUT),
    MUTANT(nan_expectation, NAN_EXPECTATION),
    MUTANT(dropped_tail, DROPPED_TAIL),
    MUTANT(out_of_bounds, OUT_OF_BOUNDS),
    MUTANT(mutated_query, MUTATED_INPUT),
    MUTANT(cached_by_pointer, CACHED_BY_POINTER),
    MUTANT(half_the_keys, LEFT_ELSEWHERE),
    MUTANT(warm_up_only, WARM_UP_ONLY),
    MUTANT(one_call_late, BEFORE_SYNC),
    MUTANT(dropped_dimension, OTHER),
    MUTANT(larger_index_on_ties, OTHER),
    MUTANT(not_divided_by_the_norm, OTHER),
    MUTANT(not_divided_by_the_root, OTHER),
    MUTANT(one_order_for_both, OTHER),
    MUTANT(smallest_first, OTHER),
    MUTANT_OF(not_rounded_to_bf16, OTHER, RANK_BF16, right),
    MUTANT_OF(not_rounded_to_f16, OTHER, RANK_F16, right),
    MUTANT_OF(rounded_to_f32, OTHER, RANK_F64, right),
    {.name = NULL},
};
