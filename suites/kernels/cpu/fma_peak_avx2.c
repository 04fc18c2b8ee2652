/* fma_peak/avx2: 12 chains of 8 lanes, enough to cover the latency of two units. */
#include <immintrin.h>

#include "../../../harness/base/cpu.h"
#include "../../../harness/run/roofline.h"

enum { CHAINS = 12, WIDTH = 8 };

static double run(int64_t steps) {
    __m256 x[CHAINS], one = _mm256_set1_ps(1);
    for (int c = 0; c < CHAINS; c++) {
        x[c] = _mm256_setzero_ps();
    }
    for (int64_t i = 0; i < steps; i++) {
        __asm__ volatile("" : "+v"(one)); /* opaque: x * 1 must not be folded */
#pragma GCC unroll 12
        for (int c = 0; c < CHAINS; c++) {
            x[c] = _mm256_fmadd_ps(x[c], one, one);
        }
    }
    double sum = 0;
    for (int c = 0; c < CHAINS; c++) {
        float lanes[WIDTH];
        _mm256_storeu_ps(lanes, x[c]);
        for (int l = 0; l < WIDTH; l++) {
            sum += (double)lanes[l];
        }
    }
    return sum;
}

static const struct peak_impl impl = {CHAINS * WIDTH, run};

extern const struct kernel kernel_fma_peak_avx2;
const struct kernel kernel_fma_peak_avx2 = {
    .name = "fma_peak/avx2",
    .operation = "fma_peak",
    .dtype = "f32",
    .isa = ISA_AVX2,
    .impl = &impl,
    .source = "independent chains of fused multiply-add",
    .bound = "equality",
};
