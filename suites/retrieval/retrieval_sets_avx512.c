#include <immintrin.h>

#include "retrieval_sets.h"

enum { LANES = 16 };

/* Adds the i-th quarter of a word's weights; the quarters' sums do not wait for each other. */
static inline __m512 quarter(__m512 sum, const float *row, uint64_t set, int i) {
    const __mmask16 bits = (__mmask16)(set >> (LANES * i));
    return _mm512_mask_add_ps(sum, bits, sum, _mm512_loadu_ps(row + (int64_t)i * LANES));
}

static double stretch(const float *row, const uint64_t *set, int64_t words) {
    __m512 a = _mm512_setzero_ps(), b = a, c = a, d = a;
    for (int64_t w = 0; w < words; w++) {
        const float *at = row + w * SET_BITS;
        a = quarter(a, at, set[w], 0);
        b = quarter(b, at, set[w], 1);
        c = quarter(c, at, set[w], 2);
        d = quarter(d, at, set[w], 3);
    }
    const __m512 all = _mm512_add_ps(_mm512_add_ps(a, b), _mm512_add_ps(c, d));
    const __m512d low = _mm512_cvtps_pd(_mm512_castps512_ps256(all));
    const __m512d high = _mm512_cvtps_pd(_mm512_extractf32x8_ps(all, 1));
    return _mm512_reduce_add_pd(_mm512_add_pd(low, high));
}

static double mass(const float *row, const uint64_t *set, int64_t words) {
    double sum = 0;
    for (int64_t w = 0; w < words; w += SET_STRETCH) {
        sum +=
            stretch(row + w * SET_BITS, set + w, words - w < SET_STRETCH ? words - w : SET_STRETCH);
    }
    return sum;
}

#define SET_MATH_TABLE set_math_avx512
#include "retrieval_sets_body.h"
