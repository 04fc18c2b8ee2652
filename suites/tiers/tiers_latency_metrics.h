/* What the latency part computes from samples and counts, each as a function of numbers, so that
 * fixtures can check it. */
#ifndef ATTEST_SUITES_TIERS_TIERS_LATENCY_METRICS_H
#define ATTEST_SUITES_TIERS_TIERS_LATENCY_METRICS_H

#include <stdint.h>

#include "../../harness/judge/stats.h"

/* Samples of an arm, each of `repeat` requests. */
struct tiers_samples {
    const double *seconds;
    size_t count;
    int64_t repeat;
};

/* Median and mean time of one request, in `unit` (1e6: microseconds). */
struct interval tiers_median_time(struct tiers_samples s, double unit);
struct interval tiers_mean_time(struct tiers_samples s, double unit);
double tiers_p95_time(struct tiers_samples s, double unit);

/* Median time of a request over another arm's, over rounds that both share; NaN: they share none.
 */
struct interval tiers_time_ratio(struct tiers_samples a, struct tiers_samples b);

/* Work a second of an arm over another's, whose requests do `work_a` and `work_b`. */
struct interval tiers_rate_share(struct tiers_samples a, double work_a, struct tiers_samples b,
                                 double work_b);

/* Millijoules of a request; NaN stays NaN. */
double tiers_request_mj(double joules, struct tiers_samples s);

/* 1 - part / whole. */
double tiers_saved_share(double part, double whole);

#endif
