/* Entropies of softmax rows, many queries at once, and how far rounding may take them. */
#ifndef ATTEST_SUITES_ENTROPY_ENTROPY_ROWS_H
#define ATTEST_SUITES_ENTROPY_ENTROPY_ROWS_H

#include <stdint.h>

#include "../../harness/judge/judge.h"

enum { ENTROPY_ROWS = 64 };

/* Consecutive queries of one head, and the keys that they read: query i the first `first` + i. */
struct entropy_rows {
    const float *q; /* (rows, d), query_stride values apart */
    const float *k; /* (first + rows - 1, d), key_stride values apart */
    int64_t query_stride, key_stride;
    int32_t d;
    int64_t rows, first; /* rows <= ENTROPY_ROWS, first >= 1 */
};

/* h (rows): -sum p ln p in nats of p = softmax(q k' / sqrt(d)); logits and exponentials in float32,
 * sums in float64.  scores (rows, first + rows - 1) is space to work in. */
void entropy_of_rows(const struct entropy_rows *r, float *scores, double *h);

/* Rounding bound of an entropy over n keys of d dimensions, near h: logits are off by
 * delta = gamma(d + 4) reach, with reach the largest sum of magnitudes in a logit
 * (ref_entropy); that moves H by at most 2 delta ln n, since dH/dz_i = -p_i (ln p_i + H) and
 * sum p_i |ln p_i + H| <= 2 ln n; and the sums S and T are off by gamma(24) of their
 * terms, which have one sign: gamma(24) (1 + 2 h).  `gamma`: judge_gamma, or judge_gamma_likely. */
double entropy_bound(double (*gamma)(double m), int32_t d, int64_t n, double reach, double h);

/* One row as computed and as the oracle has it. */
struct entropy_sample {
    int64_t n;    /* keys */
    double got;   /* nats */
    double want;  /* nats; */
    double reach; /* ref_entropy */
};

/* Fails beyond the rounding bound, and outside [0, ln n]. */
void entropy_judge(struct judge *j, const char *what, int64_t index, int32_t d,
                   const struct entropy_sample *s);

/* Fails a row that is NaN or outside [0, ln n] by more than sums can be off. */
void entropy_judge_range(struct judge *j, const char *what, int64_t index, int64_t n, double h);

#endif
