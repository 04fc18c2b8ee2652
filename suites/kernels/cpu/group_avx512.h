/* Squared L2 over a group of dimensions, AVX-512, shared by the horizontal and the vertical search. */
#ifndef ATTEST_SUITES_KERNELS_CPU_GROUP_AVX512_H
#define ATTEST_SUITES_KERNELS_CPU_GROUP_AVX512_H

#include <immintrin.h>
#include <stdbool.h>
#include <stdint.h>

/* acc + (a-b)^2 per lane over m dimensions. */
static inline __m512 group_lanes(const float *a, const float *b, int32_t m)
{
    __m512 sum = _mm512_setzero_ps();
    int32_t i = 0;
    for (; i + 16 <= m; i += 16) {
        __m512 t = _mm512_sub_ps(_mm512_loadu_ps(a + i), _mm512_loadu_ps(b + i));
        sum = _mm512_fmadd_ps(t, t, sum);
    }
    if (i < m) {
        __mmask16 mask = (__mmask16)((1u << (m - i)) - 1);
        __m512 t = _mm512_sub_ps(_mm512_maskz_loadu_ps(mask, a + i),
                                 _mm512_maskz_loadu_ps(mask, b + i));
        sum = _mm512_fmadd_ps(t, t, sum);
    }
    return sum;
}

static inline float group_l2sq(const float *a, const float *b, int32_t m)
{
    return _mm512_reduce_add_ps(group_lanes(a, b, m));
}

#endif
