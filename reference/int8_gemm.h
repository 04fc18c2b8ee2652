/* Oracle of the product of int8 matrices: plain loops over whole numbers. */
#ifndef ATTEST_REFERENCE_INT8_GEMM_H
#define ATTEST_REFERENCE_INT8_GEMM_H

#include <stdint.h>

/* out = a w' for a (m, k), w (n, k) and out (m, n), row-major: whole numbers, exact while
 * k <= 2^39. */
void ref_int8_gemm(const int8_t *a, const int8_t *w, int32_t m, int32_t n, int32_t k, double *out);

#endif
