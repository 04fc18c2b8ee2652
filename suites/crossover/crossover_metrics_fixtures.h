/* Metric fixtures of what the crossover experiment computes from counts and seconds. */
#ifndef ATTEST_SUITES_CROSSOVER_CROSSOVER_METRICS_FIXTURES_H
#define ATTEST_SUITES_CROSSOVER_CROSSOVER_METRICS_FIXTURES_H

#include "../../harness/run/fixture.h"

/* evaluations, macs, bytes_touched, hops */
enum status crossover_evaluations_of_level_0(struct fixture_values *v);
enum status crossover_macs_of_one_bound(struct fixture_values *v);
enum status crossover_bytes_without_values(struct fixture_values *v);
enum status crossover_bytes_as_float32(struct fixture_values *v);
enum status crossover_bytes_without_scales(struct fixture_values *v);
enum status crossover_hops_as_evaluations(struct fixture_values *v);

/* evaluations_model; crossover_n of evaluations */
enum status crossover_model_natural_log(struct fixture_values *v);
enum status crossover_counted_one_bound(struct fixture_values *v);

/* crossover_n of cells, crossover_lo, crossover_hi, crossover_timed_n, crossover_model_n */
enum status crossover_log_log(struct fixture_values *v);
enum status crossover_first_change(struct fixture_values *v);
enum status crossover_end_of_range(struct fixture_values *v);
enum status crossover_left_out(struct fixture_values *v);
enum status crossover_model_of_scores(struct fixture_values *v);

/* times */
enum status crossover_us_of_sample(struct fixture_values *v);
enum status crossover_p95_interpolated(struct fixture_values *v);
enum status crossover_stage_mean(struct fixture_values *v);
enum status crossover_stage_zero(struct fixture_values *v);
enum status crossover_insert_of_all(struct fixture_values *v);
enum status crossover_build_last_only(struct fixture_values *v);

/* break_even_steps, break_even_full_steps, bandwidth_share, time_ratio, cheapest */
enum status crossover_break_even_of_time(struct fixture_values *v);
enum status crossover_break_even_never(struct fixture_values *v);
enum status crossover_share_of_time(struct fixture_values *v);
enum status crossover_ratio_upside_down(struct fixture_values *v);
enum status crossover_cheapest_of_all(struct fixture_values *v);
enum status crossover_cheapest_of_one(struct fixture_values *v);

#endif
