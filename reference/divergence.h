/* Oracle of how two models' next tokens differ, in float64. */
#ifndef ATTEST_REFERENCE_DIVERGENCE_H
#define ATTEST_REFERENCE_DIVERGENCE_H

#include <stdint.h>

/* out (n) = log softmax(logits). */
void ref_log_softmax(const float *logits, int32_t n, double *out);

/* Kullback-Leibler divergence sum_i p_i log(p_i / q_i) in nats, of logarithms.
 * Source: Kullback and Leibler, "On information and sufficiency" (1951). */
double ref_divergence(const double *log_p, const double *log_q, int32_t n);

/* Where the largest logit stands; the first of equal ones. */
int32_t ref_largest(const float *logits, int32_t n);

#endif
