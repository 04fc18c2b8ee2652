/* graph/flat_avx512: four vectors at once, one chain of fused multiply-adds each. */
#include <immintrin.h>
#include <stdint.h>

/* Both halves of 16 lanes added up. */
static inline __m256 halves(__m512 x) {
    return _mm256_add_ps(_mm512_castps512_ps256(x), _mm512_extractf32x8_ps(x, 1));
}

static inline void products(const float *const row[4], const float *query, int32_t stride,
                            float out[4]) {
    __m512 a = _mm512_setzero_ps(), b = a, c = a, d = a;
    for (int32_t i = 0; i < stride; i += 16) {
        const __m512 q = _mm512_load_ps(query + i);
        a = _mm512_fmadd_ps(_mm512_load_ps(row[0] + i), q, a);
        b = _mm512_fmadd_ps(_mm512_load_ps(row[1] + i), q, b);
        c = _mm512_fmadd_ps(_mm512_load_ps(row[2] + i), q, c);
        d = _mm512_fmadd_ps(_mm512_load_ps(row[3] + i), q, d);
    }
    const __m256 sums =
        _mm256_hadd_ps(_mm256_hadd_ps(halves(a), halves(b)), _mm256_hadd_ps(halves(c), halves(d)));
    _mm_storeu_ps(out, _mm_add_ps(_mm256_castps256_ps128(sums), _mm256_extractf128_ps(sums, 1)));
}

#define GRAPH_FLAT_VARIANT avx512
#define GRAPH_FLAT_ISA ISA_AVX512
#include "graph_flat_body.h"
