#include "pages.h"

#include <stddef.h>
#include <string.h>

#include "../../harness/base/cpu.h"
#include "../../harness/judge/kernel.h"

extern const struct kernel kernel_pages_scalar, kernel_pages_avx2, kernel_pages_avx512;

static void widen(const float *key, int32_t d, float *low, float *high) {
    for (int32_t i = 0; i < d; i++) {
        low[i] = key[i] < low[i] ? key[i] : low[i];
        high[i] = key[i] > high[i] ? key[i] : high[i];
    }
}

void pages_bounds(const float *keys, int64_t n, int32_t d, int32_t page, float *bounds) {
    const size_t bytes = (size_t)d * sizeof *bounds;
    for (int64_t j = 0; j < n; j++) {
        float *const low = bounds + j / page * 2 * d, *const high = low + d;
        if (j % page == 0) {
            memcpy(low, keys + j * d, bytes);
            memcpy(high, keys + j * d, bytes);
        } else {
            widen(keys + j * d, d, low, high);
        }
    }
}

const struct pages_impl *pages_best(void) {
    const uint32_t isa = cpu_isa();
    return isa & ISA_AVX512 ? kernel_pages_avx512.impl
           : isa & ISA_AVX2 ? kernel_pages_avx2.impl
                            : kernel_pages_scalar.impl;
}
