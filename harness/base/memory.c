#include "memory.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#include "status.h"

enum { LINE = 64, HUGE_PAGE = 2 << 20 };

void *mem_alloc(size_t bytes) {
    size_t unit = bytes >= (size_t)2 * HUGE_PAGE ? HUGE_PAGE : LINE;
    size_t rounded = bytes == 0 ? unit : (bytes + unit - 1) / unit * unit;
    void *p = rounded < bytes ? NULL : aligned_alloc(unit, rounded);
    if (p == NULL) {
        status_set(ST_SYSTEM, "out of memory: %zu bytes refused; use a smaller profile or dataset",
                   bytes);
        return NULL;
    }
    if (unit == HUGE_PAGE) {
        madvise(p, rounded, MADV_HUGEPAGE); /* advice: a refusal costs speed, not correctness */
    }
    memset(p, 0, rounded);
    return p;
}

void *mem_alloc_array(size_t count, size_t size) {
    size_t bytes;
    if (__builtin_mul_overflow(count, size, &bytes)) {
        bytes = SIZE_MAX;
    }
    return mem_alloc(bytes);
}

void mem_free(void *p) { free(p); }
