#include "retrieval_sets.h"

#include <stdatomic.h>
#include <stddef.h>

#include "../../harness/base/cpu.h"

const struct set_math *set_math(void) {
    /* Asked once: a virtual machine takes its time to tell what its CPU is. */
    static _Atomic(const struct set_math *) chosen;
    const struct set_math *math = atomic_load(&chosen);
    if (math == NULL) {
        const uint32_t isa = cpu_isa();
        math = isa & ISA_AVX512 ? &set_math_avx512
               : isa & ISA_AVX2 ? &set_math_avx2
                                : &set_math_scalar;
        atomic_store(&chosen, math);
    }
    return math;
}
