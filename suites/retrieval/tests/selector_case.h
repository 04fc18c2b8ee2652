/* A made-up sequence of several documents, projections for it, and the sets that a selector gives.
 */
#ifndef ATTEST_SUITES_RETRIEVAL_TESTS_SELECTOR_CASE_H
#define ATTEST_SUITES_RETRIEVAL_TESTS_SELECTOR_CASE_H

#include "../../kernels/attention_check.h"
#include "../selector.h"

enum {
    CASE_N = 150,
    CASE_LAYERS = 3,
    CASE_HEADS = 6,
    CASE_KV_HEADS = 2,
    CASE_D = 16,
    CASE_WIDTH = CASE_HEADS * CASE_D,
    CASE_SEARCH = 12,
    CASE_WORDS = (CASE_N + 63) / 64,
    CASE_PAGE = 8
};

extern const struct lm_shape case_shape;

/* Documents of 60, 50 and 36 tokens, and 4 of padding behind the first. */
struct attention_problem case_problem(uint64_t seed, enum attention_values values);

/* Random projections of every layer, the same on each call. */
const struct projection_set *case_projections(void);

/* Pages of 8, 4 sinks, these projections. */
struct selector_params case_params(void);

/* Gives every token outside of document `segment`, and of it those from row `behind` on, the
 * values of another sequence. */
void case_replace(struct attention_problem *p, const struct attention_problem *other,
                  int32_t segment, int64_t behind);

/* How a sequence is put to a selector: tokens a call, queries a block. */
struct case_way {
    int64_t step, rows;
};

/* sets (heads or 1, budgets, CASE_N, CASE_WORDS) of a layer. */
enum status case_sets(const struct selector *method, const struct selector_params *params,
                      const struct attention_problem *p, int32_t layer, struct case_way way,
                      const int64_t *budget, size_t budgets, uint64_t *sets);

#endif
