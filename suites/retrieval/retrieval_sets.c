#include "retrieval_sets.h"

#include "../../harness/base/cpu.h"

const struct set_math *set_math(void) {
    const uint32_t isa = cpu_isa();
    return isa & ISA_AVX512 ? &set_math_avx512 : isa & ISA_AVX2 ? &set_math_avx2 : &set_math_scalar;
}
