/* What every ADSampling kernel prepares for one query: the rotated query and the table of factors. */
#ifndef ATTEST_SUITES_KERNELS_CPU_ADS_QUERY_H
#define ATTEST_SUITES_KERNELS_CPU_ADS_QUERY_H

#include <string.h>

#include "../../../harness/memory.h"
#include "../knn.h"
#include "ads_ratio.h"

struct ads_query {
    float *rotated; /* (d) */
    float *ratio;   /* ratio[g]: factor after group g, g = 1 .. levels */
    int32_t levels;
};

/* The rotation is part of answering a query, so it is done here, inside the timed call. */
static inline enum status ads_query_new(const struct knn_base *base, const struct knn_params *p,
                                        struct ads_query *out)
{
    *out = (struct ads_query){0};
    if (p->delta < 1 || p->delta > base->d || !(p->eps0 >= 0)) {
        return status_set(ST_INPUT, "adsampling: delta %d or eps0 %g out of range for d = %d",
                          p->delta, (double)p->eps0, base->d);
    }
    out->levels = ads_levels(base->d, p->delta);
    out->rotated = mem_alloc_array((size_t)base->d + 16, sizeof(float));
    out->ratio = mem_alloc_array((size_t)out->levels + 1, sizeof(float));
    if (out->rotated == NULL || out->ratio == NULL) {
        mem_free(out->rotated);
        mem_free(out->ratio);
        return ST_SYSTEM;
    }
    for (int32_t g = 1; g <= out->levels; g++) {
        out->ratio[g] = ads_ratio(g * p->delta, base->d, p->eps0);
    }
    return ST_OK;
}

static inline void ads_query_set(const struct knn_base *base, const float *query,
                                 struct ads_query *out)
{
    if (base->rotation != NULL) {
        rotation_apply(base->rotation, query, out->rotated);
    } else {
        memcpy(out->rotated, query, (size_t)base->d * sizeof(float));
    }
}

static inline void ads_query_free(struct ads_query *q)
{
    mem_free(q->rotated);
    mem_free(q->ratio);
}

#endif
