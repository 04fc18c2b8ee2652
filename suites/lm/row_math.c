#include "row_math.h"

#include <string.h>

#include "../../harness/base/cpu.h"

const struct row_math *row_math(void) {
    const uint32_t isa = cpu_isa();
    return isa & ISA_AVX512 ? &row_math_avx512 : isa & ISA_AVX2 ? &row_math_avx2 : &row_math_scalar;
}

void row_softmax_chosen(const struct row_math *math, float *row, int64_t n, const int32_t *chosen,
                        int64_t count, float *space) {
    for (int64_t i = 0; i < count; i++) {
        space[i] = row[chosen[i]];
    }
    math->softmax(space, count);
    memset(row, 0, (size_t)n * sizeof *row);
    for (int64_t i = 0; i < count; i++) {
        row[chosen[i]] = space[i];
    }
}
