/* Order statistics, intervals, tests and lines on raw samples.  Arrays are never modified. */
#ifndef ATTEST_HARNESS_STATS_H
#define ATTEST_HARNESS_STATS_H

#include <stddef.h>
#include <stdint.h>

struct interval {
    double value, lo, hi; /* NaN where n is too small */
};

double stats_mean(const double *x, size_t n); /* NaN if n == 0 */
/* Nearest-rank quantile: the ceil(p n)-th smallest; p in (0,1]; NaN if n == 0 or memory is refused.
 */
double stats_quantile(const double *x, size_t n, double p);
double stats_median(const double *x, size_t n); /* mean of the two middle ones when n is even */

/* The next number of a generator with this state, to draw resamples with: splitmix64 (Steele, Lea,
 * Flood, OOPSLA 2014). */
uint64_t stats_random(uint64_t *state);

/* Means and medians with 95 % percentile bootstrap intervals (1000 resamples, fixed seed). */
struct interval stats_mean_interval(const double *x, size_t n);
struct interval stats_median_interval(const double *x, size_t n);
/* sum(a)/sum(b) and median(a)/median(b) over n pairs taken in the same rounds: pairs are resampled
 * together, so that what the machine did to both in a round cancels. */
struct interval stats_ratio_of_sums(const double *a, const double *b, size_t n);
struct interval stats_ratio_of_medians(const double *a, const double *b, size_t n);

/* A statistic of the groups picked[0] .. picked[n-1], where one may stand more than once. */
typedef double stats_of_groups(const void *data, const size_t *picked, size_t n);

/* The statistic of groups 0 .. n-1, each once, with a 95 % percentile bootstrap interval over
 * groups (10,000 resamples, fixed seed): observations of one group (a text, a prompt) are kept
 * together, because they are no independent draws.  Resamples without a value are left out.
 * Source: Efron and Tibshirani, "An Introduction to the Bootstrap" (1993), chapters 13 and 8. */
struct interval stats_group_interval(stats_of_groups *f, const void *data, size_t n);

/* y = slope x + intercept by least squares through n points; standard errors from the residuals
 * with n - 2 degrees of freedom.  NaN: slope and intercept below 2 points or where all x are equal,
 * errors below 3 points. */
struct stats_line {
    double slope, intercept, slope_se, intercept_se;
};
struct stats_line stats_line(const double *x, const double *y, size_t n);

/* Two-sided Mann-Whitney p value, normal approximation with tie and continuity corrections. */
double stats_mann_whitney(const double *a, size_t na, const double *b, size_t nb);

#endif
