/* int8_gemm/vnni: vpdpbusd, four products and a sum in every lane, of unsigned times signed values.
 * Weights are the unsigned ones, 128 too large, so activations are read as they are. */
#include <immintrin.h>
#include <stdint.h>

typedef __m512i vec;

enum { WIDTH = 16, VECTORS = 2, ROWS = 8, BIAS = 128 };
#define TILES(X) X(1) X(2) X(3) X(4) X(5) X(6) X(7) X(8)

static inline vec vec_set(int32_t x) { return _mm512_set1_epi32(x); }
static inline vec vec_load(const uint8_t *p) { return _mm512_load_si512(p); }
static inline void vec_store(int32_t *p, vec x) { _mm512_storeu_si512(p, x); }

static inline vec vec_broadcast(const int8_t *a) {
    int32_t quad;
    __builtin_memcpy(&quad, a, sizeof quad);
    return _mm512_set1_epi32(quad);
}

/* At most 255 * 127 * INT8_GEMM_DEPTH, which an int32 holds. */
static inline vec vec_mac(vec sum, vec w, vec a) { return _mm512_dpbusd_epi32(sum, w, a); }

/* What the bias adds to every product of the row. */
static inline int32_t start_of(const int8_t *a, int32_t k) {
    enum { BYTES = 64 };
    const vec bias = _mm512_set1_epi8((char)BIAS);
    vec sum = _mm512_setzero_si512();
    int32_t i = 0;
    for (; i + BYTES <= k; i += BYTES) {
        sum = _mm512_dpbusd_epi32(sum, bias, _mm512_loadu_si512(a + i));
    }
    const __mmask64 left = (__mmask64)((UINT64_C(1) << (k - i)) - 1);
    sum = _mm512_dpbusd_epi32(sum, bias, _mm512_maskz_loadu_epi8(left, a + i));
    return -_mm512_reduce_add_epi32(sum);
}

#define GEMM_VARIANT vnni
#define GEMM_ISA (ISA_AVX512 | ISA_VNNI)
#include "int8_gemm_body.h"
