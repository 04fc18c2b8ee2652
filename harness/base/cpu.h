/* What the CPU can do: ISA bits that kernels ask for, by cpuid and what the OS saves (xgetbv). */
#ifndef ATTEST_HARNESS_CPU_H
#define ATTEST_HARNESS_CPU_H

#include <stddef.h>
#include <stdint.h>

/* bit name, the name in messages; one group is what one compiled file may use */
#define ISA_LIST(X)                                                                                \
    X(AVX2, "AVX2+FMA+F16C")                                                                       \
    X(AVX512, "AVX-512 F/BW/DQ/VL")                                                                \
    X(VNNI, "AVX-512 VNNI")                                                                        \
    X(BF16, "AVX-512 BF16")                                                                        \
    X(AMX, "AMX-INT8/BF16")

enum isa_index {
#define X(name, text) ISA_INDEX_##name,
    ISA_LIST(X)
#undef X
        ISA_COUNT
};

enum isa {
#define X(name, text) ISA_##name = 1 << ISA_INDEX_##name,
    ISA_LIST(X)
#undef X
};

/* Bits of every ISA group usable here.  The environment variable ATTEST_ISA_MASK (a number) clears
 * bits, so that the fallback paths can be tested on a newer machine; the first call reads it. */
uint32_t cpu_isa(void);

/* Names of the bits, comma separated, into out. */
void cpu_isa_names(uint32_t isa, char *out, size_t size);

/* CPUs in this process's affinity mask, bounded by a cgroup quota rounded up; at least 1. */
int cpu_count(void);

#endif
