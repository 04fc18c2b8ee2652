/* Squared L2 over a group of dimensions with AVX2 and FMA: one row, or four at once. */
#ifndef ATTEST_SUITES_KERNELS_CPU_GROUP_AVX2_H
#define ATTEST_SUITES_KERNELS_CPU_GROUP_AVX2_H

#include <immintrin.h>
#include <stdbool.h>
#include <stdint.h>

/* (a-b)^2 per lane over m dimensions. */
static inline __m256 group_lanes(const float *a, const float *b, int32_t m) {
    __m256 even = _mm256_setzero_ps(), odd = even;
    int32_t i = 0;
    for (; i + 16 <= m; i += 16) {
        __m256 s = _mm256_sub_ps(_mm256_loadu_ps(a + i), _mm256_loadu_ps(b + i));
        __m256 t = _mm256_sub_ps(_mm256_loadu_ps(a + i + 8), _mm256_loadu_ps(b + i + 8));
        even = _mm256_fmadd_ps(s, s, even);
        odd = _mm256_fmadd_ps(t, t, odd);
    }
    for (; i < m; i += 8) {
        __m256i lane = _mm256_setr_epi32(0, 1, 2, 3, 4, 5, 6, 7);
        __m256i mask = _mm256_cmpgt_epi32(_mm256_set1_epi32(m - i), lane);
        __m256 t = _mm256_sub_ps(_mm256_maskload_ps(a + i, mask), _mm256_maskload_ps(b + i, mask));
        even = _mm256_fmadd_ps(t, t, even);
    }
    return _mm256_add_ps(even, odd);
}

static inline float group_l2sq(const float *a, const float *b, int32_t m) {
    __m256 lanes = group_lanes(a, b, m);
    __m128 s = _mm_add_ps(_mm256_castps256_ps128(lanes), _mm256_extractf128_ps(lanes, 1));
    s = _mm_add_ps(s, _mm_movehl_ps(s, s));
    s = _mm_add_ss(s, _mm_movehdup_ps(s));
    return _mm_cvtss_f32(s);
}

/* Four rows against one query: one transposing reduction instead of four. */
static inline __m128 group_l2sq_4(const float *const row[4], const float *query, int32_t m) {
    __m256 ab = _mm256_hadd_ps(group_lanes(row[0], query, m), group_lanes(row[1], query, m));
    __m256 cd = _mm256_hadd_ps(group_lanes(row[2], query, m), group_lanes(row[3], query, m));
    __m256 abcd = _mm256_hadd_ps(ab, cd);
    return _mm_add_ps(_mm256_castps256_ps128(abcd), _mm256_extractf128_ps(abcd, 1));
}

#endif
