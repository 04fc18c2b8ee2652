#include "attend.h"

#include <stdatomic.h>
#include <stddef.h>

#include "../../harness/base/cpu.h"
#include "../../harness/judge/kernel.h"

extern const struct kernel kernel_attend_scalar, kernel_attend_avx2, kernel_attend_avx512;

const struct attend_impl *attend_best(void) {
    /* Asked once: a virtual machine takes its time to tell what its CPU is. */
    static _Atomic(const struct attend_impl *) chosen;
    const struct attend_impl *best = atomic_load(&chosen);
    if (best == NULL) {
        const uint32_t isa = cpu_isa();
        best = isa & ISA_AVX512 ? kernel_attend_avx512.impl
               : isa & ISA_AVX2 ? kernel_attend_avx2.impl
                                : kernel_attend_scalar.impl;
        atomic_store(&chosen, best);
    }
    return best;
}
