/* What two orders of the same keys differ in. */
#ifndef ATTEST_SUITES_ENTROPY_ENTROPY_RANKING_METRICS_H
#define ATTEST_SUITES_ENTROPY_ENTROPY_RANKING_METRICS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Orders hold each index 0 .. n-1 once, the best first. */
bool entropy_order_changed(const int32_t *a, const int32_t *b, int64_t n);

/* Whether their first k indices are different sets; k >= n: never. */
bool entropy_set_changed(const int32_t *a, const int32_t *b, int64_t n, int64_t k);

/* Largest difference, over the d values, of the attention outputs over the first k keys of each
 * order: softmax of logits (n) over them, times v (n, d), in float64.  0 for equal sets; NaN:
 * memory refused. */
double entropy_chosen_diff(const int32_t *a, const int32_t *b, int64_t n, int64_t k,
                           const double *logits, const float *v, int32_t d);

/* count of n; NaN for none. */
double entropy_share(uint64_t count, uint64_t n);

#endif
