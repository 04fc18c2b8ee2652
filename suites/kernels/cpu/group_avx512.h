/* Squared L2 over a group of dimensions with AVX-512: one row, or four at once. */
#ifndef ATTEST_SUITES_KERNELS_CPU_GROUP_AVX512_H
#define ATTEST_SUITES_KERNELS_CPU_GROUP_AVX512_H

#include <immintrin.h>
#include <stdbool.h>
#include <stdint.h>

/* (a-b)^2 per lane over m dimensions. One accumulator on purpose: see l2_scan_avx512.c. */
static inline __m512 group_lanes(const float *a, const float *b, int32_t m) {
    __m512 sum = _mm512_setzero_ps();
    int32_t i = 0;
    for (; i + 16 <= m; i += 16) {
        __m512 t = _mm512_sub_ps(_mm512_loadu_ps(a + i), _mm512_loadu_ps(b + i));
        sum = _mm512_fmadd_ps(t, t, sum);
    }
    if (i < m) {
        __mmask16 mask = (__mmask16)((1u << (m - i)) - 1);
        __m512 t =
            _mm512_sub_ps(_mm512_maskz_loadu_ps(mask, a + i), _mm512_maskz_loadu_ps(mask, b + i));
        sum = _mm512_fmadd_ps(t, t, sum);
    }
    return sum;
}

static inline float group_l2sq(const float *a, const float *b, int32_t m) {
    return _mm512_reduce_add_ps(group_lanes(a, b, m));
}

/* Sums of two vectors, interleaved within each 128-bit lane: [a02 b02 a13 b13]. */
static inline __m512 group_pair(__m512 a, __m512 b) {
    return _mm512_add_ps(_mm512_unpacklo_ps(a, b), _mm512_unpackhi_ps(a, b));
}

/* Four rows against one query: one transposing reduction instead of four. */
static inline __m128 group_l2sq_4(const float *const row[4], const float *query, int32_t m) {
    __m512d ab =
        _mm512_castps_pd(group_pair(group_lanes(row[0], query, m), group_lanes(row[1], query, m)));
    __m512d cd =
        _mm512_castps_pd(group_pair(group_lanes(row[2], query, m), group_lanes(row[3], query, m)));
    __m512 abcd = _mm512_add_ps(_mm512_castpd_ps(_mm512_unpacklo_pd(ab, cd)),
                                _mm512_castpd_ps(_mm512_unpackhi_pd(ab, cd)));
    __m256 half = _mm256_add_ps(_mm512_castps512_ps256(abcd), _mm512_extractf32x8_ps(abcd, 1));
    return _mm_add_ps(_mm256_castps256_ps128(half), _mm256_extractf128_ps(half, 1));
}

#endif
