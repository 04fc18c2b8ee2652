/* Verification of fma_peak kernels: every lane must have counted every step. */
#include <stdio.h>

#include "../../harness/judge.h"
#include "../../harness/operation.h"
#include "../../harness/roofline.h"

static enum status verify(const struct kernel *k, enum verdict *verdict, char *reason,
                          size_t size) {
    const struct fma_peak_impl *impl = k->impl;
    struct judge j;
    judge_begin(&j);
    const int64_t steps[] = {0, 1, 1000, 65537};
    for (size_t i = 0; i < sizeof steps / sizeof steps[0]; i++) {
        judge_near(&j, "sum over lanes", steps[i], impl->run(steps[i]),
                   (double)steps[i] * impl->lanes, 0, 0);
    }
    *verdict = j.verdict;
    snprintf(reason, size, "%s", j.reason);
    return ST_OK;
}

static double half_the_steps(int64_t steps) { return (double)(steps / 2) * 16; }

static double zero(int64_t steps) {
    (void)steps;
    return 0;
}

#define MUTANT(id)                                                                                 \
    {                                                                                              \
#id, {                                                                                     \
            .name = "mutant/" #id, .operation = "fma_peak", .dtype = "f32",                        \
            .impl = &(const struct fma_peak_impl) {                                                \
                16, id                                                                             \
            }                                                                                      \
        }                                                                                          \
    }

static const struct mutant mutants[] = {MUTANT(half_the_steps), MUTANT(zero), {.name = NULL}};

extern const struct operation operation_fma_peak;
const struct operation operation_fma_peak = {"fma_peak", verify, mutants};
