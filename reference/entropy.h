/* Oracle of a softmax row's entropy: plain float64 loops. */
#ifndef ATTEST_REFERENCE_ENTROPY_H
#define ATTEST_REFERENCE_ENTROPY_H

#include <stdint.h>

/* H = - sum_j p_j ln p_j in nats, p = softmax(q k_j / sqrt(d)) over the n rows of k, which lie
 * `stride` values apart; n >= 1.  *reach: max_j sum_i |q_i k_ji| / sqrt(d), which rounding errors
 * of the scores are proportional to; NULL is allowed. */
double ref_entropy(const float *q, const float *k, int32_t d, int64_t stride, int64_t n,
                   double *reach);

#endif
