/* How much the retrieval experiment does in each profile. */
#ifndef ATTEST_SUITES_RETRIEVAL_RETRIEVAL_SIZES_H
#define ATTEST_SUITES_RETRIEVAL_RETRIEVAL_SIZES_H

#include "../../harness/run/experiment.h"

/* Sets of sequences: windows of one document each, of which losses are computed too; pieces of
 * several documents; long windows of one document; windows of one document that are in no other
 * set's losses, by which layers are put into an order. */
enum retrieval_set {
    RETRIEVAL_SINGLE,
    RETRIEVAL_PACKED,
    RETRIEVAL_WHOLE,
    RETRIEVAL_HELD,
    RETRIEVAL_SETS
};

struct retrieval_set_size {
    int64_t texts, tokens; /* texts 0: the set is left out */
    int64_t stride;        /* every how many queries recall and mass are measured */
};

enum { RETRIEVAL_BUDGETS = 8, RETRIEVAL_TEXTS = 256 /* of a set, at most */ };

struct retrieval_size {
    struct retrieval_set_size sets[RETRIEVAL_SETS];
    int64_t budgets[RETRIEVAL_BUDGETS + 1];     /* of recall and mass, ascending; ends with 0 */
    int64_t ppl_budgets[RETRIEVAL_BUDGETS + 1]; /* of losses, some of those */
    int64_t few_budget; /* of losses with few layers substituted or of few methods, one of those */
    int64_t coverage_texts;  /* of the first set's, with more and more layers substituted */
    int32_t coverage[8];     /* how many layers; ends with 0 */
    int64_t identity_tokens; /* over which logits must be the plain path's */
};

/* The budget of tables over layers. */
enum { RETRIEVAL_LAYER_BUDGET = 64 };

/* The profile's; the settings retrieval_texts and retrieval_tokens change the first set.  ST_INPUT:
 * a setting out of range, or a model whose context is too short. */
enum status retrieval_size_of(const struct run *run, int64_t context, struct retrieval_size *out);

/* Whether a list of budgets, which ends with 0, has one. */
bool retrieval_has_budget(const int64_t *budgets, int64_t budget);

#endif
