/* Attention over chosen keys under the judge. */
#ifndef ATTEST_SUITES_RETRIEVAL_CHOSEN_CHECK_H
#define ATTEST_SUITES_RETRIEVAL_CHOSEN_CHECK_H

#include "../../harness/judge/judge.h"
#include "../lm/lm.h"

/* Judges a call's answer to its token t and a head: the set holds 1 to `budget` of the keys that
 * the query may read, and the output is within attend's bound of float64 attention over that set;
 * set NULL: over all keys.  ST_SYSTEM: no memory. */
enum status chosen_check(const struct lm_attention_call *call, int64_t t, int64_t head,
                         const uint64_t *set, int64_t budget, struct judge *j);

#endif
