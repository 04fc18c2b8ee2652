/* Capturing a trace of a language model's attention. */
#ifndef ATTEST_SUITES_ENTROPY_ENTROPY_CAPTURE_H
#define ATTEST_SUITES_ENTROPY_ENTROPY_CAPTURE_H

#include "../../datasets/trace.h"
#include "../lm/lm.h"

/* Runs the model over ids (tokens) and keeps keys and values of three layers (the first, the middle
 * and the last) and queries at the rows that the fit's populations "last" and "last-8" need. The
 * session is emptied first.  Names and digests of the trace stay empty.  ST_INPUT: fewer tokens
 * than a fit needs; what the forward returns. */
enum status entropy_capture(struct lm_session *s, const struct lm_shape *shape, const int32_t *ids,
                            int64_t tokens, struct trace *out);

/* ST_INPUT unless the trace has the queries of just these rows. */
enum status entropy_capture_check(const struct trace *t);

#endif
