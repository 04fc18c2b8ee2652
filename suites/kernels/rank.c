#include "rank.h"

#include <stdlib.h>

#include "../../harness/base/memory.h"

struct scored {
    double score;
    int32_t index;
};

static int larger_first(const void *a, const void *b) {
    const struct scored *x = a, *y = b;
    if (x->score != y->score) {
        return x->score > y->score ? -1 : 1;
    }
    return x->index < y->index ? -1 : x->index > y->index;
}

enum status rank_order(const double *scores, int64_t n, int32_t *order) {
    struct scored *rows = mem_alloc_array((size_t)n, sizeof *rows);
    if (rows == NULL) {
        return ST_SYSTEM;
    }
    for (int64_t i = 0; i < n; i++) {
        rows[i] = (struct scored){scores[i], (int32_t)i};
    }
    qsort(rows, (size_t)n, sizeof *rows, larger_first);
    for (int64_t i = 0; i < n; i++) {
        order[i] = rows[i].index;
    }
    mem_free(rows);
    return ST_OK;
}
