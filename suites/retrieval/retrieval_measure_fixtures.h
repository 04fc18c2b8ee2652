/* Metric fixtures of recall, mass and their populations: the defects of the scripts behind the
 * published numbers (S002), on cases that a person can check. */
#ifndef ATTEST_SUITES_RETRIEVAL_RETRIEVAL_MEASURE_FIXTURES_H
#define ATTEST_SUITES_RETRIEVAL_RETRIEVAL_MEASURE_FIXTURES_H

#include "../../harness/run/fixture.h"

enum status retrieval_recall_of_few_keys(struct fixture_values *v);
enum status retrieval_mass_of_few_keys(struct fixture_values *v);
enum status retrieval_recall_of_none(struct fixture_values *v);
enum status retrieval_mass_of_none(struct fixture_values *v);
enum status retrieval_recall_of_masked(struct fixture_values *v);
enum status retrieval_mass_of_masked(struct fixture_values *v);
enum status retrieval_recall_of_aliased(struct fixture_values *v);
enum status retrieval_mass_of_aliased(struct fixture_values *v);
enum status retrieval_recall_of_largest(struct fixture_values *v);
enum status retrieval_shared_of_largest(struct fixture_values *v);
enum status retrieval_shared_of_heads(struct fixture_values *v);
enum status retrieval_mass_of_largest(struct fixture_values *v);
enum status retrieval_queries_of_padding(struct fixture_values *v);
enum status retrieval_queries_of_equal(struct fixture_values *v);
enum status retrieval_retained_of_ratios(struct fixture_values *v);
enum status retrieval_retained_of_none(struct fixture_values *v);

#endif
