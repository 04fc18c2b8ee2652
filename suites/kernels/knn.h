/* Operation "knn": the k nearest base vectors of each query by squared L2, smaller index on ties.
 *
 * A kernel builds an index once and then answers queries on the calling thread only; the driver
 * (knn_driver.h) spreads queries over threads.  search() must be re-entrant on one index.
 */
#ifndef ATTEST_SUITES_KERNELS_KNN_H
#define ATTEST_SUITES_KERNELS_KNN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "../../harness/base/status.h"
#include "rotation.h"

/* What an index is built from; borrowed, read-only, must outlive the index. */
struct knn_base {
    const float *rows; /* (n,d) row-major */
    const float
        *rotated; /* (n,d) row-major, rows times R; used by pruned kernels, else may be NULL */
    const struct rotation *rotation; /* NULL: identity (rotated == rows) */
    int64_t n;
    int32_t d;
};

struct knn_params {
    int32_t k;
    float eps0;    /* pruned kernels only */
    int32_t delta; /* dimensions per group, pruned kernels only */
};

/* Answers; ids (nq,k), dist (nq,k) ascending by (distance, id).
 * levels: NULL, or (nq, ceil(d/delta)+1) counts of candidates whose last dimension read lies in
 * group g (level 0: never read).  A pruned kernel counts only when asked to. */
struct knn_result {
    int32_t *ids;
    float *dist;
    uint32_t *levels;
    double device_seconds; /* set by device kernels (events); untouched by CPU kernels */
};

struct knn_impl {
    bool pruned;    /* ADSampling: reads rotated, honours eps0 and delta */
    bool vertical;  /* schedule of the vertical oracle instead of the horizontal one */
    bool free_ties; /* among equal distances any id may come back (library kernels) */
    int32_t batch;  /* queries per call that it is meant for; 1: one at a time */
    enum status (*build)(const struct knn_base *base, void **index);
    enum status (*search)(const void *index, const float *queries, int64_t nq,
                          const struct knn_params *params, struct knn_result *out);
    void (*destroy)(void *index);
};

#endif
