/* fma_peak/avx512: 24 chains of 16 lanes, enough to cover the latency of two units. */
#include <immintrin.h>

#include "../../../harness/base/cpu.h"
#include "../../../harness/run/roofline.h"

enum { CHAINS = 24, WIDTH = 16 };

static double run(int64_t steps) {
    __m512 x[CHAINS], one = _mm512_set1_ps(1);
    for (int c = 0; c < CHAINS; c++) {
        x[c] = _mm512_setzero_ps();
    }
    for (int64_t i = 0; i < steps; i++) {
        __asm__ volatile("" : "+v"(one)); /* opaque: x * 1 must not be folded */
#pragma GCC unroll 24
        for (int c = 0; c < CHAINS; c++) {
            x[c] = _mm512_fmadd_ps(x[c], one, one);
        }
    }
    double sum = 0;
    for (int c = 0; c < CHAINS; c++) {
        float lanes[WIDTH];
        _mm512_storeu_ps(lanes, x[c]);
        for (int l = 0; l < WIDTH; l++) {
            sum += (double)lanes[l];
        }
    }
    return sum;
}

static const struct peak_impl impl = {CHAINS * WIDTH, run};

extern const struct kernel kernel_fma_peak_avx512;
const struct kernel kernel_fma_peak_avx512 = {
    .name = "fma_peak/avx512",
    .operation = "fma_peak",
    .dtype = "f32",
    .isa = ISA_AVX512,
    .impl = &impl,
    .source = "independent chains of fused multiply-add",
    .bound = "equality",
};
