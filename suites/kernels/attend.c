#include "attend.h"

#include "../../harness/base/cpu.h"
#include "../../harness/judge/kernel.h"

extern const struct kernel kernel_attend_scalar, kernel_attend_avx2, kernel_attend_avx512;

const struct attend_impl *attend_best(void) {
    const uint32_t isa = cpu_isa();
    return isa & ISA_AVX512 ? kernel_attend_avx512.impl
           : isa & ISA_AVX2 ? kernel_attend_avx2.impl
                            : kernel_attend_scalar.impl;
}
