/* graph/flat_avx2: four vectors at once, one chain of fused multiply-adds each. */
#include <immintrin.h>
#include <stdint.h>

static inline void products(const float *const row[4], const float *query, int32_t stride,
                            float out[4]) {
    __m256 a = _mm256_setzero_ps(), b = a, c = a, d = a;
    for (int32_t i = 0; i < stride; i += 8) {
        const __m256 q = _mm256_load_ps(query + i);
        a = _mm256_fmadd_ps(_mm256_load_ps(row[0] + i), q, a);
        b = _mm256_fmadd_ps(_mm256_load_ps(row[1] + i), q, b);
        c = _mm256_fmadd_ps(_mm256_load_ps(row[2] + i), q, c);
        d = _mm256_fmadd_ps(_mm256_load_ps(row[3] + i), q, d);
    }
    const __m256 sums = _mm256_hadd_ps(_mm256_hadd_ps(a, b), _mm256_hadd_ps(c, d));
    _mm_storeu_ps(out, _mm_add_ps(_mm256_castps256_ps128(sums), _mm256_extractf128_ps(sums, 1)));
}

#define GRAPH_FLAT_VARIANT avx2
#define GRAPH_FLAT_ISA ISA_AVX2
#include "graph_flat_body.h"
