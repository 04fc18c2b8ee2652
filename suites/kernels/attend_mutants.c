#include "attend_mutants.h"

#include <math.h>
#include <stdbool.h>
#include <string.h>

#include "attend.h"

extern const struct kernel kernel_attend_scalar;

double *attend_mutants_expected;

/* The kernel that mutants spoil. */
static void right(const struct attend_call *call, float *weights, float *out) {
    const struct attend_impl *impl = kernel_attend_scalar.impl;
    impl->run(call, weights, out);
}

#define ATTEND(name) static void name(const struct attend_call *call, float *weights, float *out)

/* What a case may have. */
enum { KEYS = 1024, WIDTH = 256 };

/* An answer kept from an earlier call. */
struct kept {
    const float *q;
    int64_t count;
    int32_t d;
    float weights[KEYS], out[WIDTH];
};

static void keep(struct kept *to, const struct attend_call *call, const float *weights,
                 const float *out) {
    const bool fits = call->count <= KEYS && call->d <= WIDTH;
    to->q = call->q;
    to->count = fits ? call->count : 0;
    to->d = fits ? call->d : 0;
    memcpy(to->weights, weights, (size_t)to->count * sizeof *weights);
    memcpy(to->out, out, (size_t)to->d * sizeof *out);
}

static bool fits(const struct kept *k, const struct attend_call *call) {
    return k->count == call->count && k->d == call->d;
}

static void give(const struct kept *from, float *weights, float *out) {
    memcpy(weights, from->weights, (size_t)from->count * sizeof *weights);
    memcpy(out, from->out, (size_t)from->d * sizeof *out);
}

ATTEND(zero) {
    memset(weights, 0, (size_t)call->count * sizeof *weights);
    memset(out, 0, (size_t)call->d * sizeof *out);
}

ATTEND(untouched) {
    (void)call;
    (void)weights;
    (void)out;
}

/* Answers with the first answer of that size. */
ATTEND(first_answer) {
    static struct kept first;
    right(call, weights, out);
    if (fits(&first, call)) {
        give(&first, weights, out);
    } else {
        keep(&first, call, weights, out);
    }
}

ATTEND(nan_output) {
    right(call, weights, out);
    for (int32_t i = 0; i < call->d; i++) {
        out[i] = NAN;
    }
}

ATTEND(nan_expectation) {
    right(call, weights, out);
    for (int32_t i = 0; i < call->d; i++) {
        out[i] *= 2;
    }
    if (attend_mutants_expected != NULL) {
        *attend_mutants_expected = NAN;
    }
}

/* The last eighth of the keys is left out. */
ATTEND(dropped_tail) {
    struct attend_call most = *call;
    most.count -= call->count / 8;
    memset(weights, 0, (size_t)call->count * sizeof *weights);
    right(&most, weights, out);
}

ATTEND(out_of_bounds) {
    right(call, weights, out);
    weights[call->count] = 0;
}

ATTEND(mutated_query) {
    right(call, weights, out);
    *(float *)(uintptr_t)call->q += 1;
}

ATTEND(mutated_values) {
    right(call, weights, out);
    ((float *)(uintptr_t)call->v)[call->n * call->d - 1] = 0;
}

ATTEND(cached_by_pointer) {
    static struct kept cache;
    right(call, weights, out);
    if (cache.q == call->q && fits(&cache, call)) {
        give(&cache, weights, out);
    } else {
        keep(&cache, call, weights, out);
    }
}

/* Its own half of the output; the other half's thread is not waited for. */
ATTEND(half_the_output) {
    float all[WIDTH];
    right(call, weights, all);
    memcpy(out, all, (size_t)(call->d / 2) * sizeof *out);
}

ATTEND(warm_up_only) {
    enum { WARM_UP = 8 };
    static int calls;
    if (calls++ % (2 * WARM_UP) < WARM_UP) {
        right(call, weights, out);
    }
}

/* Gives what the call before has worked out by now. */
ATTEND(one_call_late) {
    static struct kept pending, ready;
    ready = pending;
    right(call, weights, out);
    keep(&pending, call, weights, out);
    if (fits(&ready, call)) {
        give(&ready, weights, out);
    }
}

/* --- wrong in a way of this operation alone --------------------------------------------------- */

static int64_t row_of(const struct attend_call *call, int64_t i) {
    return call->chosen == NULL ? i : call->chosen[i];
}

static void weigh(const struct attend_call *call, const float *weights, float *out) {
    memset(out, 0, (size_t)call->d * sizeof *out);
    for (int64_t j = 0; j < call->count; j++) {
        for (int32_t i = 0; i < call->d; i++) {
            out[i] += weights[j] * call->v[row_of(call, j) * call->d + i];
        }
    }
}

static void scaled(const struct attend_call *call, float factor, float *weights, float *out) {
    float q[WIDTH];
    struct attend_call other = *call;
    for (int32_t i = 0; i < call->d; i++) {
        q[i] = call->q[i] * factor;
    }
    other.q = q;
    right(&other, weights, out);
}

ATTEND(not_scaled) { scaled(call, sqrtf((float)call->d), weights, out); }
ATTEND(divided_by_d) { scaled(call, 1 / sqrtf((float)call->d), weights, out); }

/* Reads as many keys as are chosen, from the first on. */
ATTEND(choice_ignored) {
    struct attend_call first = *call;
    first.chosen = NULL;
    right(&first, weights, out);
}

/* All rows, those that are not chosen with weight 0: right where they are finite. */
ATTEND(reads_every_row) {
    right(call, weights, out);
    for (int64_t at = 0; at < call->n * call->d; at++) {
        out[at % call->d] += 0 * call->v[at];
    }
}

ATTEND(last_key_missing) {
    struct attend_call fewer = *call;
    fewer.count -= call->count > 1;
    weights[call->count - 1] = 0;
    right(&fewer, weights, out);
}

/* Weighs the keys instead of the values. */
ATTEND(keys_as_values) {
    struct attend_call same = *call;
    same.v = call->k;
    right(&same, weights, out);
}

/* Exponentials of the scores as they are, which overflow. */
ATTEND(largest_not_subtracted) {
    float sum = 0;
    for (int64_t j = 0; j < call->count; j++) {
        float score = 0;
        for (int32_t i = 0; i < call->d; i++) {
            score += call->q[i] * call->k[row_of(call, j) * call->d + i];
        }
        weights[j] = expf(score / sqrtf((float)call->d));
        sum += weights[j];
    }
    for (int64_t j = 0; j < call->count; j++) {
        weights[j] /= sum;
    }
    weigh(call, weights, out);
}

/* Weights relative to the largest, which do not add up to 1. */
ATTEND(not_normalised) {
    float most = 0;
    right(call, weights, out);
    for (int64_t j = 0; j < call->count; j++) {
        most = fmaxf(most, weights[j]);
    }
    for (int64_t j = 0; j < call->count; j++) {
        weights[j] /= most;
    }
    weigh(call, weights, out);
}

/* The output is right, and the weights are its logarithms. */
ATTEND(weights_as_scores) {
    right(call, weights, out);
    for (int64_t j = 0; j < call->count; j++) {
        weights[j] = logf(weights[j]);
    }
}

/* --- table ------------------------------------------------------------------------------------ */

#define MUTANT(id, which) MUTANT_ROW("attend", "f32", id, which, "", struct attend_impl, id)

const struct mutant attend_mutants[] = {
    MUTANT(zero, ZERO),
    MUTANT(first_answer, STALE),
    MUTANT(untouched, STALE),
    MUTANT(nan_output, NAN_OUTPUT),
    MUTANT(nan_expectation, NAN_EXPECTATION),
    MUTANT(dropped_tail, DROPPED_TAIL),
    MUTANT(out_of_bounds, OUT_OF_BOUNDS),
    MUTANT(mutated_query, MUTATED_INPUT),
    MUTANT(mutated_values, MUTATED_INPUT),
    MUTANT(cached_by_pointer, CACHED_BY_POINTER),
    MUTANT(half_the_output, LEFT_ELSEWHERE),
    MUTANT(warm_up_only, WARM_UP_ONLY),
    MUTANT(one_call_late, BEFORE_SYNC),
    MUTANT(choice_ignored, OTHER),
    MUTANT(divided_by_d, OTHER),
    MUTANT(keys_as_values, OTHER),
    MUTANT(largest_not_subtracted, OTHER),
    MUTANT(last_key_missing, OTHER),
    MUTANT(not_normalised, OTHER),
    MUTANT(not_scaled, OTHER),
    MUTANT(reads_every_row, OTHER),
    MUTANT(weights_as_scores, OTHER),
    {.name = NULL},
};
