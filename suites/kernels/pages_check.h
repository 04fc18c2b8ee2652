/* The pages operation under the judge. */
#ifndef ATTEST_SUITES_KERNELS_PAGES_CHECK_H
#define ATTEST_SUITES_KERNELS_PAGES_CHECK_H

#include <stdbool.h>

#include "../../harness/base/status.h"
#include "../../harness/judge/judge.h"
#include "pages.h"

/* A query, the bounds of its pages, and the oracle's scores. */
struct pages_problem {
    struct pages_call call;
    bool exact;             /* float32 computes it without rounding */
    double *scores, *terms; /* (pages); sum of the magnitudes of what is added */
};

/* Works out the oracle's scores of the call, which is borrowed.  ST_SYSTEM: no memory. */
enum status pages_problem_solve(struct pages_problem *p);
void pages_problem_free(struct pages_problem *p);

/* Lets a kernel answer and judges it: scores within gamma_d of their terms, equal where exact.
 * ST_SYSTEM: no memory. */
enum status pages_check(const struct pages_impl *impl, const struct pages_problem *p,
                        struct judge *j);

#endif
