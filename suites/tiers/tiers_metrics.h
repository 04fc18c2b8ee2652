/* What the tiers experiment computes from latencies, tiers and counts, each as a function of
 * numbers, so that fixtures can check it.  Speed-ups are block_ratio_of_means() and, of the p99,
 * block_ratio_of_quantiles() of tier 0's rounds over a workload's; a tier's latency ratio is its
 * mean over tier 0's. */
#ifndef ATTEST_SUITES_TIERS_TIERS_METRICS_H
#define ATTEST_SUITES_TIERS_TIERS_METRICS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "../../harness/judge/block_bootstrap.h"
#include "../kernels/transformer.h"
#include "tiers_requests.h"

/* --- latency ---------------------------------------------------------------------------------- */

struct tiers_latency {
    struct interval mean_us, p50_us, p95_us, p99_us, p999_us;
};

/* Of requests in time order; intervals from blocks of `block` of them. */
struct tiers_latency tiers_latency(const uint32_t *latency_ns, size_t n, size_t block);

/* Requests a block, for n of them: the cube root of n, rounded up; for a bursty order at least 16
 * TIERS_BURST; for an open loop, whose server is busy for a share `load` of the time (closed: 0),
 * at least four times what a queue with such a load remembers, 1 / (1 - sqrt(load))^2 services; at
 * most n / 10.  Sources: Kuensch 1989 (order of the length); Morse, "Stochastic Properties of
 * Waiting Lines", Operations Research 3 (1955). */
size_t tiers_block(size_t n, enum tiers_order order, double load);

/* --- tiers ------------------------------------------------------------------------------------ */

struct tiers_shares {
    double tier[TIERS]; /* of requests; NaN without requests */
    double hit;         /* of the requests of tier 3; NaN without them */
};

struct tiers_shares tiers_shares(const uint8_t *tier, const uint8_t *hit, size_t n);

/* Requests that went to another tier than the one that they were meant for. */
size_t tiers_sent_elsewhere(const uint8_t *intended, const uint8_t *tier, size_t n);

/* Multiply-adds of a pass over those of another, attention and logits included. */
double tiers_macs_ratio(const struct transformer_counts *pass, const struct transformer_counts *of);

/* Speed-up of the mean at which every tier does as many multiply-adds a second as tier 0: 1 / (sum
 * of share times macs_ratio).  Ratios of tiers without requests are not read; NaN where nothing is
 * computed. */
double tiers_speedup_bound(const double share[TIERS], const double macs_ratio[TIERS]);

/* The speed-up that medians give: the median of tier 0 alone over the medians of a workload's tiers
 * by their shares.  Requests that were interrupted, which a mean never forgets, do not move it.
 * NaN: no requests, or memory is refused. */
double tiers_typical_speedup(const uint32_t *tier_0_ns, size_t tier_0_count,
                             const uint32_t *latency_ns, const uint8_t *tier, size_t n);

/* Whether a speed-up of means, with its whole interval, and that of medians both lie above the
 * bound: then something was not measured.  Means alone do where tier 0 was interrupted often.
 * Multiply-adds are not all that a tier does, and a tier of fewer has its weights nearer: tier 1 of
 * the baseline takes .238 to .244 of tier 0's time for .250 of its multiply-adds.  5 % above the
 * bound are allowed. */
bool tiers_speedup_broken(struct interval mean, double typical, double bound);

/* --- the percentile of a mixture ---------------------------------------------------------------
 */

/* The p99 of all requests is the k-th longest of them, k = floor(n / 100) + 1, and so is, of the
 * requests of tier 0 alone, their quantile at 1 - .01 / w0, w0 their share: where the k longest are
 * all of tier 0, both are one request. */
struct tiers_identity {
    double p99_us;       /* of all */
    double quantile_us;  /* of tier 0; NaN where tier 0 has fewer than k requests, w0 < .01 */
    size_t tail, others; /* k; how many of the k longest are of other tiers for sure: 0 if and only
                          * if both values are one */
};

/* tail 0 and no values: no requests.  No quantile either where memory is refused. */
struct tiers_identity tiers_identity(const uint32_t *latency_ns, const uint8_t *tier, size_t n);

#endif
