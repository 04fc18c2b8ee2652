/* The part "decode": tokens a second of a decoder whose KV cache and index grow by insertion, and
 * what the grown index finds.  Its groups are the experiment's only timed ones, one a context. */
#ifndef ATTEST_SUITES_RETRIEVAL_RETRIEVAL_DECODE_H
#define ATTEST_SUITES_RETRIEVAL_RETRIEVAL_DECODE_H

#include "../../harness/judge/stats.h"
#include "retrieval.h"

/* The arms of a group, each with a session of its own that truly grows. */
struct retrieval_decode;

/* One decoded token, the text's own next one. */
double retrieval_decode_time(struct group *g, struct cell *c, int round);
enum status retrieval_decode_summarise(struct run *run, struct group *g);
void retrieval_decode_free(struct retrieval_decode *d);

/* Tokens of n samples, one each, over their seconds; NaN without samples. */
struct interval retrieval_decode_rate(const double *seconds, size_t n);
/* A part's seconds of the whole's; NaN where nothing was timed. */
double retrieval_decode_share(double part, double whole);

#endif
