/* Metric fixtures of what the tiers experiment computes from latencies, tiers and counts. */
#ifndef ATTEST_SUITES_TIERS_TIERS_METRICS_FIXTURES_H
#define ATTEST_SUITES_TIERS_TIERS_METRICS_FIXTURES_H

#include "../../harness/run/fixture.h"

/* latency_p50_us, latency_p95_us, latency_p999_us */
enum status tiers_latency_p50_between(struct fixture_values *v);
enum status tiers_latency_p95_between(struct fixture_values *v);
enum status tiers_latency_p999_between(struct fixture_values *v);
/* latency_p99_us */
enum status tiers_latency_p99_weighted(struct fixture_values *v);
/* latency_mean_us */
enum status tiers_latency_since_sent(struct fixture_values *v);

/* speedup_mean, latency_ratio; speedup_p99 */
enum status tiers_mean_of_ratios(struct fixture_values *v);
enum status tiers_p99_of_rounds(struct fixture_values *v);

/* speedup_typical */
enum status tiers_speedup_of_interrupted(struct fixture_values *v);

/* tier_share, cache_hit_share */
enum status tiers_elsewhere_by_kind(struct fixture_values *v); /* sent_elsewhere */
enum status tiers_share_of_time(struct fixture_values *v);
enum status tiers_hits_with_misses(struct fixture_values *v);
enum status tiers_hits_of_none(struct fixture_values *v);

/* macs_ratio, speedup_bound */
enum status tiers_macs_of_layers(struct fixture_values *v);
enum status tiers_bound_halved(struct fixture_values *v);

/* identity_p99_us */
enum status tiers_identity_at_p99(struct fixture_values *v);

#endif
