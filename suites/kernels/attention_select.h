/* The k largest of a row of scores, compiled for several instruction sets. */
#ifndef ATTEST_SUITES_KERNELS_ATTENTION_SELECT_H
#define ATTEST_SUITES_KERNELS_ATTENTION_SELECT_H

#include <stdint.h>

/* Entries that `chosen` must have room for behind the n-th. */
enum { ATTENTION_SELECT_SLACK = 16 };

/* chosen: the indices of the k largest of row (n), ascending; among equal ones the smaller index.
 * 1 <= k <= n < 2^31; chosen and space have room for n + ATTENTION_SELECT_SLACK.  Returns k, or -1
 * when the row holds a NaN: then nothing is the largest. */
typedef int64_t attention_select_fn(const float *row, int64_t n, int64_t k, int32_t *chosen,
                                    float *space);

attention_select_fn attention_select_scalar, attention_select_avx2, attention_select_avx512;

/* The widest that this CPU runs. */
attention_select_fn *attention_select(void);

#endif
