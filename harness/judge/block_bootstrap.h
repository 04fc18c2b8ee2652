/* Intervals for a series in time order, in which neighbours are no independent draws: blocks of
 * consecutive values are drawn with replacement, so that what lasts for a while stays together
 * (1000 resamples, fixed seed, 95 % percentile intervals).
 *
 * Values are whole numbers, as nanoseconds are, and ranks are exact: the quantile at so many
 * thousandths is the ceil(n permille / 1000)-th smallest value.
 * Source: Kuensch, "The Jackknife and the Bootstrap for General Stationary Observations", Annals of
 * Statistics 17 (1989), the moving-block bootstrap.
 */
#ifndef ATTEST_HARNESS_BLOCK_BOOTSTRAP_H
#define ATTEST_HARNESS_BLOCK_BOOTSTRAP_H

#include <stddef.h>
#include <stdint.h>

#include "stats.h"

/* The nearest rank, 1 .. n, of a quantile; permille 1 .. 1000, n >= 1. */
size_t block_rank(size_t n, int permille);

/* out (count): quantiles of x (n) at permille (count), which ascend, all from the same resamples of
 * blocks of `block` values.  NaN: values of an empty series, intervals where n <= block; everything
 * where memory is refused. */
void block_quantiles(const uint32_t *x, size_t n, size_t block, const int *permille, size_t count,
                     struct interval *out);

/* The mean of x (n), likewise. */
struct interval block_mean(const uint32_t *x, size_t n, size_t block);

/* A series in `rounds` rounds of `each` values. */
struct block_rounds {
    const uint32_t *x; /* (rounds, each) */
    size_t rounds, each;
};

/* The mean, or a quantile, of all of a over that of b, which has as many rounds: rounds taken side
 * by side are resampled together, so that what the machine did to both in a round cancels.  NaN:
 * without values, and intervals below 2 rounds. */
struct interval block_ratio_of_means(const struct block_rounds *a, const struct block_rounds *b);
struct interval block_ratio_of_quantiles(const struct block_rounds *a, const struct block_rounds *b,
                                         int permille);

#endif
