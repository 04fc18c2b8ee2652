/* The scores operation under the judge. */
#ifndef ATTEST_SUITES_KERNELS_SCORES_CHECK_H
#define ATTEST_SUITES_KERNELS_SCORES_CHECK_H

#include <stdbool.h>

#include "../../harness/base/status.h"
#include "../../harness/judge/judge.h"
#include "scores.h"

/* A query, its keys, and the oracle's scores. */
struct scores_problem {
    struct scores_call call;
    enum scores_format format; /* of the call's keys */
    bool exact;                /* float32 computes it without rounding */
    double *scores, *terms;    /* (n); sum of the magnitudes of what is added */
};

/* Works out the oracle's scores of the call, which is borrowed.  ST_SYSTEM: no memory. */
enum status scores_problem_solve(struct scores_problem *p);
void scores_problem_free(struct scores_problem *p);

/* Lets a kernel answer and judges it: scores within gamma_(d+3) of their terms, equal where exact.
 * ST_SYSTEM: no memory. */
enum status scores_check(const struct scores_impl *impl, const struct scores_problem *p,
                         struct judge *j);

#endif
