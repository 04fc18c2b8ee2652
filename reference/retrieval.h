/* Oracle of retrieval for attention: plain float64 loops over one query and lists of keys.
 * Definitions, section 3. */
#ifndef ATTEST_REFERENCE_RETRIEVAL_H
#define ATTEST_REFERENCE_RETRIEVAL_H

#include <stdint.h>

/* One head's query q (d) over the n >= 1 keys (n, d) that it may read. */
struct ref_retrieval_head {
    double *score;   /* (n) q k_j / sqrt(d) */
    double *terms;   /* (n) sum |q_i k_ji| / sqrt(d), which rounding errors are proportional to */
    double *weights; /* (n) softmax of the scores */
};
void ref_retrieval_weights(const float *q, const float *k, int32_t d, int64_t n,
                           struct ref_retrieval_head *out);

enum ref_retrieval_place { REF_RETRIEVAL_OUT, REF_RETRIEVAL_IN, REF_RETRIEVAL_DOUBT };

/* Which of values (n) are the `kept` largest, among equal ones the first: place (n).  doubt (n) or
 * NULL: each value may be off by that much either way; those that are then among the largest or are
 * not, as it comes, are in doubt.  1 <= kept <= n.  Returns 0, or -1 when memory is refused. */
int ref_retrieval_top(const double *values, const double *doubt, int64_t n, int64_t kept,
                      unsigned char *place);

/* How many of the chosen keys (count), all different, are among the `kept` largest: at least and at
 * most, the same where nothing is in doubt. */
void ref_retrieval_common(const unsigned char *place, int64_t n, int64_t kept,
                          const int32_t *chosen, int64_t count, int64_t *least, int64_t *most);

/* Sum of the chosen keys' weights. */
double ref_retrieval_mass(const double *weights, const int32_t *chosen, int64_t count);

#endif
