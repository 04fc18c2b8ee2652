#include "attention_select.h"

#include "../../harness/base/cpu.h"

attention_select_fn *attention_select(void) {
    const uint32_t isa = cpu_isa();
    return isa & ISA_AVX512 ? attention_select_avx512
           : isa & ISA_AVX2 ? attention_select_avx2
                            : attention_select_scalar;
}
