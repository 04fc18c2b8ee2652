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

#define CALL struct scores_call
#define COUNT n
#define INPUT k
#define EXPECTED scores_mutants_expected
#include "mutants_body.h"

/* --- wrong in a way of scores alone ----------------------------------------------------------- */

SCORE(dropped_dimension) {
    right(call, scores);
    const float *k = call->k;
    const int32_t last = call->d - 1;
    for (int64_t j = 0; j < call->n; j++) {
        scores[j] -= call->q[last] * k[j * call->d + last] / sqrtf((float)call->d);
    }
}

SCORE(not_divided_by_the_root) {
    right(call, scores);
    for (int64_t j = 0; j < call->n; j++) {
        scores[j] *= sqrtf((float)call->d);
    }
}

SCORE(divided_by_d) {
    right(call, scores);
    for (int64_t j = 0; j < call->n; j++) {
        scores[j] /= sqrtf((float)call->d);
    }
}

/* Each key's score is the one of the key before it. */
SCORE(one_key_late) {
    right(call, scores);
    memmove(scores + 1, scores, (size_t)(call->n - 1) * sizeof *scores);
}

/* Sums in half the digits. */
SCORE(rounded_to_bf16) {
    right(call, scores);
    for (int64_t j = 0; j < call->n; j++) {
        scores[j] = round_to_bf16(scores[j]);
    }
}

/* Half keys whose smallest values, those without a leading one, are read as zero. */
SCORE(small_halves_are_zero) {
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
SCORE(one_scale_for_all) {
    right_of_int8(call, scores);
    for (int64_t j = 0; j < call->n; j++) {
        scores[j] *= call->scale[0] / call->scale[j];
    }
}

SCORE(scales_ignored) {
    right_of_int8(call, scores);
    for (int64_t j = 0; j < call->n; j++) {
        scores[j] /= call->scale[j];
    }
}

/* int8 keys read as whole numbers without a sign. */
SCORE(without_signs) {
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
SCORE(query_in_8_bits) {
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

#define MUTANT_OF(id, which, keys, function)                                                       \
    MUTANT_ROW("scores", "f32", id, which, "", struct scores_impl, keys, function)
#define MUTANT(id, which) MUTANT_OF(id, which, SCORES_F32, id)

const struct mutant scores_mutants[] = {
    MUTANT(zero, ZERO),
    MUTANT(first_answer, STALE),
    MUTANT(untouched, STALE),
    MUTANT(nan_output, NAN_OUTPUT),
    MUTANT(nan_expectation, NAN_EXPECTATION),
    MUTANT(dropped_tail, DROPPED_TAIL),
    MUTANT(out_of_bounds, OUT_OF_BOUNDS),
    MUTANT_OF(mutated_keys, MUTATED_INPUT, SCORES_F32, mutated_input),
    MUTANT(mutated_query, MUTATED_INPUT),
    MUTANT(cached_by_pointer, CACHED_BY_POINTER),
    MUTANT_OF(half_the_keys, LEFT_ELSEWHERE, SCORES_F32, first_half),
    MUTANT(warm_up_only, WARM_UP_ONLY),
    MUTANT(one_call_late, BEFORE_SYNC),
    MUTANT(divided_by_d, OTHER),
    MUTANT(dropped_dimension, OTHER),
    MUTANT(not_divided_by_the_root, OTHER),
    MUTANT(one_key_late, OTHER),
    MUTANT_OF(one_scale_for_all, OTHER, SCORES_INT8, one_scale_for_all),
    MUTANT_OF(query_in_8_bits, OTHER, SCORES_INT8, query_in_8_bits),
    MUTANT(rounded_to_bf16, OTHER),
    MUTANT_OF(scales_ignored, OTHER, SCORES_INT8, scales_ignored),
    MUTANT_OF(small_halves_are_zero, OTHER, SCORES_F16, small_halves_are_zero),
    MUTANT_OF(without_signs, OTHER, SCORES_INT8, without_signs),
    {.name = NULL},
};
