/* Oracle of exact nearest neighbours: plain float64 loops. */
#ifndef ATTEST_REFERENCE_KNN_H
#define ATTEST_REFERENCE_KNN_H

#include <stdint.h>

/* Squared L2 distance of two float32 vectors of d dimensions, summed in index order in float64. */
double ref_l2sq(const float *a, const float *b, int32_t d);

/* The k nearest rows of base (n,d) row-major for each of queries (nq,d) row-major by squared L2;
 * ties go to the smaller index.  ids (nq,k), dist (nq,k) ascending; 1 <= k <= n.
 * Returns 0, or -1 when memory is refused. */
int ref_knn(const float *base, int64_t n, int32_t d, const float *queries, int64_t nq, int32_t k,
            int32_t *ids, double *dist);

#endif
