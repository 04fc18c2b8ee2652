/* Whether an attention plugged into a model gives the plain path's logits, bit by bit. */
#ifndef ATTEST_SUITES_LM_LM_IDENTITY_H
#define ATTEST_SUITES_LM_LM_IDENTITY_H

#include <stddef.h>

#include "lm.h"

struct lm_identity {
    double largest; /* difference; NaN where one is no number */
    bool same_bits;
    uint64_t logits; /* compared */
};

/* All logits of `tokens` tokens with the plug against those without any. */
enum status lm_identity(const struct lm_attention *attention, const struct lm_model *m,
                        const int32_t *ids, int64_t tokens, int threads, struct lm_identity *out);

/* Largest difference of values (n); NaN where one is no number. */
double lm_max_abs_diff(const float *a, const float *b, size_t n);

#endif
