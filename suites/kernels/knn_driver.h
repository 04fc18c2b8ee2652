/* Spreads the queries of a k-NN search over threads; the code that is checked and the code that is
 * timed. */
#ifndef ATTEST_SUITES_KERNELS_KNN_DRIVER_H
#define ATTEST_SUITES_KERNELS_KNN_DRIVER_H

#include "../../harness/judge/kernel.h"
#include "knn.h"

/* Answers queries (nq,d) in calls of at most `batch` (0: what the kernel is meant for), handed to
 * `threads` threads. level_count: entries of out->levels per query (ignored when out->levels is
 * NULL). latencies: NULL, or (nq) seconds each query waited, the whole call's time for queries of
 * one batch. The first error of any call is returned, its line set for the calling thread. */
enum status knn_search(const struct kernel *kernel, const void *index, int32_t d,
                       const float *queries, int64_t nq, const struct knn_params *params,
                       int threads, int32_t batch, int32_t level_count, struct knn_result *out,
                       double *latencies);

#endif
