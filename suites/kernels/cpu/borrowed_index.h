/* Index of kernels that need nothing beyond the base itself: a copy of the struct that points to
 * it. */
#ifndef ATTEST_SUITES_KERNELS_CPU_BORROWED_INDEX_H
#define ATTEST_SUITES_KERNELS_CPU_BORROWED_INDEX_H

#include <stdlib.h>

#include "../knn.h"

static inline enum status borrowed_build(const struct knn_base *base, void **index) {
    struct knn_base *copy = malloc(sizeof *copy);
    if (copy == NULL) {
        return status_set(ST_SYSTEM, "knn: out of memory");
    }
    *copy = *base;
    *index = copy;
    return ST_OK;
}

static inline void borrowed_destroy(void *index) { free(index); }

#endif
