/* ads_vertical/avx512: the 256 sums of a block live in 16 registers while a group is added. */
#include "group_avx512.h"

#include "../ads_schedule.h"

enum { LANES = 16, VECTORS = ADS_BLOCK / LANES };

static inline void add_dims(const float *block, const float *query, int32_t dims, float *sums) {
    __m512 acc[VECTORS];
    for (int v = 0; v < VECTORS; v++) {
        acc[v] = _mm512_load_ps(sums + v * LANES);
    }
    for (int32_t i = 0; i < dims; i++) {
        const float *x = block + (int64_t)i * ADS_BLOCK;
        __m512 q = _mm512_set1_ps(query[i]);
#pragma GCC unroll 16
        for (int v = 0; v < VECTORS; v++) {
            __m512 t = _mm512_sub_ps(_mm512_load_ps(x + v * LANES), q);
            acc[v] = _mm512_fmadd_ps(t, t, acc[v]);
        }
    }
    for (int v = 0; v < VECTORS; v++) {
        _mm512_store_ps(sums + v * LANES, acc[v]);
    }
}

static inline uint64_t below(const float *sums, float limit) {
    __m512 l = _mm512_set1_ps(limit);
    uint64_t bits = 0;
    for (int v = 0; v < 4; v++) {
        uint64_t mask = _mm512_cmp_ps_mask(_mm512_load_ps(sums + v * LANES), l, _CMP_LT_OQ);
        bits |= mask << (v * LANES);
    }
    return bits;
}

#define ADS_VARIANT avx512
#define ADS_ISA ISA_AVX512
#define ADS_SOURCE "Kuffo et al., SIGMOD 2025 (PDX), with the test of Gao & Long; AVX-512"
#include "ads_vertical_body.h"
