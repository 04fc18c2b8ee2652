#include "row_math.h"

#include "../../harness/base/cpu.h"

const struct row_math *row_math(void) {
    const uint32_t isa = cpu_isa();
    return isa & ISA_AVX512 ? &row_math_avx512 : isa & ISA_AVX2 ? &row_math_avx2 : &row_math_scalar;
}
