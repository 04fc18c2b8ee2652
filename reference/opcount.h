/* Oracle of the operation-count model of candidate scoring (S000), in float64. */
#ifndef ATTEST_REFERENCE_OPCOUNT_H
#define ATTEST_REFERENCE_OPCOUNT_H

#include <stdint.h>

/* Operations per query over N keys of d dimensions:
 * full = N d;  Quest = ceil(N/page) 2 d;  learned HNSW = M ef log2(N) d_search (not rounded). */
double ref_full_ops(int64_t n, int32_t d);
double ref_quest_ops(int64_t n, int32_t page, int32_t d);
double ref_hnsw_ops(int64_t n, int32_t m, int32_t ef, int32_t d_search);

/* Where the two curves cross for good: the smallest N in [2, limit] from which on Quest costs at
 * least as much as HNSW for every larger N up to limit, tried one after the other.  0 if Quest is
 * never cheaper, -1 if it is still cheaper at limit.  (Because pages are whole, Quest's staircase
 * touches the HNSW curve some tokens earlier already: *first is the smallest N >= 2 with Quest >=
 * HNSW.  N = 1 is left out: log2(1) = 0 makes a search free.) */
int64_t ref_crossover(int32_t page, int32_t d, int32_t m, int32_t ef, int32_t d_search,
                      int64_t limit, int64_t *first);

#endif
