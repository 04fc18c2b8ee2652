/* Vectors of float32 with AVX-512, for the bodies that are written over vectors. */
#ifndef ATTEST_SUITES_KERNELS_CPU_VEC_AVX512_H
#define ATTEST_SUITES_KERNELS_CPU_VEC_AVX512_H

#include <immintrin.h>
#include <stdint.h>

typedef __m512 vec;

enum { VEC_WIDTH = 16 };

static inline vec vec_zero(void) { return _mm512_setzero_ps(); }
static inline vec vec_of(float x) { return _mm512_set1_ps(x); }
static inline vec vec_load(const float *p) { return _mm512_loadu_ps(p); }
static inline void vec_store(float *p, vec a) { _mm512_storeu_ps(p, a); }
static inline vec vec_fma(vec a, vec b, vec c) { return _mm512_fmadd_ps(a, b, c); }
static inline float vec_sum(vec a) { return _mm512_reduce_add_ps(a); }

/* Widened: the bits of binary16, and whole numbers. */
static inline vec vec_load_f16(const uint16_t *p) {
    return _mm512_cvtph_ps(_mm256_loadu_si256((const __m256i *)(const void *)p));
}
static inline vec vec_load_int8(const int8_t *p) {
    return _mm512_cvtepi32_ps(_mm512_cvtepi8_epi32(_mm_loadu_si128((const void *)p)));
}

/* min(a, 0) and max(a, 0); NaN stays NaN. */
static inline vec vec_negative(vec a) { return _mm512_min_ps(vec_zero(), a); }
static inline vec vec_positive(vec a) { return _mm512_max_ps(vec_zero(), a); }

/* A vector's first m < VEC_WIDTH values, zeros behind them; nothing else is touched. */
static inline __mmask16 vec_first(int32_t m) { return (__mmask16)((1U << m) - 1); }

static inline vec vec_load_first(const float *p, int32_t m) {
    return _mm512_maskz_loadu_ps(vec_first(m), p);
}

static inline void vec_store_first(float *p, int32_t m, vec a) {
    _mm512_mask_storeu_ps(p, vec_first(m), a);
}

#endif
