#include "ads_vertical_index.h"

#include <stdlib.h>

#include "../../../harness/base/memory.h"

static void fill_planes(struct vertical_index *v) {
    const struct knn_base *base = &v->base;
    for (int64_t j = 0; j < base->n; j++) {
        for (int32_t i = 0; i < v->dims; i++) {
            vertical_dimension(v, j / ADS_BLOCK, i)[j % ADS_BLOCK] = base->rotated[j * base->d + i];
        }
    }
}

enum status vertical_build(const struct knn_base *base, void **index) {
    struct vertical_index *v = calloc(1, sizeof *v);
    if (v == NULL) {
        return status_set(ST_SYSTEM, "ads_vertical: out of memory");
    }
    v->base = *base;
    v->blocks = (base->n + ADS_BLOCK - 1) / ADS_BLOCK;
    v->dims = base->d < ADS_VERTICAL_DIMS ? base->d : ADS_VERTICAL_DIMS;
    size_t planes = (size_t)(v->dims + VERTICAL_PLANE - 1) / VERTICAL_PLANE;
    v->planes =
        mem_alloc_array(planes * (size_t)v->blocks, VERTICAL_PLANE * ADS_BLOCK * sizeof(float));
    if (v->planes == NULL) {
        vertical_destroy(v);
        return ST_SYSTEM;
    }
    fill_planes(v);
    *index = v;
    return ST_OK;
}

void vertical_destroy(void *index) {
    struct vertical_index *v = index;
    if (v != NULL) {
        mem_free(v->planes);
        free(v);
    }
}
