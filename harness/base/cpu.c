#include "cpu.h"

#include <cpuid.h>
#include <stdbool.h>
#include <sched.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static const char *const isa_names[ISA_COUNT] = {
#define X(name, text) [ISA_INDEX_##name] = (text),
    ISA_LIST(X)
#undef X
};

/* cpuid 7.0 edx: AMX-BF16, AMX-TILE, AMX-INT8; clang 14 has no names for them. */
enum { AMX_BITS = 1 << 22 | 1 << 24 | 1 << 25 };

static uint64_t saved_state(void) {
    uint32_t lo, hi;
    __asm__ volatile("xgetbv" : "=a"(lo), "=d"(hi) : "c"(0));
    return (uint64_t)hi << 32 | lo;
}

static uint32_t detect(void) {
    unsigned a, b, c, d;
    if (!__get_cpuid(1, &a, &b, &c, &d) || !(c & bit_OSXSAVE) || !(c & bit_AVX)) {
        return 0;
    }
    bool fma = (c & bit_FMA) && (c & bit_F16C);
    uint64_t state = saved_state();
    if ((state & 0x6) != 0x6 || !__get_cpuid_count(7, 0, &a, &b, &c, &d)) {
        return 0;
    }
    uint32_t isa = 0;
    if (fma && (b & bit_AVX2)) {
        isa |= ISA_AVX2;
    }
    uint32_t wanted = bit_AVX512F | bit_AVX512BW | bit_AVX512DQ | bit_AVX512VL;
    if ((state & 0xe6) == 0xe6 && (b & wanted) == wanted && (isa & ISA_AVX2)) {
        isa |= ISA_AVX512;
        isa |= (c & bit_AVX512VNNI) ? ISA_VNNI : 0u;
        isa |= (d & AMX_BITS) == AMX_BITS && (state & 0x60000) == 0x60000 ? ISA_AMX : 0u;
        unsigned a1, b1, c1, d1;
        if (__get_cpuid_count(7, 1, &a1, &b1, &c1, &d1) && (a1 & bit_AVX512BF16)) {
            isa |= ISA_BF16;
        }
    }
    return isa;
}

static uint32_t detect_masked(void) {
    const char *mask = getenv("ATTEST_ISA_MASK");
    return detect() & (mask != NULL ? (uint32_t)strtoul(mask, NULL, 0) : ~0u);
}

/* Asked once: a virtual machine takes its time to tell what its CPU is. */
uint32_t cpu_isa(void) {
    enum { KNOWN = 1 << ISA_COUNT };
    static _Atomic uint32_t answer;
    uint32_t isa = atomic_load(&answer);
    if (isa == 0) {
        isa = KNOWN | detect_masked();
        atomic_store(&answer, isa);
    }
    return isa & ~(uint32_t)KNOWN;
}

void cpu_isa_names(uint32_t isa, char *out, size_t size) {
    size_t used = 0;
    out[0] = '\0';
    for (int i = 0; i < ISA_COUNT; i++) {
        if ((isa >> i & 1u) && used < size) {
            int got = snprintf(out + used, size - used, "%s%s", used > 0 ? ", " : "", isa_names[i]);
            used += got > 0 ? (size_t)got : 0;
        }
    }
}

static int cgroup_quota(void) {
    char line[64] = "";
    FILE *f = fopen("/sys/fs/cgroup/cpu.max", "re");
    if (f == NULL) {
        return 0;
    }
    if (fgets(line, sizeof line, f) == NULL) {
        line[0] = '\0';
    }
    fclose(f);
    char *rest; /* "max 100000": no number, no quota */
    long quota = strtol(line, &rest, 10), period = strtol(rest, NULL, 10);
    return quota > 0 && period > 0 ? (int)((quota + period - 1) / period) : 0;
}

int cpu_count(void) {
    cpu_set_t set;
    int n = sched_getaffinity(0, sizeof set, &set) == 0 ? CPU_COUNT(&set) : 1;
    int quota = cgroup_quota();
    n = quota > 0 && quota < n ? quota : n;
    return n > 0 ? n : 1;
}
