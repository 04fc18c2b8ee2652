/* The attend operation under the judge. */
#ifndef ATTEST_SUITES_KERNELS_ATTEND_CHECK_H
#define ATTEST_SUITES_KERNELS_ATTEND_CHECK_H

#include <stdbool.h>

#include "../../harness/base/status.h"
#include "../../harness/judge/judge.h"
#include "attend.h"

struct attend_expected {
    double *value, *hard, *likely; /* bounds of the error */
};

/* A query, its keys and values, and the oracle's answer. */
struct attend_problem {
    struct attend_call call;
    bool exact;                          /* float32 computes it without rounding */
    struct attend_expected weights, out; /* (count), (d) */
};

/* Works out the oracle's answer to the call, which is borrowed.  ST_SYSTEM: no memory. */
enum status attend_problem_solve(struct attend_problem *p);
void attend_problem_free(struct attend_problem *p);

/* Lets a kernel answer and judges weights and output.  ST_SYSTEM: no memory. */
enum status attend_check(const struct attend_impl *impl, const struct attend_problem *p,
                         struct judge *j);

#endif
