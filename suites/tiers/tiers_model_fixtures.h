/* Metric fixtures of S004's model, for the experiment's list. */
#ifndef ATTEST_SUITES_TIERS_TIERS_MODEL_FIXTURES_H
#define ATTEST_SUITES_TIERS_TIERS_MODEL_FIXTURES_H

#include "../../harness/run/fixture.h"

enum status tiers_speedup_of_means(struct fixture_values *v);
enum status tiers_p99_weighted(struct fixture_values *v);
enum status tiers_p50_interpolated(struct fixture_values *v);
enum status tiers_pairs_square(struct fixture_values *v);
enum status tiers_factor_of_attention(struct fixture_values *v);
enum status tiers_bytes_of_rate(struct fixture_values *v);
enum status tiers_power_of_milliseconds(struct fixture_values *v);
enum status tiers_rounded_to_even(struct fixture_values *v);
enum status tiers_rounded_range(struct fixture_values *v);
enum status tiers_matches_exactly(struct fixture_values *v);
enum status tiers_matches_one_tie(struct fixture_values *v);
enum status tiers_matches_rounded_range(struct fixture_values *v);
enum status tiers_matches_nothing(struct fixture_values *v);

#endif
