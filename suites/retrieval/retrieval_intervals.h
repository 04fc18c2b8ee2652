/* Intervals of recall and mass: a bootstrap over sequences, whose queries are no independent draws.
 */
#ifndef ATTEST_SUITES_RETRIEVAL_RETRIEVAL_INTERVALS_H
#define ATTEST_SUITES_RETRIEVAL_RETRIEVAL_INTERVALS_H

#include "../../harness/judge/stats.h"
#include "retrieval_measure.h"

enum retrieval_share { RETRIEVAL_PER_HEAD, RETRIEVAL_SHARED, RETRIEVAL_MASS };

/* The share over all queries of n sequences, with its 95 % interval; NaN bounds below 2 sequences
 * that have queries. */
struct interval retrieval_share_of(const struct retrieval_sum *each, size_t n,
                                   enum retrieval_share which);

/* Mass of `a` less that of `b` over the same sequences, drawn together. */
struct interval retrieval_mass_delta_of(const struct retrieval_sum *a,
                                        const struct retrieval_sum *b, size_t n);

#endif
