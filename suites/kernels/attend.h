/* Operation "attend": attention of one query over chosen keys, whose rows are gathered from where
 * they lie: softmax(q K_S' / sqrt(d)) V_S.  What a sparse method costs once it has chosen. */
#ifndef ATTEST_SUITES_KERNELS_ATTEND_H
#define ATTEST_SUITES_KERNELS_ATTEND_H

#include <stdint.h>

struct attend_call {
    const float *q;        /* (d) */
    const float *k, *v;    /* (n, d) */
    const int32_t *chosen; /* (count) rows, ascending, each once; NULL: rows 0 .. count - 1 */
    int64_t n, count;      /* count >= 1 */
    int32_t d;             /* any >= 1 */
};

struct attend_impl {
    /* out (d); weights (count): space to work in, and the weights afterwards, which sum to 1.  Rows
     * that are not chosen are not read. */
    void (*run)(const struct attend_call *call, float *weights, float *out);
};

/* The kernel of the widest instruction set that this CPU runs. */
const struct attend_impl *attend_best(void);

#endif
