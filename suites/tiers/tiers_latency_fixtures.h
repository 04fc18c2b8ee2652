/* Metric fixtures of the latency part, of counts, and of what is set beside S004's numbers. */
#ifndef ATTEST_SUITES_TIERS_TIERS_LATENCY_FIXTURES_H
#define ATTEST_SUITES_TIERS_TIERS_LATENCY_FIXTURES_H

#include "../../harness/run/fixture.h"

enum status tiers_gate_of_a_sample(struct fixture_values *v);       /* gate_ns, service_us */
enum status tiers_ratio_of_samples(struct fixture_values *v);       /* tier_latency_ratio */
enum status tiers_peak_in_flop(struct fixture_values *v);           /* peak_share */
enum status tiers_energy_across_zero(struct fixture_values *v);     /* energy_mj */
enum status tiers_macs_square(struct fixture_values *v);            /* attention_macs, macs */
enum status tiers_bytes_without_scales(struct fixture_values *v);   /* kv_written_bytes */
enum status tiers_reads_of_distinct_rows(struct fixture_values *v); /* kv_read_bytes */
enum status tiers_weights_of_all_layers(struct fixture_values *v);  /* bytes */
enum status tiers_saved_as_left(struct fixture_values *v); /* bytes_saved_share, kv_saved_share */
enum status tiers_measured_elsewhere(struct fixture_values *v); /* measured */
enum status tiers_tail_of_tier_0(struct fixture_values *v);     /* tail_of_others */

#endif
