/* How the next tokens of a model that leaves out layers differ from the whole model's. */
#ifndef ATTEST_SUITES_TIERS_TIERS_DIVERGENCE_H
#define ATTEST_SUITES_TIERS_TIERS_DIVERGENCE_H

#include <stdbool.h>

#include "../../harness/judge/judge.h"
#include "../lm/lm.h"

/* Of one token's prediction; losses in nats. */
struct tiers_divergence {
    double kl;                 /* sum_v p_v log(p_v / q_v), p the whole model's */
    double full_nll, kept_nll; /* -log of the next token's probability */
    bool same_top;             /* both find the same token likeliest; of equal ones the first */
};

/* Two rows of logits (vocabulary); sums in float64. */
struct tiers_divergence tiers_divergence_of(const float *full, const float *kept,
                                            int32_t vocabulary, int32_t target);

/* Of a text's predictions together. */
struct tiers_text {
    struct lm_loss full, kept;
    double kl;
    int64_t same_top;
};

/* Hidden rows (count, hidden) of both over one text; all but the last predict the id behind them.
 * Logits are held for a block of rows at a time.  j: the first row of each block is judged against
 * the oracle; NULL: none.  ST_SYSTEM: no memory. */
enum status tiers_compare(const struct lm_model *m, const float *full, const float *kept,
                          const int32_t *ids, int64_t count, int threads, struct judge *j,
                          struct tiers_text *out);

#endif
