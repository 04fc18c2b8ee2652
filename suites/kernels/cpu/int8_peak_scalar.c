/* int8_peak/scalar: 6 chains of four SSE2 lanes, two products a lane and step, of int16 (plain
 * x86-64 multiplies no bytes). */
#include <emmintrin.h>

#include "../../../harness/run/roofline.h"

enum { CHAINS = 6, WIDTH = 4, PRODUCTS = 2 };

/* Unrolled, or the chains would lie in memory. */
static double run(int64_t steps) {
    const __m128i one = _mm_set1_epi16(1);
    __m128i x[CHAINS];
#pragma GCC unroll 6
    for (int c = 0; c < CHAINS; c++) {
        x[c] = _mm_setzero_si128();
    }
    for (int64_t i = 0; i < steps; i++) {
#pragma GCC unroll 6
        for (int c = 0; c < CHAINS; c++) {
            /* Of intrinsics GCC 12 makes one product for all chains, or copies each sum. */
            __m128i twos;
            __asm__ volatile("movdqa %2, %1\n\tpmaddwd %2, %1\n\tpaddd %1, %0"
                             : "+x"(x[c]), "=&x"(twos)
                             : "x"(one));
        }
    }
    double sum = 0;
#pragma GCC unroll 6
    for (int c = 0; c < CHAINS; c++) {
        int32_t lanes[WIDTH];
        _mm_storeu_si128((__m128i *)lanes, x[c]);
        for (int l = 0; l < WIDTH; l++) {
            sum += lanes[l];
        }
    }
    return sum;
}

static const struct peak_impl impl = {CHAINS * WIDTH * PRODUCTS, run};

extern const struct kernel kernel_int8_peak_scalar;
const struct kernel kernel_int8_peak_scalar = {
    .name = "int8_peak/scalar",
    .operation = "int8_peak",
    .dtype = "int8",
    .impl = &impl,
    .source = "independent chains of pmaddwd and paddd",
    .bound = "equality",
};
