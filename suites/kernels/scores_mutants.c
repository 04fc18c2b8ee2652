#include "scores_mutants.h"

#include <math.h>
#include <string.h>

#include "../../datasets/half.h"
#include "half.h"
#include "scores.h"

extern const struct kernel kernel_scores_f32_scalar, kernel_scores_int8_scalar;

double *scores_mutants_expected;

/* The kernel that mutants spoil. */
static void right(const struct scores_call *call, float *scores) {
    const struct scores_impl *impl = kernel_scores_f32_scalar.impl;
    impl->run(call, scores);
}

#define SCORES(name) static void name(const struct scores_call *call, float *scores)

/* An answer kept from an earlier call. */
enum { KEPT = 1024 };

struct kept {
    const float *q;
    int64_t n;
    float scores[KEPT];
};

static void keep(struct kept *to, const struct scores_call *call, const float *scores) {
    to->q = call->q;
    to->n = call->n <= KEPT ? call->n : 0;
    memcpy(to->scores, scores, (size_t)to->n * sizeof *scores);
}

static void give(const struct kept *from, float *scores) {
    memcpy(scores, from->scores, (size_t)from->n * sizeof *scores);
}

SCORES(zero) { memset(scores, 0, (size_t)call->n * sizeof *scores); }

SCORES(untouched) {
    (void)call;
    (void)scores;
}

/* Answers with the first answer of that many keys. */
SCORES(first_answer) {
    static struct kept first;
    right(call, scores);
    if (first.n == call->n) {
        give(&first, scores);
    } else {
        keep(&first, call, scores);
    }
}

SCORES(nan_output) {
    for (int64_t j = 0; j < call->n; j++) {
        scores[j] = NAN;
    }
}

SCORES(nan_expectation) {
    right(call, scores);
    for (int64_t j = 0; j < call->n; j++) {
        scores[j] *= 2;
    }
    if (scores_mutants_expected != NULL) {
        *scores_mutants_expected = NAN;
    }
}

/* The last eighth of the keys scores as if it were zero. */
SCORES(dropped_tail) {
    right(call, scores);
    for (int64_t j = call->n - call->n / 8; j < call->n; j++) {
        scores[j] = 0;
    }
}

SCORES(out_of_bounds) {
    right(call, scores);
    scores[call->n] = 0;
}

SCORES(mutated_query) {
    right(call, scores);
    *(float *)(uintptr_t)call->q += 1;
}

SCORES(mutated_keys) {
    right(call, scores);
    *(float *)(uintptr_t)call->k += 1;
}

SCORES(cached_by_pointer) {
    static struct kept cache;
    right(call, scores);
    if (cache.q == call->q && cache.n == call->n) {
        give(&cache, scores);
    } else {
        keep(&cache, call, scores);
    }
}

/* Its own half; the other half's thread is not waited for. */
SCORES(half_the_keys) {
    struct scores_call half = *call;
    half.n = call->n / 2;
    right(&half, scores);
}

SCORES(warm_up_only) {
    enum { WARM_UP = 8 };
    static int calls;
    if (calls++ % (2 * WARM_UP) < WARM_UP) {
        right(call, scores);
    }
}

/* Gives what the call before has worked out by now. */
SCORES(one_call_late) {
    static struct kept pending, ready;
    ready = pending;
    right(call, scores);
    keep(&pending, call, scores);
    if (ready.n == call->n) {
        give(&ready, scores);
    }
}

/* --- wrong in a way of scores alone ----------------------------------------------------------- */

SCORES(dropped_dimension) {
    right(call, scores);
    const float *k = call->k;
    const int32_t last = call->d - 1;
    for (int64_t j = 0; j < call->n; j++) {
        scores[j] -= call->q[last] * k[j * call->d + last] / sqrtf((float)call->d);
    }
}

SCORES(not_divided_by_the_root) {
    right(call, scores);
    for (int64_t j = 0; j < call->n; j++) {
        scores[j] *= sqrtf((float)call->d);
    }
}

SCORES(divided_by_d) {
    right(call, scores);
    for (int64_t j = 0; j < call->n; j++) {
        scores[j] /= sqrtf((float)call->d);
    }
}

/* Each key's score is the one of the key before it. */
SCORES(one_key_late) {
    right(call, scores);
    memmove(scores + 1, scores, (size_t)(call->n - 1) * sizeof *scores);
}

/* Sums in half the digits. */
SCORES(rounded_to_bf16) {
    right(call, scores);
    for (int64_t j = 0; j < call->n; j++) {
        scores[j] = round_to_bf16(scores[j]);
    }
}

/* Half keys whose smallest values, those without a leading one, are read as zero. */
SCORES(small_halves_are_zero) {
    const uint16_t *k = call->k;
    for (int64_t j = 0; j < call->n; j++) {
        float sum = 0;
        for (int32_t i = 0; i < call->d; i++) {
            const uint16_t bits = k[j * call->d + i];
            sum += (bits & 0x7c00) != 0 ? call->q[i] * half_to_float(bits) : 0;
        }
        scores[j] = sum / sqrtf((float)call->d);
    }
}

static void right_of_int8(const struct scores_call *call, float *scores) {
    const struct scores_impl *impl = kernel_scores_int8_scalar.impl;
    impl->run(call, scores);
}

/* int8 keys, all with the first one's scale. */
SCORES(one_scale_for_all) {
    right_of_int8(call, scores);
    for (int64_t j = 0; j < call->n; j++) {
        scores[j] *= call->scale[0] / call->scale[j];
    }
}

SCORES(scales_ignored) {
    right_of_int8(call, scores);
    for (int64_t j = 0; j < call->n; j++) {
        scores[j] /= call->scale[j];
    }
}

/* int8 keys read as whole numbers without a sign. */
SCORES(without_signs) {
    const uint8_t *k = call->k;
    for (int64_t j = 0; j < call->n; j++) {
        float sum = 0;
        for (int32_t i = 0; i < call->d; i++) {
            sum += call->q[i] * (float)k[j * call->d + i];
        }
        scores[j] = sum * call->scale[j] / sqrtf((float)call->d);
    }
}

/* int8 keys with the query in 8 bits, too: another product than that of the cache. */
SCORES(query_in_8_bits) {
    float largest = 0;
    for (int32_t i = 0; i < call->d; i++) {
        largest = fmaxf(largest, fabsf(call->q[i]));
    }
    const int8_t *k = call->k;
    for (int64_t j = 0; j < call->n; j++) {
        float sum = 0;
        for (int32_t i = 0; i < call->d; i++) {
            const float step = largest > 0 ? nearbyintf(call->q[i] / largest * 127) : 0;
            sum += step * (float)k[j * call->d + i];
        }
        scores[j] = sum * largest / 127 * call->scale[j] / sqrtf((float)call->d);
    }
}

/* --- table ------------------------------------------------------------------------------------ */

#define MUTANT_OF(id, which, keys)                                                                 \
    {                                                                                              \
#id, MUTANT_##which, "", {                                                                 \
            .name = "mutant/" #id, .operation = "scores", .dtype = "f32",                          \
            .impl = &(const struct scores_impl) {                                                  \
                keys, id                                                                           \
            }                                                                                      \
        }                                                                                          \
    }
#define MUTANT(id, which) MUTANT_OF(id, which, SCORES_F32)

const struct mutant scores_mutants[] = {
    MUTANT(zero, ZERO),
    MUTANT(first_answer, STALE),
    MUTANT(untouched, STALE),
    MUTANT(nan_output, NAN_OUTPUT),
    MUTANT(nan_expectation, NAN_EXPECTATION),
    MUTANT(dropped_tail, DROPPED_TAIL),
    MUTANT(out_of_bounds, OUT_OF_BOUNDS),
    MUTANT(mutated_keys, MUTATED_INPUT),
    MUTANT(mutated_query, MUTATED_INPUT),
    MUTANT(cached_by_pointer, CACHED_BY_POINTER),
    MUTANT(half_the_keys, LEFT_ELSEWHERE),
    MUTANT(warm_up_only, WARM_UP_ONLY),
    MUTANT(one_call_late, BEFORE_SYNC),
    MUTANT(divided_by_d, OTHER),
    MUTANT(dropped_dimension, OTHER),
    MUTANT(not_divided_by_the_root, OTHER),
    MUTANT(one_key_late, OTHER),
    MUTANT_OF(one_scale_for_all, OTHER, SCORES_INT8),
    MUTANT_OF(query_in_8_bits, OTHER, SCORES_INT8),
    MUTANT(rounded_to_bf16, OTHER),
    MUTANT_OF(scales_ignored, OTHER, SCORES_INT8),
    MUTANT_OF(small_halves_are_zero, OTHER, SCORES_F16),
    MUTANT_OF(without_signs, OTHER, SCORES_INT8),
    {.name = NULL},
};
