/* The proof of a traced pass of the transformer: each stage against the float64 oracle of that
 * stage alone, from what the stages before it left. */
#ifndef ATTEST_SUITES_KERNELS_TRANSFORMER_STAGES_H
#define ATTEST_SUITES_KERNELS_TRANSFORMER_STAGES_H

#include "../../harness/judge/judge.h"
#include "transformer_trace.h"

/* Products must be equal.  A value x of a row is an int8 step away from 127 x / max |x| by half a
 * step and three roundings of float32 at most; where max |x| is 127 times a power of two nothing is
 * rounded, and it must be the nearest step, ties to even.  Floats lie within the rounding of their
 * stage (FAIL), and of norms and attention within what is likely of it (MARGINAL).  ST_SYSTEM: no
 * memory. */
enum status transformer_stages_check(const struct transformer_weights *w,
                                     const struct transformer_pass *pass, const int32_t *tokens,
                                     const struct transformer_trace *trace, struct judge *j);

#endif
