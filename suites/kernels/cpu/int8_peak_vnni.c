/* int8_peak/vnni: 24 chains of 16 lanes, four products a lane and step (vpdpbusd); enough to cover
 * the latency of two units. */
#include <immintrin.h>

#include "../../../harness/base/cpu.h"
#include "../../../harness/run/roofline.h"

enum { CHAINS = 24, WIDTH = 16, PRODUCTS = 4 };

/* Unrolled, or the chains would lie in memory. */
static double run(int64_t steps) {
    const __m512i one = _mm512_set1_epi8(1);
    __m512i x[CHAINS];
#pragma GCC unroll 24
    for (int c = 0; c < CHAINS; c++) {
        x[c] = _mm512_setzero_si512();
    }
    for (int64_t i = 0; i < steps; i++) {
#pragma GCC unroll 24
        for (int c = 0; c < CHAINS; c++) {
            /* Of the intrinsic GCC 12 makes one for all chains, or copies each sum to and fro. */
            __asm__ volatile("vpdpbusd %1, %1, %0" : "+v"(x[c]) : "v"(one));
        }
    }
    double sum = 0;
#pragma GCC unroll 24
    for (int c = 0; c < CHAINS; c++) {
        int32_t lanes[WIDTH];
        _mm512_storeu_si512(lanes, x[c]);
        for (int l = 0; l < WIDTH; l++) {
            sum += lanes[l];
        }
    }
    return sum;
}

static const struct peak_impl impl = {CHAINS * WIDTH * PRODUCTS, run};

extern const struct kernel kernel_int8_peak_vnni;
const struct kernel kernel_int8_peak_vnni = {
    .name = "int8_peak/vnni",
    .operation = "int8_peak",
    .dtype = "int8",
    .isa = ISA_AVX512 | ISA_VNNI,
    .impl = &impl,
    .source = "independent chains of vpdpbusd",
    .bound = "equality",
};
