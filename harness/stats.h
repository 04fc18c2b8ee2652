/* Order statistics, intervals and tests on raw samples.  Arrays are never modified. */
#ifndef ATTEST_HARNESS_STATS_H
#define ATTEST_HARNESS_STATS_H

#include <stddef.h>

struct interval {
    double value, lo, hi; /* NaN where n is too small */
};

double stats_mean(const double *x, size_t n); /* NaN if n == 0 */
/* Nearest-rank quantile: the ceil(p n)-th smallest; p in (0,1]; NaN if n == 0 or memory is refused.
 */
double stats_quantile(const double *x, size_t n, double p);
double stats_median(const double *x, size_t n); /* mean of the two middle ones when n is even */

/* Means and medians with 95 % percentile bootstrap intervals (1000 resamples, fixed seed). */
struct interval stats_mean_interval(const double *x, size_t n);
struct interval stats_median_interval(const double *x, size_t n);
/* sum(a)/sum(b) and median(a)/median(b) over n pairs taken in the same rounds: pairs are resampled
 * together, so that what the machine did to both in a round cancels. */
struct interval stats_ratio_of_sums(const double *a, const double *b, size_t n);
struct interval stats_ratio_of_medians(const double *a, const double *b, size_t n);

/* Two-sided Mann-Whitney p value, normal approximation with tie and continuity corrections. */
double stats_mann_whitney(const double *a, size_t na, const double *b, size_t nb);

#endif
