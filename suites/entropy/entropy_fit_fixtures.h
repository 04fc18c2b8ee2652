/* Metric fixtures of the part "fit": rows whose entropies a person can check, beside what is
 * shipped instead. */
#ifndef ATTEST_SUITES_ENTROPY_ENTROPY_FIT_FIXTURES_H
#define ATTEST_SUITES_ENTROPY_ENTROPY_FIT_FIXTURES_H

#include "../../harness/run/fixture.h"

enum status entropy_in_bits(struct fixture_values *v);
enum status entropy_of_masked(struct fixture_values *v);
enum status entropy_at_other_rows(struct fixture_values *v);
enum status entropy_mean_exp_swapped(struct fixture_values *v);
enum status entropy_exp_mean_swapped(struct fixture_values *v);
enum status entropy_slope_per_doubling(struct fixture_values *v);
enum status entropy_slope_of_first(struct fixture_values *v);
enum status entropy_alpha_other_n(struct fixture_values *v);
enum status entropy_alpha_uniform(struct fixture_values *v);
enum status entropy_alpha_log2(struct fixture_values *v);
enum status entropy_beta_at_shortest(struct fixture_values *v);
enum status entropy_se_of_n(struct fixture_values *v);
enum status entropy_se_mean_of_fits(struct fixture_values *v);
enum status entropy_interval_low_of_heads(struct fixture_values *v);
enum status entropy_interval_high_of_heads(struct fixture_values *v);
enum status entropy_interval_of_one(struct fixture_values *v);

#endif
