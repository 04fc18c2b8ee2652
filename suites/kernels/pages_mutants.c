#include "pages_mutants.h"

#include <math.h>

#include "pages.h"

extern const struct kernel kernel_pages_scalar;

double *pages_mutants_expected;

/* The kernel that mutants spoil. */
static void right(const struct pages_call *call, float *scores) {
    const struct pages_impl *impl = kernel_pages_scalar.impl;
    impl->run(call, scores);
}

#define CALL struct pages_call
#define COUNT pages
#define INPUT bounds
#define EXPECTED pages_mutants_expected
#include "mutants_body.h"

/* --- wrong in a way of pages alone ------------------------------------------------------------ */

/* Sums over dimensions of a term of q, low and high. */
static void sum_terms(const struct pages_call *call, int32_t d,
                      float (*term)(float q, float low, float high), float *scores) {
    for (int64_t p = 0; p < call->pages; p++) {
        const float *low = call->bounds + p * 2 * call->d, *high = low + call->d;
        scores[p] = 0;
        for (int32_t i = 0; i < d; i++) {
            scores[p] += term(call->q[i], low[i], high[i]);
        }
    }
}

static float larger(float q, float low, float high) { return fmaxf(q * high, q * low); }
static float smaller(float q, float low, float high) { return fminf(q * high, q * low); }
static float at_high(float q, float low, float high) { return low <= high ? q * high : 0; }
static float at_centre(float q, float low, float high) { return q * (low + high) / 2; }
static float of_magnitudes(float q, float low, float high) {
    return fabsf(q) * fmaxf(fabsf(low), fabsf(high));
}

SCORE(dropped_dimension) { sum_terms(call, call->d - 1, larger, scores); }
SCORE(lower_bound) { sum_terms(call, call->d, smaller, scores); }
SCORE(sign_ignored) { sum_terms(call, call->d, at_high, scores); }
SCORE(centre_of_the_page) { sum_terms(call, call->d, at_centre, scores); }
SCORE(bound_by_magnitudes) { sum_terms(call, call->d, of_magnitudes, scores); }

/* The larger of q low and q high, chosen once for the page instead of in each dimension. */
SCORE(one_choice_a_page) {
    for (int64_t p = 0; p < call->pages; p++) {
        const float *low = call->bounds + p * 2 * call->d, *high = low + call->d;
        float sum_low = 0, sum_high = 0;
        for (int32_t i = 0; i < call->d; i++) {
            sum_low += call->q[i] * low[i];
            sum_high += call->q[i] * high[i];
        }
        scores[p] = fmaxf(sum_low, sum_high);
    }
}

/* --- table ------------------------------------------------------------------------------------ */

#define MUTANT_OF(id, which, function)                                                             \
    MUTANT_ROW("pages", "f32", id, which, "", struct pages_impl, function)
#define MUTANT(id, which) MUTANT_OF(id, which, id)

const struct mutant pages_mutants[] = {
    MUTANT(zero, ZERO),
    MUTANT(first_answer, STALE),
    MUTANT(untouched, STALE),
    MUTANT(nan_output, NAN_OUTPUT),
    MUTANT(nan_expectation, NAN_EXPECTATION),
    MUTANT(dropped_tail, DROPPED_TAIL),
    MUTANT(out_of_bounds, OUT_OF_BOUNDS),
    MUTANT_OF(mutated_bounds, MUTATED_INPUT, mutated_input),
    MUTANT(mutated_query, MUTATED_INPUT),
    MUTANT(cached_by_pointer, CACHED_BY_POINTER),
    MUTANT_OF(half_the_pages, LEFT_ELSEWHERE, first_half),
    MUTANT(warm_up_only, WARM_UP_ONLY),
    MUTANT(one_call_late, BEFORE_SYNC),
    MUTANT(bound_by_magnitudes, OTHER),
    MUTANT(centre_of_the_page, OTHER),
    MUTANT(dropped_dimension, OTHER),
    MUTANT(lower_bound, OTHER),
    MUTANT(one_choice_a_page, OTHER),
    MUTANT(sign_ignored, OTHER),
    {.name = NULL},
};
