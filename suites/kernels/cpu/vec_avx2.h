/* Vectors of float32 with AVX2 and FMA, for the bodies that are written over vectors. */
#ifndef ATTEST_SUITES_KERNELS_CPU_VEC_AVX2_H
#define ATTEST_SUITES_KERNELS_CPU_VEC_AVX2_H

#include <immintrin.h>
#include <stdint.h>

typedef __m256 vec;

enum { VEC_WIDTH = 8 };

static inline vec vec_zero(void) { return _mm256_setzero_ps(); }
static inline vec vec_of(float x) { return _mm256_set1_ps(x); }
static inline vec vec_load(const float *p) { return _mm256_loadu_ps(p); }
static inline void vec_store(float *p, vec a) { _mm256_storeu_ps(p, a); }
static inline vec vec_fma(vec a, vec b, vec c) { return _mm256_fmadd_ps(a, b, c); }

static inline float vec_sum(vec a) {
    __m128 sum = _mm_add_ps(_mm256_castps256_ps128(a), _mm256_extractf128_ps(a, 1));
    sum = _mm_add_ps(sum, _mm_movehl_ps(sum, sum));
    return _mm_cvtss_f32(_mm_add_ss(sum, _mm_movehdup_ps(sum)));
}

/* Widened: the bits of binary16, and whole numbers. */
static inline vec vec_load_f16(const uint16_t *p) {
    return _mm256_cvtph_ps(_mm_loadu_si128((const __m128i *)(const void *)p));
}
static inline vec vec_load_int8(const int8_t *p) {
    return _mm256_cvtepi32_ps(_mm256_cvtepi8_epi32(_mm_loadl_epi64((const void *)p)));
}

/* min(a, 0) and max(a, 0); NaN stays NaN. */
static inline vec vec_negative(vec a) { return _mm256_min_ps(vec_zero(), a); }
static inline vec vec_positive(vec a) { return _mm256_max_ps(vec_zero(), a); }

/* A vector's first m < VEC_WIDTH values, zeros behind them; nothing else is touched. */
static inline __m256i vec_first(int32_t m) {
    return _mm256_cmpgt_epi32(_mm256_set1_epi32(m), _mm256_setr_epi32(0, 1, 2, 3, 4, 5, 6, 7));
}

static inline vec vec_load_first(const float *p, int32_t m) {
    return _mm256_maskload_ps(p, vec_first(m));
}

static inline void vec_store_first(float *p, int32_t m, vec a) {
    _mm256_maskstore_ps(p, vec_first(m), a);
}

#endif
