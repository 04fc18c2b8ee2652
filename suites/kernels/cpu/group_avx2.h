/* Squared L2 over a group of dimensions, AVX2 and FMA, shared by the horizontal and the vertical search. */
#ifndef ATTEST_SUITES_KERNELS_CPU_GROUP_AVX2_H
#define ATTEST_SUITES_KERNELS_CPU_GROUP_AVX2_H

#include <immintrin.h>
#include <stdbool.h>
#include <stdint.h>

/* (a-b)^2 per lane over m dimensions. */
static inline __m256 group_lanes(const float *a, const float *b, int32_t m)
{
    __m256 sum = _mm256_setzero_ps();
    int32_t i = 0;
    for (; i + 8 <= m; i += 8) {
        __m256 t = _mm256_sub_ps(_mm256_loadu_ps(a + i), _mm256_loadu_ps(b + i));
        sum = _mm256_fmadd_ps(t, t, sum);
    }
    if (i < m) {
        __m256i lane = _mm256_setr_epi32(0, 1, 2, 3, 4, 5, 6, 7);
        __m256i mask = _mm256_cmpgt_epi32(_mm256_set1_epi32(m - i), lane);
        __m256 t = _mm256_sub_ps(_mm256_maskload_ps(a + i, mask), _mm256_maskload_ps(b + i, mask));
        sum = _mm256_fmadd_ps(t, t, sum);
    }
    return sum;
}

static inline float group_l2sq(const float *a, const float *b, int32_t m)
{
    __m256 lanes = group_lanes(a, b, m);
    __m128 s = _mm_add_ps(_mm256_castps256_ps128(lanes), _mm256_extractf128_ps(lanes, 1));
    s = _mm_add_ps(s, _mm_movehl_ps(s, s));
    s = _mm_add_ss(s, _mm_movehdup_ps(s));
    return _mm_cvtss_f32(s);
}

#endif
