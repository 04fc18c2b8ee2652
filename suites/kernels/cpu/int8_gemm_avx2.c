/* int8_gemm/avx2: the magnitude of an activation, which is unsigned, times the weight, whose bits
 * are inverted where the activation is negative: -w - 1, which is short of a w by one magnitude.
 * Two such products are within 2 * 127 * 128 and fit in an int16: nothing saturates.  Inverting
 * takes no cycle of the two multipliers, changing the sign would.  One row at a time over many
 * columns: the magnitude and the mask are worked out once for all of them. */
#include <immintrin.h>
#include <stdint.h>

typedef __m256i vec;

enum { WIDTH = 8, VECTORS = 8, ROWS = 1, BIAS = 0 };
#define TILES(X) X(1)

static inline vec vec_set(int32_t x) { return _mm256_set1_epi32(x); }
static inline vec vec_load(const uint8_t *p) { return _mm256_load_si256((const __m256i *)p); }
static inline void vec_store(int32_t *p, vec x) { _mm256_storeu_si256((__m256i *)p, x); }

static inline vec vec_broadcast(const int8_t *a) {
    int32_t quad;
    __builtin_memcpy(&quad, a, sizeof quad);
    return _mm256_set1_epi32(quad);
}

static inline vec vec_mac(vec sum, vec w, vec a) {
    const vec inverted = _mm256_xor_si256(w, _mm256_cmpgt_epi8(_mm256_setzero_si256(), a));
    const vec pairs = _mm256_maddubs_epi16(_mm256_abs_epi8(a), inverted);
    return _mm256_add_epi32(sum, _mm256_madd_epi16(pairs, _mm256_set1_epi16(1)));
}

/* The magnitudes that the negative activations of a row are short of. */
static inline int32_t start_of(const int8_t *a, int32_t k) {
    int32_t sum = 0;
    for (int32_t i = 0; i < k; i++) {
        sum += a[i] < 0 ? -a[i] : 0;
    }
    return sum;
}

#define GEMM_VARIANT avx2
#define GEMM_ISA ISA_AVX2
#include "int8_gemm_body.h"
