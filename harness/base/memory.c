#include "memory.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#include "status.h"

enum { LINE = 64, HUGE_PAGE = 2 << 20 };

void mem_prefer_huge_pages(void *p, size_t bytes) {
    const uintptr_t first = ((uintptr_t)p + HUGE_PAGE - 1) / HUGE_PAGE * HUGE_PAGE,
                    end = ((uintptr_t)p + bytes) / HUGE_PAGE * HUGE_PAGE;
    if (first < end) {
        madvise((char *)p + (first - (uintptr_t)p), end - first, MADV_HUGEPAGE);
    }
}

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
        mem_prefer_huge_pages(p, rounded);
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
