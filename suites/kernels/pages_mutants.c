#include "pages_mutants.h"

#include <math.h>
#include <string.h>

#include "pages.h"

extern const struct kernel kernel_pages_scalar;

double *pages_mutants_expected;

/* The kernel that mutants spoil. */
static void right(const struct pages_call *call, float *scores) {
    const struct pages_impl *impl = kernel_pages_scalar.impl;
    impl->run(call, scores);
}

#define PAGES(name) static void name(const struct pages_call *call, float *scores)

/* An answer kept from an earlier call. */
enum { KEPT = 1024 };

struct kept {
    const float *q;
    int64_t pages;
    float scores[KEPT];
};

static void keep(struct kept *to, const struct pages_call *call, const float *scores) {
    to->q = call->q;
    to->pages = call->pages <= KEPT ? call->pages : 0;
    memcpy(to->scores, scores, (size_t)to->pages * sizeof *scores);
}

static void give(const struct kept *from, float *scores) {
    memcpy(scores, from->scores, (size_t)from->pages * sizeof *scores);
}

PAGES(zero) { memset(scores, 0, (size_t)call->pages * sizeof *scores); }

PAGES(untouched) {
    (void)call;
    (void)scores;
}

/* Answers with the first answer of that many pages. */
PAGES(first_answer) {
    static struct kept first;
    right(call, scores);
    if (first.pages == call->pages) {
        give(&first, scores);
    } else {
        keep(&first, call, scores);
    }
}

PAGES(nan_output) {
    for (int64_t p = 0; p < call->pages; p++) {
        scores[p] = NAN;
    }
}

PAGES(nan_expectation) {
    right(call, scores);
    for (int64_t p = 0; p < call->pages; p++) {
        scores[p] *= 2;
    }
    if (pages_mutants_expected != NULL) {
        *pages_mutants_expected = NAN;
    }
}

/* The last eighth of the pages scores as if there were no keys. */
PAGES(dropped_tail) {
    right(call, scores);
    for (int64_t p = call->pages - call->pages / 8; p < call->pages; p++) {
        scores[p] = 0;
    }
}

PAGES(out_of_bounds) {
    right(call, scores);
    scores[call->pages] = 0;
}

PAGES(mutated_query) {
    right(call, scores);
    *(float *)(uintptr_t)call->q += 1;
}

PAGES(mutated_bounds) {
    right(call, scores);
    *(float *)(uintptr_t)call->bounds -= 1;
}

PAGES(cached_by_pointer) {
    static struct kept cache;
    right(call, scores);
    if (cache.q == call->q && cache.pages == call->pages) {
        give(&cache, scores);
    } else {
        keep(&cache, call, scores);
    }
}

/* Its own half; the other half's thread is not waited for. */
PAGES(half_the_pages) {
    struct pages_call half = *call;
    half.pages = call->pages / 2;
    right(&half, scores);
}

PAGES(warm_up_only) {
    enum { WARM_UP = 8 };
    static int calls;
    if (calls++ % (2 * WARM_UP) < WARM_UP) {
        right(call, scores);
    }
}

/* Gives what the call before has worked out by now. */
PAGES(one_call_late) {
    static struct kept pending, ready;
    ready = pending;
    right(call, scores);
    keep(&pending, call, scores);
    if (ready.pages == call->pages) {
        give(&ready, scores);
    }
}

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

PAGES(dropped_dimension) { sum_terms(call, call->d - 1, larger, scores); }
PAGES(lower_bound) { sum_terms(call, call->d, smaller, scores); }
PAGES(sign_ignored) { sum_terms(call, call->d, at_high, scores); }
PAGES(centre_of_the_page) { sum_terms(call, call->d, at_centre, scores); }
PAGES(bound_by_magnitudes) { sum_terms(call, call->d, of_magnitudes, scores); }

/* The larger of q low and q high, chosen once for the page instead of in each dimension. */
PAGES(one_choice_a_page) {
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

#define MUTANT(id, which)                                                                          \
    {                                                                                              \
#id, MUTANT_##which, "", {                                                                 \
            .name = "mutant/" #id, .operation = "pages", .dtype = "f32",                           \
            .impl = &(const struct pages_impl) {                                                   \
                id                                                                                 \
            }                                                                                      \
        }                                                                                          \
    }

const struct mutant pages_mutants[] = {
    MUTANT(zero, ZERO),
    MUTANT(first_answer, STALE),
    MUTANT(untouched, STALE),
    MUTANT(nan_output, NAN_OUTPUT),
    MUTANT(nan_expectation, NAN_EXPECTATION),
    MUTANT(dropped_tail, DROPPED_TAIL),
    MUTANT(out_of_bounds, OUT_OF_BOUNDS),
    MUTANT(mutated_bounds, MUTATED_INPUT),
    MUTANT(mutated_query, MUTATED_INPUT),
    MUTANT(cached_by_pointer, CACHED_BY_POINTER),
    MUTANT(half_the_pages, LEFT_ELSEWHERE),
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
