/* Oracle of graph search: plain float64 loops over plain adjacency arrays. */
#ifndef ATTEST_REFERENCE_HNSW_H
#define ATTEST_REFERENCE_HNSW_H

#include <stdint.h>

struct ref_hnsw {
    const float *vectors; /* (n,d) row-major */
    int64_t n;
    int32_t d, levels, entry;
    const int32_t *width;        /* (levels) links of a node on each level */
    const int32_t *const *links; /* (levels) of (n,width); -1 behind the last link */
};

struct ref_hnsw_counts {
    uint64_t evaluations; /* inner products */
    uint64_t lowest;      /* those after the descent */
    uint64_t hops;        /* nodes whose links were read */
    uint64_t links;       /* links that were read */
};

/* Inner product of two float32 vectors of d dimensions, summed in index order in float64. */
double ref_inner_product(const float *a, const float *b, int32_t d);

/* Malkov and Yashunin, algorithm 5, by inner product: a greedy walk on each level above 0, which
 * moves to the best of a node's links, the first of equal ones, while that is better than the node;
 * then algorithm 2 with ef candidates, among equal ones the smaller id first.
 * ids, scores (k), the best first; counts are set.  Returns how many, or -1 when memory is refused.
 */
int64_t ref_hnsw_search(const struct ref_hnsw *g, const float *query, int64_t k, int64_t ef,
                        int32_t *ids, double *scores, struct ref_hnsw_counts *counts);

#endif
