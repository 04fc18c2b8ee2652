/* The rank operation under the judge. */
#ifndef ATTEST_SUITES_KERNELS_RANK_CHECK_H
#define ATTEST_SUITES_KERNELS_RANK_CHECK_H

#include <stdbool.h>

#include "../../harness/judge/judge.h"
#include "rank.h"

/* A query, its keys and the oracle's answers. */
struct rank_problem {
    struct rank_call call;
    bool exact;                   /* every format computes it without rounding */
    double *projections, *logits; /* (n) in float64 */
    double *terms;                /* (n, 3) sum |u k|, sum |q k| / sqrt(d), sum |q| + |u| + |k| */
    int32_t *order;               /* (n) exact */
};

/* Works out the oracle's answers to the call, which is borrowed.  ST_SYSTEM: no memory. */
enum status rank_problem_solve(struct rank_problem *p);
void rank_problem_free(struct rank_problem *p);

/* Lets a kernel answer into `out`, outputs of the judge, and judges it: scores within the bounds of
 * the format and of its values, orders those of the scores, and the oracle's where all is exact. */
enum status rank_check(const struct rank_impl *impl, const struct rank_problem *p, struct judge *j,
                       struct rank_result *out);

/* Unit roundoff of what a format's inputs and scores are rounded to, and of its sums. */
double rank_unit(enum rank_format format);

#endif
