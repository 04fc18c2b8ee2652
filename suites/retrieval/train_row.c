#include "train_row.h"

#include "../../harness/base/cpu.h"

const struct train_row_math *train_row_math(void) {
    const uint32_t isa = cpu_isa();
    return isa & ISA_AVX512 ? &train_row_avx512
           : isa & ISA_AVX2 ? &train_row_avx2
                            : &train_row_scalar;
}
