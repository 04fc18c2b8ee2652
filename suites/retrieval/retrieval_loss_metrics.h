/* Perplexities and losses of sequences under two ways of attention, and what a method costs. */
#ifndef ATTEST_SUITES_RETRIEVAL_RETRIEVAL_LOSS_METRICS_H
#define ATTEST_SUITES_RETRIEVAL_RETRIEVAL_LOSS_METRICS_H

#include <stddef.h>

#include "../../harness/judge/stats.h"
#include "selector.h"

/* exp of the mean loss of all predictions of n sequences; NaN where there is none. */
double retrieval_ppl(const struct lm_loss *losses, size_t n);

/* Perplexity of `other` over that of `full`, minus 1, with the 95 % interval of a bootstrap over
 * sequences, each with both of its losses. */
struct interval retrieval_ppl_gap(const struct lm_loss *other, const struct lm_loss *full,
                                  size_t n);

/* Mean over sequences of the difference a - b of their mean losses, in nats a token, with the 95 %
 * interval of a bootstrap over sequences: a sequence's two losses are a pair. */
struct interval retrieval_nll_delta(const struct lm_loss *a, const struct lm_loss *b, size_t n);

/* Vectors that searches evaluated, of those that exhaustive ones would have; NaN without any. */
double retrieval_evaluated_share(const struct selector_counts *c);

/* Weights that search projections add to `layers` layers: two matrices each. */
uint64_t retrieval_params(const struct lm_shape *shape, int32_t d_search, int32_t layers);

/* Layers substituted of all. */
double retrieval_coverage(int32_t substituted, int32_t layers);

#endif
