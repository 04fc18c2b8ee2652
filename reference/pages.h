/* Oracle of Quest's estimate: pages of keys, their bounds, and an upper bound of q k over each.
 * Plain float64 loops. */
#ifndef ATTEST_REFERENCE_PAGES_H
#define ATTEST_REFERENCE_PAGES_H

#include <stdint.h>

/* low and high (d): the least and the largest value a dimension of keys (count, d), count >= 1. */
void ref_page_bounds(const float *keys, int64_t count, int32_t d, double *low, double *high);

/* sum_i max(q_i high_i, q_i low_i); in *terms the sum of the magnitudes of what is added.  Source:
 * Tang et al., "Quest", ICML 2024, algorithm 1. */
double ref_page_score(const float *q, const float *low, const float *high, int32_t d,
                      double *terms);

#endif
