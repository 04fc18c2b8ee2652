/* Oracle of the operation-count model of candidate scoring (S000), in float64. */
#ifndef ATTEST_REFERENCE_OPCOUNT_H
#define ATTEST_REFERENCE_OPCOUNT_H

#include <stdint.h>

/* Operations per query over N keys of d dimensions:
 * full = N d;  Quest = ceil(N/page) 2 d;  learned HNSW = M ef log2(N) d_search (not rounded). */
double ref_full_ops(int64_t n, int32_t d);
double ref_quest_ops(int64_t n, int32_t page, int32_t d);
double ref_hnsw_ops(int64_t n, int32_t m, int32_t ef, int32_t d_search);

/* Smallest N with 2 <= N <= limit for which Quest costs at least as much as HNSW, tried one after the
 * other; 0 if there is none.  (N = 1 is left out: log2(1) = 0 makes every search free.) */
int64_t ref_crossover(int32_t page, int32_t d, int32_t m, int32_t ef, int32_t d_search,
                      int64_t limit);

#endif
