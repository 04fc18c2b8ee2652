/* Metric fixtures of what a selection keeps of attention: four keys whose weights a person can
 * check, beside what is shipped instead. */
#ifndef ATTEST_SUITES_CROSSOVER_CROSSOVER_QUALITY_FIXTURES_H
#define ATTEST_SUITES_CROSSOVER_CROSSOVER_QUALITY_FIXTURES_H

#include "../../harness/run/fixture.h"

/* recall_at_k */
enum status crossover_recall_by_id(struct fixture_values *v);
enum status crossover_recall_of_nothing(struct fixture_values *v);

/* mass_share */
enum status crossover_mass_of_chosen(struct fixture_values *v);
enum status crossover_mass_as_recall(struct fixture_values *v);

/* output_cosine */
enum status crossover_cosine_not_normalised(struct fixture_values *v);
enum status crossover_cosine_of_zero(struct fixture_values *v);

#endif
