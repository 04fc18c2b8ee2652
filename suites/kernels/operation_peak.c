/* Verification of fma_peak and int8_peak kernels: every lane must have counted every step. */
#include <math.h>

#include "../../harness/judge/judge.h"
#include "../../harness/judge/operation.h"
#include "../../harness/run/roofline.h"

static enum status verify_case(const struct kernel *k, size_t index, struct verification *v) {
    (void)index;
    const struct peak_impl *impl = k->impl;
    struct judge j;
    judge_begin(&j);
    /* No number of steps twice in a row, and more calls than a warm-up has. */
    const int64_t steps[] = {0, 1, 1000, 65537, 7, 1000, 65536, 3};
    for (size_t i = 0; i < sizeof steps / sizeof steps[0]; i++) {
        judge_near(&j, "sum over lanes", steps[i], impl->run(steps[i]),
                   (double)steps[i] * impl->macs, 0, 0);
    }
    verification_add(v, NULL, j.verdict, j.reason);
    return ST_OK;
}

/* --- mutants ---------------------------------------------------------------------------------- */

enum { LANES = 16, WARM_UP = 4 };

static double right(int64_t steps) { return (double)steps * LANES; }

static double zero(int64_t steps) {
    (void)steps;
    return 0;
}

static double nan_output(int64_t steps) { return (double)NAN * (double)steps; }

static double first_answer(int64_t steps) {
    static double first = -1;
    first = first < 0 ? right(steps) : first;
    return first;
}

static double half_the_steps(int64_t steps) { return right(steps / 2); }

static double rounded_down(int64_t steps) { return right(steps / 8 * 8); }

/* Its own half of the lanes; the other half's thread is not waited for. */
static double half_the_lanes(int64_t steps) { return right(steps) / 2; }

static double warm_up_only(int64_t steps) {
    static int calls;
    return right(calls++ < WARM_UP ? steps : 1);
}

/* What the call before this one has worked out by now. */
static double one_call_late(int64_t steps) {
    static double pending;
    double out = pending;
    pending = right(steps);
    return out;
}

#define MUTANTS(operation, dtype)                                                                  \
    {                                                                                              \
        MUTANT(operation, dtype, zero, ZERO), MUTANT(operation, dtype, first_answer, STALE),       \
            MUTANT(operation, dtype, nan_output, NAN_OUTPUT),                                      \
            MUTANT(operation, dtype, rounded_down, DROPPED_TAIL),                                  \
            MUTANT(operation, dtype, half_the_lanes, LEFT_ELSEWHERE),                              \
            MUTANT(operation, dtype, warm_up_only, WARM_UP_ONLY),                                  \
            MUTANT(operation, dtype, one_call_late, BEFORE_SYNC),                                  \
            MUTANT(operation, dtype, half_the_steps, OTHER), {.name = NULL},                       \
    }
#define MUTANT(operation, dtype, id, which)                                                        \
    MUTANT_ROW(operation, dtype, id, which, "", struct peak_impl, LANES, id)

static const struct mutant fma_mutants[] = MUTANTS("fma_peak", "f32");
static const struct mutant int8_mutants[] = MUTANTS("int8_peak", "int8");

static const struct mutant_absence absences[] = {
    {MUTANT_NAN_EXPECTATION, "", "it is handed no address"},
    {MUTANT_OUT_OF_BOUNDS, "", "it has no buffer"},
    {MUTANT_MUTATED_INPUT, "", "its input is a number, passed by value"},
    {MUTANT_CACHED_BY_POINTER, "", "it is handed no address"},
    {.reason = NULL},
};

#define PEAK(which, mutants_of)                                                                    \
    extern const struct operation operation_##which;                                               \
    const struct operation operation_##which = {                                                   \
        .name = #which,                                                                            \
        .forms = {""},                                                                             \
        .case_count = 1,                                                                           \
        .verify_case = verify_case,                                                                \
        .mutants = mutants_of,                                                                     \
        .absences = absences,                                                                      \
    };
PEAK(fma_peak, fma_mutants)
PEAK(int8_peak, int8_mutants)
