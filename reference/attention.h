/* Oracle of attention over chosen keys and over values kept as 8-bit integers: plain float64 loops.
 */
#ifndef ATTEST_REFERENCE_ATTENTION_H
#define ATTEST_REFERENCE_ATTENTION_H

#include <stdint.h>

/* One query of one head. */
struct ref_attention_query {
    const double *q; /* (d) */
    const double *k; /* (n, d) */
    const double *v; /* (n, d) */
    int32_t d;
    int64_t n;
    int64_t chosen; /* keys with the largest q k that are read, the first of equal ones; n: all */
    double doubt;   /* times `terms`: scores as near as this to the worst chosen are in doubt;
                     * negative: none are */
};

struct ref_attention_answer {
    double *out;       /* (d) sum of weight times value */
    double *magnitude; /* (d) sum of weight times |value| */
    double *near;      /* (d) how far keys in doubt may move out */
    double *weights;   /* (n) 0 where a key is not chosen */
    double terms;      /* max over all keys of sum |q_i k_i| / sqrt(d) */
    double range;      /* largest score minus smallest, of the chosen */
};

/* Returns 0, or -1 when memory is refused.  The caller owns the answer's arrays. */
int ref_attention_chosen(const struct ref_attention_query *query,
                         struct ref_attention_answer *answer);

/* One query q (d) over all keys k (n, d) with values v (n, d): weights (n) = softmax of q k /
 * sqrt(d), out (d) = sum of weight times value. */
void ref_attention_full(const float *q, const float *k, const float *v, int64_t n, int32_t d,
                        double *weights, double *out);

/* The smallest finite binary16 s with 127 s >= max |x[i * stride]|, i < count. */
double ref_int8_scale(const float *x, int64_t count, int64_t stride);

/* round(x / s) s, to the nearest whole number of steps, ties to even, clipped to 127 steps; 0 where
 * s is 0. */
double ref_int8_round(float x, double scale);

#endif
