/* Capturing a trace of a language model's attention.
 *
 * Keys and values are kept of all tokens, queries of the last LM_CAPTURE_TAIL tokens of each
 * context of 64, 128, .. tokens that fits.
 */
#ifndef ATTEST_SUITES_LM_LM_CAPTURE_H
#define ATTEST_SUITES_LM_LM_CAPTURE_H

#include "../../datasets/trace.h"
#include "lm.h"

/* Contexts of 2^i LM_CAPTURE_SHORTEST tokens, at most LM_CAPTURE_CONTEXTS of them. */
enum { LM_CAPTURE_SHORTEST = 64, LM_CAPTURE_CONTEXTS = 8, LM_CAPTURE_TAIL = 8 };

/* Runs the session's model over ids (tokens) and keeps three of its layers: the first, the middle
 * and the last.  The session is emptied first.  Names and digests of the trace stay empty.
 * ST_INPUT: too few or too many tokens; what the forward returns. */
enum status lm_capture(struct lm_session *s, const int32_t *ids, int64_t tokens, struct trace *out);

/* ST_INPUT unless the trace has the queries of just these tokens. */
enum status lm_capture_check(const struct trace *t);

#endif
