/* Metric fixtures of the retrieval experiment's losses and costs. */
#ifndef ATTEST_SUITES_RETRIEVAL_RETRIEVAL_LOSS_FIXTURES_H
#define ATTEST_SUITES_RETRIEVAL_RETRIEVAL_LOSS_FIXTURES_H

#include "../../harness/run/fixture.h"

enum status retrieval_ppl_of_batches(struct fixture_values *v);
enum status retrieval_ppl_of_means(struct fixture_values *v);
enum status retrieval_ppl_of_nothing(struct fixture_values *v);
enum status retrieval_gap_of_batches(struct fixture_values *v);
enum status retrieval_gap_upside_down(struct fixture_values *v);
enum status retrieval_delta_of_tokens(struct fixture_values *v);
enum status retrieval_delta_upside_down(struct fixture_values *v);
enum status retrieval_delta_low_unpaired(struct fixture_values *v);
enum status retrieval_delta_high_unpaired(struct fixture_values *v);
enum status retrieval_delta_of_one(struct fixture_values *v);
enum status retrieval_evaluated_of_layers(struct fixture_values *v);
enum status retrieval_evaluated_of_none(struct fixture_values *v);
enum status retrieval_params_of_one(struct fixture_values *v);
enum status retrieval_params_of_heads(struct fixture_values *v);
enum status retrieval_coverage_of_inner(struct fixture_values *v);
enum status retrieval_mass_delta_relative(struct fixture_values *v);
enum status retrieval_diff_with_sign(struct fixture_values *v);
enum status retrieval_read_as_retained(struct fixture_values *v);

#endif
