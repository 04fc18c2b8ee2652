#include "kernel.h"

#include <stdio.h>
#include <string.h>

#include "../base/cpu.h"

const char *backend_name(enum backend b) {
    static const char *const names[] = {[BACKEND_CPU] = "cpu", [BACKEND_CUDA] = "cuda"};
    return names[b];
}

const struct kernel *kernel_find(const char *name) {
    for (size_t i = 0; kernels[i] != NULL; i++) {
        if (strcmp(kernels[i]->name, name) == 0) {
            return kernels[i];
        }
    }
    return NULL;
}

const char *kernel_unavailable(const struct kernel *k) {
    static _Thread_local char reason[160];
    uint32_t missing = k->isa & ~cpu_isa();
    if (missing != 0) {
        char names[100];
        cpu_isa_names(missing, names, sizeof names);
        snprintf(reason, sizeof reason, "this CPU lacks %s", names);
        return reason;
    }
    return k->unavailable != NULL ? k->unavailable() : NULL;
}

const struct kernel *kernel_widest(const char *beginning) {
    const size_t length = strlen(beginning);
    const struct kernel *best = NULL;
    for (size_t i = 0; kernels[i] != NULL; i++) {
        const struct kernel *k = kernels[i];
        if (strncmp(k->name, beginning, length) == 0 && kernel_unavailable(k) == NULL &&
            (best == NULL || k->isa > best->isa)) {
            best = k;
        }
    }
    return best;
}
