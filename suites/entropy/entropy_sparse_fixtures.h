/* Metric fixtures of the parts "ranking", "sparse" and "int8": cases that a person can check,
 * beside what is shipped instead. */
#ifndef ATTEST_SUITES_ENTROPY_ENTROPY_SPARSE_FIXTURES_H
#define ATTEST_SUITES_ENTROPY_ENTROPY_SPARSE_FIXTURES_H

#include "../../harness/run/fixture.h"

enum status entropy_ppl_of_batches(struct fixture_values *v);
enum status entropy_ppl_in_bits(struct fixture_values *v);
enum status entropy_ppl_over_n(struct fixture_values *v);
enum status entropy_ppl_beyond_context(struct fixture_values *v);
enum status entropy_ppl_of_nothing(struct fixture_values *v);
enum status entropy_dppl_upside_down(struct fixture_values *v);
enum status entropy_dppl_relative(struct fixture_values *v);
enum status entropy_dppl_of_batches(struct fixture_values *v);
enum status entropy_gap_absolute(struct fixture_values *v);
enum status entropy_gap_over_sparse(struct fixture_values *v);
enum status entropy_predicted_sign(struct fixture_values *v);
enum status entropy_exponent_of_steps(struct fixture_values *v);
enum status entropy_exponent_of_gap(struct fixture_values *v);
enum status entropy_exponent_of_size(struct fixture_values *v);
enum status entropy_points_of_size(struct fixture_values *v);
enum status entropy_points_with_all_keys(struct fixture_values *v);
enum status entropy_ratio_without_scales(struct fixture_values *v);
enum status entropy_ratio_of_f32(struct fixture_values *v);
enum status entropy_formula_of_other_d(struct fixture_values *v);
enum status entropy_formula_of_tokens(struct fixture_values *v);
enum status entropy_diff_with_sign(struct fixture_values *v);
enum status entropy_diff_mean(struct fixture_values *v);
enum status entropy_diff_of_nan(struct fixture_values *v);
enum status entropy_diff_of_all_keys(struct fixture_values *v);
enum status entropy_cosine_without_norms(struct fixture_values *v);
enum status entropy_cosine_of_zero(struct fixture_values *v);
enum status entropy_orders_of_keys(struct fixture_values *v);
enum status entropy_orders_of_ties(struct fixture_values *v);
enum status entropy_share_of_none(struct fixture_values *v);
enum status entropy_sets_as_orders(struct fixture_values *v);
enum status entropy_sets_by_overlap(struct fixture_values *v);
enum status entropy_output_over_all(struct fixture_values *v);
enum status entropy_output_not_normalised(struct fixture_values *v);

#endif
