/* Operation "pages": Quest's estimate, an upper bound of q k over each page of keys.
 *
 * score(p) = sum_i max(q_i kmax_pi, q_i kmin_pi).  Source: Tang et al., "Quest: Query-Aware
 * Sparsity for Efficient Long-Context LLM Inference", ICML 2024, algorithm 1.
 */
#ifndef ATTEST_SUITES_KERNELS_PAGES_H
#define ATTEST_SUITES_KERNELS_PAGES_H

#include <stdint.h>

/* Page p's bounds: low (d) then high (d), so that one page is one stretch of memory; all are finite
 * and low <= high. */
struct pages_call {
    const float *q;      /* (d) */
    const float *bounds; /* (pages, 2, d) low, high */
    int64_t pages;
    int32_t d;
};

struct pages_impl {
    /* scores (pages) */
    void (*run)(const struct pages_call *call, float *scores);
};

/* bounds (ceil(n / page), 2, d) of keys (n, d); a last page of fewer keys is of those it has. */
void pages_bounds(const float *keys, int64_t n, int32_t d, int32_t page, float *bounds);

/* The kernel of the widest instruction set that this CPU runs. */
const struct pages_impl *pages_best(void);

#endif
