#include "scores.h"

#include "../../datasets/half.h"
#include "../../harness/base/cpu.h"
#include "../../harness/judge/kernel.h"
#include "int8_cache.h"

extern const struct kernel kernel_scores_f32_scalar, kernel_scores_f32_avx2,
    kernel_scores_f32_avx512, kernel_scores_f16_scalar, kernel_scores_f16_avx2,
    kernel_scores_f16_avx512, kernel_scores_int8_scalar, kernel_scores_int8_avx2,
    kernel_scores_int8_avx512;

enum { FORMATS = SCORES_INT8 + 1, WIDTHS = 3 };

static const struct kernel *const by_width[FORMATS][WIDTHS] = {
    {&kernel_scores_f32_avx512, &kernel_scores_f32_avx2, &kernel_scores_f32_scalar},
    {&kernel_scores_f16_avx512, &kernel_scores_f16_avx2, &kernel_scores_f16_scalar},
    {&kernel_scores_int8_avx512, &kernel_scores_int8_avx2, &kernel_scores_int8_scalar},
};

const struct scores_impl *scores_best(enum scores_format format) {
    const uint32_t isa = cpu_isa();
    return by_width[format][isa & ISA_AVX512 ? 0 : isa & ISA_AVX2 ? 1 : 2]->impl;
}

size_t scores_value_size(enum scores_format format) {
    static const size_t sizes[] = {sizeof(float), sizeof(uint16_t), sizeof(int8_t)};
    return sizes[format];
}

void scores_pack_int8(const float *keys, int64_t n, int32_t d, int8_t *out, float *scale) {
    for (int64_t j = 0; j < n; j++) {
        scale[j] = half_to_float(int8_cache_quantise(keys + j * d, d, out + j * d));
    }
}
