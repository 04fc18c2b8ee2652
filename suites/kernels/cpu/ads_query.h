/* What every ADSampling kernel prepares for one query, and the loop over queries that they share.
 */
#ifndef ATTEST_SUITES_KERNELS_CPU_ADS_QUERY_H
#define ATTEST_SUITES_KERNELS_CPU_ADS_QUERY_H

#include <math.h>
#include <stdbool.h>
#include <stdint.h>
#include <string.h>

#include "../../../harness/base/memory.h"
#include "../knn.h"
#include "topk.h"

/* A search under way: what the inner loops need, kept flat so that it stays in registers. */
struct ads_search {
    const float *query; /* (d) rotated */
    const float *ratio; /* ratio[g]: factor on tau after group g, g = 1 .. levels */
    int32_t d, delta, levels, k;
    int32_t *ids; /* (k) of this query's answer */
    float *dist;
    uint32_t *counts; /* levels of this query, or NULL */
};

/* Factor on tau after i of d dimensions: (i/d) (1 + eps0/sqrt(i))^2, and 1 at i = d (Gao & Long,
 * SIGMOD 2023, section 4; definitions, section 1). */
static inline float ads_ratio(int32_t i, int32_t d, float eps0) {
    double slack = 1 + (double)eps0 / sqrt((double)i);
    return i >= d ? 1.0f : (float)((double)i / (double)d * slack * slack);
}

/* Answers queries one after the other: rotates the query (part of answering it, so inside the timed
 * call) and hands it to `one`. */
static inline __attribute__((always_inline)) enum status
ads_each_query(const struct knn_base *base, const float *queries, int64_t nq,
               const struct knn_params *p, struct knn_result *out,
               void (*one)(const void *index, const struct ads_search *s), const void *index) {
    if (p->delta < 1 || p->delta > base->d || !(p->eps0 >= 0)) {
        return status_set(ST_INPUT, "adsampling: delta %d or eps0 %g out of range for d = %d",
                          p->delta, (double)p->eps0, base->d);
    }
    int32_t levels = (base->d + p->delta - 1) / p->delta;
    float *rotated = mem_alloc_array((size_t)base->d, sizeof(float));
    float *ratio = mem_alloc_array((size_t)levels + 1, sizeof(float));
    for (int32_t g = 1; g <= levels && ratio != NULL; g++) {
        ratio[g] = ads_ratio(g * p->delta, base->d, p->eps0);
    }
    bool ready = rotated != NULL && ratio != NULL;
    for (int64_t q = 0; q < nq && ready; q++) {
        struct ads_search s = {rotated,
                               ratio,
                               base->d,
                               p->delta,
                               levels,
                               p->k,
                               out->ids + q * p->k,
                               out->dist + q * p->k,
                               NULL};
        if (base->rotation != NULL) {
            rotation_apply(base->rotation, queries + q * base->d, rotated);
        } else {
            memcpy(rotated, queries + q * base->d, (size_t)base->d * sizeof(float));
        }
        if (out->levels != NULL) {
            s.counts = out->levels + q * (levels + 1);
            memset(s.counts, 0, ((size_t)levels + 1) * sizeof *s.counts);
        }
        topk_clear(s.ids, s.dist, s.k);
        one(index, &s);
    }
    mem_free(rotated);
    mem_free(ratio);
    return ready ? ST_OK : ST_SYSTEM;
}

#endif
