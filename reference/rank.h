/* Oracle of ranking keys by their scores with a query: exact order, float64 values. */
#ifndef ATTEST_REFERENCE_RANK_H
#define ATTEST_REFERENCE_RANK_H

#include <stdint.h>

/* order (n): the rows of k (n, d) from the largest q k to the smallest, equal ones by index.  Sums
 * are taken in double-double arithmetic, whose error is below d 2^-100 sum |q k|, and are exact for
 * products of float32 values that span less than 58 binary orders: what is equal compares equal.
 * Source: Dekker, "A floating-point technique for extending the available precision" (1971);
 * Knuth's two-sum.  Returns 0, or -1 when memory is refused. */
int ref_rank(const float *q, const float *k, int64_t n, int32_t d, int32_t *order);

/* sum q_i k_i / |q|, 0 for a zero q, and sum q_i k_i / sqrt(d). */
double ref_projection(const float *q, const float *k, int32_t d);
double ref_logit(const float *q, const float *k, int32_t d);

#endif
