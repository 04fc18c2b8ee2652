/* int8_peak/avx2: 6 chains of 8 lanes, four products a lane and step: products of bytes and sums
 * of two in int16, sums of two of those in int32, added to the chain. */
#include <immintrin.h>

#include "../../../harness/base/cpu.h"
#include "../../../harness/run/roofline.h"

enum { CHAINS = 6, WIDTH = 8, PRODUCTS = 4 };

/* Unrolled, or the chains would lie in memory. */
static double run(int64_t steps) {
    __m256i x[CHAINS], one = _mm256_set1_epi8(1), pair = _mm256_set1_epi16(1);
#pragma GCC unroll 6
    for (int c = 0; c < CHAINS; c++) {
        x[c] = _mm256_setzero_si256();
    }
    for (int64_t i = 0; i < steps; i++) {
#pragma GCC unroll 6
        for (int c = 0; c < CHAINS; c++) {
            __asm__ volatile("" : "+x"(one)); /* opaque: each chain multiplies for itself */
            const __m256i twos = _mm256_maddubs_epi16(one, one);
            x[c] = _mm256_add_epi32(x[c], _mm256_madd_epi16(twos, pair));
        }
    }
    double sum = 0;
#pragma GCC unroll 6
    for (int c = 0; c < CHAINS; c++) {
        int32_t lanes[WIDTH];
        _mm256_storeu_si256((__m256i *)lanes, x[c]);
        for (int l = 0; l < WIDTH; l++) {
            sum += lanes[l];
        }
    }
    return sum;
}

static const struct peak_impl impl = {CHAINS * WIDTH * PRODUCTS, run};

extern const struct kernel kernel_int8_peak_avx2;
const struct kernel kernel_int8_peak_avx2 = {
    .name = "int8_peak/avx2",
    .operation = "int8_peak",
    .dtype = "int8",
    .isa = ISA_AVX2,
    .impl = &impl,
    .source = "independent chains of vpmaddubsw, vpmaddwd and vpaddd",
    .bound = "equality",
};
