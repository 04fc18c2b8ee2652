/* The transformer operation under the judge. */
#ifndef ATTEST_SUITES_KERNELS_TRANSFORMER_CHECK_H
#define ATTEST_SUITES_KERNELS_TRANSFORMER_CHECK_H

#include "../../harness/judge/judge.h"
#include "../../harness/judge/kernel.h"
#include "transformer_trace.h"

/* One call and what the oracle says of it; all but logits is borrowed. */
struct transformer_problem {
    const struct transformer_weights *weights;
    const struct transformer_pass *pass;
    const int32_t *tokens;            /* (seq of the shape) */
    double *logits;                   /* (logits) of the oracle's own pass */
    struct transformer_counts counts; /* recounted */
};

/* Works out the oracle's answer.  ST_SYSTEM: no memory. */
enum status transformer_problem_solve(struct transformer_problem *p);
void transformer_problem_free(struct transformer_problem *p);

/* Lets a kernel, built from the problem's weights, answer twice, the second time into `trace`, and
 * judges it: both answers have the same bits, each stage of the traced one is right
 * (transformer_stages.h), the logits point where the oracle's own do, the counts are equal, and of
 * the cache the pass's rows changed, or none.  ST_SYSTEM: no memory. */
enum status transformer_call_check(const struct transformer_impl *impl, void *state,
                                   const struct transformer_problem *p,
                                   struct transformer_trace *trace, struct judge *j);

/* The whole of it for one call of a kernel. */
enum status transformer_check(const struct kernel *k, const struct transformer_weights *w,
                              const struct transformer_pass *pass, const int32_t *tokens,
                              struct judge *j);

#endif
