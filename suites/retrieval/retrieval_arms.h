/* The arms of a measurement, opened for one sequence. */
#ifndef ATTEST_SUITES_RETRIEVAL_RETRIEVAL_ARMS_H
#define ATTEST_SUITES_RETRIEVAL_RETRIEVAL_ARMS_H

#include "retrieval_measure.h"

struct retrieval_arms {
    const struct retrieval_arm *arm;
    size_t count;
    void **state; /* (count) */
};

/* ST_INPUT: what retrieval_measure says of budgets, layers and projections; what a method's open()
 * returns. */
enum status retrieval_arms_open(const struct retrieval_measured *m, const struct lm_shape *shape,
                                int64_t capacity, struct retrieval_arms *out);
void retrieval_arms_close(struct retrieval_arms *a);

/* Whether an arm can choose in a layer: learned ones need projections of it. */
bool retrieval_arm_has(const struct retrieval_arm *arm, int32_t layer);

/* Shows a layer's new keys to every arm that has the layer. */
enum status retrieval_arms_begin(const struct retrieval_arms *a,
                                 const struct lm_attention_call *call);

#endif
