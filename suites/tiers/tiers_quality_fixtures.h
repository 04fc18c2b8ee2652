/* Metric fixtures of leaving out layers, for the experiment's list. */
#ifndef ATTEST_SUITES_TIERS_TIERS_QUALITY_FIXTURES_H
#define ATTEST_SUITES_TIERS_TIERS_QUALITY_FIXTURES_H

#include "../../harness/run/fixture.h"

enum status tiers_kl_reversed(struct fixture_values *v);
enum status tiers_kl_in_bits(struct fixture_values *v);
enum status tiers_kl_of_unnormalised(struct fixture_values *v);
enum status tiers_kl_of_texts(struct fixture_values *v);
enum status tiers_ppl_of_texts(struct fixture_values *v);
enum status tiers_ppl_of_nothing(struct fixture_values *v);
enum status tiers_gap_of_texts(struct fixture_values *v);
enum status tiers_gap_upside_down(struct fixture_values *v);
enum status tiers_top1_of_targets(struct fixture_values *v);
enum status tiers_top1_of_texts(struct fixture_values *v);

#endif
