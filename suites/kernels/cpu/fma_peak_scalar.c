/* fma_peak/scalar: four SSE2 lanes in eight chains, multiply then add (plain x86-64 has no fused
 * one). */
#include <emmintrin.h>

#include "../../../harness/run/roofline.h"

enum { CHAINS = 8, WIDTH = 4 };

static double run(int64_t steps) {
    __m128 x[CHAINS], one = _mm_set1_ps(1);
    for (int c = 0; c < CHAINS; c++) {
        x[c] = _mm_setzero_ps();
    }
    for (int64_t i = 0; i < steps; i++) {
        __asm__ volatile("" : "+x"(one)); /* opaque: x * 1 must not be folded */
        for (int c = 0; c < CHAINS; c++) {
            x[c] = _mm_add_ps(_mm_mul_ps(x[c], one), one);
        }
    }
    double sum = 0;
    for (int c = 0; c < CHAINS; c++) {
        float lanes[WIDTH];
        _mm_storeu_ps(lanes, x[c]);
        for (int l = 0; l < WIDTH; l++) {
            sum += (double)lanes[l];
        }
    }
    return sum;
}

static const struct peak_impl impl = {CHAINS * WIDTH, run};

extern const struct kernel kernel_fma_peak_scalar;
const struct kernel kernel_fma_peak_scalar = {
    .name = "fma_peak/scalar",
    .operation = "fma_peak",
    .dtype = "f32",
    .impl = &impl,
    .source = "independent chains of multiply and add",
    .bound = "equality",
};
