/* Metric fixtures of the part "decode". */
#ifndef ATTEST_SUITES_RETRIEVAL_RETRIEVAL_DECODE_FIXTURES_H
#define ATTEST_SUITES_RETRIEVAL_RETRIEVAL_DECODE_FIXTURES_H

#include "../../harness/run/fixture.h"

enum status retrieval_rate_of_rates(struct fixture_values *v);
enum status retrieval_rate_of_nothing(struct fixture_values *v);
enum status retrieval_attention_of_ratios(struct fixture_values *v);
enum status retrieval_insertion_of_attention(struct fixture_values *v);
enum status retrieval_grown_of_found(struct fixture_values *v);
enum status retrieval_grown_of_rebuilt(struct fixture_values *v);
enum status retrieval_rebuilt_of_pooled(struct fixture_values *v);
enum status retrieval_recall_of_no_query(struct fixture_values *v);

#endif
