/* ads_vertical/avx2: a block's 256 sums in four passes of 8 registers. */
#include "group_avx2.h"

#include "../ads_schedule.h"

enum { LANES = 8, VECTORS = 8, PASS = LANES * VECTORS };

static inline void add_dims(const float *block, const float *query, int32_t dims, float *sums) {
    for (int32_t p = 0; p < ADS_BLOCK; p += PASS) {
        __m256 acc[VECTORS];
        for (int v = 0; v < VECTORS; v++) {
            acc[v] = _mm256_load_ps(sums + p + v * LANES);
        }
        for (int32_t i = 0; i < dims; i++) {
            const float *x = block + (int64_t)i * ADS_BLOCK + p;
            __m256 q = _mm256_set1_ps(query[i]);
#pragma GCC unroll 8
            for (int v = 0; v < VECTORS; v++) {
                __m256 t = _mm256_sub_ps(_mm256_load_ps(x + v * LANES), q);
                acc[v] = _mm256_fmadd_ps(t, t, acc[v]);
            }
        }
        for (int v = 0; v < VECTORS; v++) {
            _mm256_store_ps(sums + p + v * LANES, acc[v]);
        }
    }
}

static inline uint64_t below(const float *sums, float limit) {
    __m256 l = _mm256_set1_ps(limit);
    uint64_t bits = 0;
    for (int v = 0; v < VECTORS; v++) {
        __m256 less = _mm256_cmp_ps(_mm256_load_ps(sums + v * LANES), l, _CMP_LT_OQ);
        bits |= (uint64_t)(uint32_t)_mm256_movemask_ps(less) << (v * LANES);
    }
    return bits;
}

#define ADS_VARIANT avx2
#define ADS_ISA ISA_AVX2
#define ADS_SOURCE "Kuffo et al., SIGMOD 2025 (PDX), with the test of Gao & Long; AVX2 and FMA"
#include "ads_vertical_body.h"
