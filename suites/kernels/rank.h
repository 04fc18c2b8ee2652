/* Operation "rank": keys in the order of two scores that are the same order in real arithmetic,
 * <u, k> with u = q / |q| and q k / sqrt(d), each computed in one number format.
 *
 * f64 and f32: everything in that format.  bf16 and f16: q and k are rounded to it, u is the
 * rounded q over its norm, rounded again; products are added up in float32, as matrix units do it,
 * and each score is rounded to the format.  A zero q has u = 0.  Source: S003 and its kernel, which
 * ranks by float32 sums rounded to bf16; definitions, section 4.
 */
#ifndef ATTEST_SUITES_KERNELS_RANK_H
#define ATTEST_SUITES_KERNELS_RANK_H

#include <stdint.h>

#include "../../harness/base/status.h"

enum rank_format { RANK_F64, RANK_F32, RANK_BF16, RANK_F16 };

/* One query against n keys. */
struct rank_call {
    const float *q; /* (d) */
    const float *k; /* (n, d) */
    int64_t n;      /* 1 .. 2^31 - 1 */
    int32_t d;
};

/* All (n): the scores, and the keys from the largest to the smallest, among equal ones the smaller
 * index first. */
struct rank_result {
    double *projections; /* <u, k> */
    double *logits;      /* q k / sqrt(d) */
    int32_t *by_projection, *by_logit;
};

struct rank_impl {
    enum rank_format format;
    enum status (*run)(const struct rank_call *call, const struct rank_result *out);
};

/* The order of scores (n); ST_SYSTEM: no memory. */
enum status rank_order(const double *scores, int64_t n, int32_t *order);

#endif
