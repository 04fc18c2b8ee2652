/* Operation "int8_gemm": the product of int8 matrices with int32 sums, out = a w', which is exact.
 *
 * Weights are packed once, into the order in which a kernel streams them; activations change with
 * each call.  k is at most INT8_GEMM_DEPTH, so that no sum leaves an int32.
 */
#ifndef ATTEST_SUITES_KERNELS_INT8_GEMM_H
#define ATTEST_SUITES_KERNELS_INT8_GEMM_H

#include <stdint.h>

enum { INT8_GEMM_DEPTH = 65536 };

struct int8_gemm_impl {
    /* w (n, k) row-major, values -127 .. 127, any n, k >= 1; not kept.  NULL: no memory. */
    void *(*pack)(const int8_t *w, int32_t n, int32_t k);
    /* a (m, k) row-major, values -127 .. 127, m >= 1; out (m, n) row-major.  On the caller's
     * thread. */
    void (*run)(const void *packed, const int8_t *a, int32_t m, int32_t *out);
    void (*release)(void *packed); /* NULL is nothing */
};

/* The products of one instruction set each, which the CPU must have (kernels int8_gemm/...). */
extern const struct int8_gemm_impl int8_gemm_avx2, int8_gemm_scalar, int8_gemm_vnni;

#endif
