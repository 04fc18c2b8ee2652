#include <immintrin.h>

#include "retrieval_sets.h"

enum { LANES = 8 };

/* The values whose bits are set, the others 0. */
static inline __m256 members(const float *row, uint64_t bits) {
    const __m256i each = _mm256_setr_epi32(1, 2, 4, 8, 16, 32, 64, 128);
    const __m256i set = _mm256_and_si256(_mm256_set1_epi32((int)(bits & 0xff)), each);
    const __m256 mask = _mm256_castsi256_ps(_mm256_cmpeq_epi32(set, each));
    return _mm256_and_ps(mask, _mm256_loadu_ps(row));
}

/* Adds half a word's weights, pairs first. */
static inline __m256 half(__m256 sum, const float *row, uint64_t bits) {
    const __m256 a = _mm256_add_ps(members(row, bits), members(row + LANES, bits >> 8));
    const __m256 b = _mm256_add_ps(members(row + (int64_t)2 * LANES, bits >> 16),
                                   members(row + (int64_t)3 * LANES, bits >> 24));
    return _mm256_add_ps(sum, _mm256_add_ps(a, b));
}

static double stretch(const float *row, const uint64_t *set, int64_t words) {
    __m256 low = _mm256_setzero_ps(), high = low;
    double lane[LANES / 2];
    for (int64_t w = 0; w < words; w++) {
        if (set[w] != 0) {
            const float *at = row + w * SET_BITS;
            low = half(low, at, set[w]);
            high = half(high, at + SET_BITS / 2, set[w] >> 32);
        }
    }
    const __m256 all = _mm256_add_ps(low, high);
    _mm256_storeu_pd(lane, _mm256_add_pd(_mm256_cvtps_pd(_mm256_castps256_ps128(all)),
                                         _mm256_cvtps_pd(_mm256_extractf128_ps(all, 1))));
    return lane[0] + lane[1] + (lane[2] + lane[3]);
}

static double mass(const float *row, const uint64_t *set, int64_t words) {
    double sum = 0;
    for (int64_t w = 0; w < words; w += SET_STRETCH) {
        sum +=
            stretch(row + w * SET_BITS, set + w, words - w < SET_STRETCH ? words - w : SET_STRETCH);
    }
    return sum;
}

#define SET_MATH_TABLE set_math_avx2
#include "retrieval_sets_body.h"
