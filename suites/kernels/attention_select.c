#include "attention_select.h"

#include <stdatomic.h>
#include <stddef.h>

#include "../../harness/base/cpu.h"

attention_select_fn *attention_select(void) {
    /* Asked once: a virtual machine takes its time to tell what its CPU is. */
    static _Atomic(attention_select_fn *) chosen;
    attention_select_fn *select = atomic_load(&chosen);
    if (select == NULL) {
        const uint32_t isa = cpu_isa();
        select = isa & ISA_AVX512 ? attention_select_avx512
                 : isa & ISA_AVX2 ? attention_select_avx2
                                  : attention_select_scalar;
        atomic_store(&chosen, select);
    }
    return select;
}
