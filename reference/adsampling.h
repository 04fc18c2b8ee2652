/* Oracle of ADSampling (Gao & Long, SIGMOD 2023): plain float64 loops over rotated vectors.
 *
 * Two schedules, because a pruned search reads what its order of work lets it read: horizontal (one
 * candidate after the other) and vertical (PDX, Kuffo et al., SIGMOD 2025: blocks of candidates).
 */
#ifndef ATTEST_REFERENCE_ADSAMPLING_H
#define ATTEST_REFERENCE_ADSAMPLING_H

#include <stdint.h>

struct ref_ads_params {
    int32_t k;
    double eps0;
    int32_t delta;
    /* vertical schedule: candidates per block; dimensions after which, and share of the block at or
     * below which, survivors are finished one by one */
    int32_t block;
    int32_t vertical_dims;
    double survivor_share;
    /* relative error that a float32 sum of i terms may carry: unit * i; decisions closer than that
     * are counted as ambiguous */
    double unit;
};

struct ref_ads_answer {
    int32_t *ids;     /* k, ascending by (distance, id) */
    double *dist;     /* k */
    uint64_t *levels; /* ceil(d/delta)+1: candidates whose last dimension read lies in group g */
    /* Decisions that rounding could turn; each moves at most one candidate between two levels (or,
     * where a whole block hangs on it, that many). */
    uint64_t ambiguous;
    /* 1 if such a decision concerned a candidate that belongs into the list: then a correct float32
     * kernel may return another set, and the query cannot be judged. */
    int undetermined;
};

/* Both: base (n,d) row-major and query (d) are rotated already; 1 <= k <= n.
 * Definition: after i < d dimensions drop the candidate if
 *   partial >= tau * (i/d) * (1 + eps0/sqrt(i))^2,
 * tau = current k-th best distance, infinite until k are known; at i = d compare with tau itself.
 */
void ref_ads_horizontal(const float *base, int64_t n, int32_t d, const float *query,
                        const struct ref_ads_params *p, struct ref_ads_answer *out);

/* tau is that of a block's start throughout the block, so the first block is read in full.  Within
 * a block all candidates advance group by group until at most survivor_share * block are left or
 * vertical_dims are reached (a dropped candidate is read along until then); then only the survivors
 * go on.  Complete candidates below tau enter the answer in order of index.  Returns 0, or -1 when
 * memory is refused. */
int ref_ads_vertical(const float *base, int64_t n, int32_t d, const float *query,
                     const struct ref_ads_params *p, struct ref_ads_answer *out);

#endif
