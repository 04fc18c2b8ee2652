/* The k best so far: a list ascending by (distance, id), for candidates that come in order of id.
 */
#ifndef ATTEST_SUITES_KERNELS_CPU_TOPK_H
#define ATTEST_SUITES_KERNELS_CPU_TOPK_H

#include <math.h>
#include <stdint.h>

static inline void topk_clear(int32_t *ids, float *dist, int32_t k) {
    for (int32_t i = 0; i < k; i++) {
        ids[i] = -1;
        dist[i] = INFINITY;
    }
}

/* Inserts a candidate known to be better than dist[k-1]; among equal distances the earlier stays
 * first. */
static inline void topk_insert(int32_t *ids, float *dist, int32_t k, int32_t id, float value) {
    int32_t at = k - 1;
    while (at > 0 && dist[at - 1] > value) {
        dist[at] = dist[at - 1];
        ids[at] = ids[at - 1];
        at--;
    }
    dist[at] = value;
    ids[at] = id;
}

#endif
