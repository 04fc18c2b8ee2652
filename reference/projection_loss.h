/* Oracle of the loss that learned search projections are trained with, and of its gradient: plain
 * float64 loops over one layer and one sequence. */
#ifndef ATTEST_REFERENCE_PROJECTION_LOSS_H
#define ATTEST_REFERENCE_PROJECTION_LOSS_H

#include <stdint.h>

/* Query t may read the keys first[t] .. t, n_t of them.  Queries with n_t <= 1 do not count. */
struct ref_projection_case {
    int64_t tokens;
    int32_t hidden, d_search;
    const double *x;       /* (tokens, hidden) the layer's input behind its norm */
    const int64_t *first;  /* (tokens) */
    const double *teacher; /* (tokens, tokens) row t holds max_h A over the keys it may read */
    double temperature;
    int64_t positives;
};

/* Means over the queries that count: of -ln(sum_P e^(cos / temperature) / sum e^(cos /
 * temperature)), P the `positives` largest of the teacher's row, equal ones by index, all when it
 * has fewer; and of KL(row / sum of row || softmax(q k / sqrt(d_search))).  NaN where none counts.
 */
struct ref_projection_loss {
    double contrastive, divergence;
    int64_t queries;
};

/* teacher (tokens, tokens): max over heads of softmax(q k / sqrt(d)) over the keys a query may
 * read, 0 elsewhere.  q (tokens, heads, d) and k (tokens, kv_heads, d) are rotated. */
void ref_projection_teacher(const double *q, const double *k, int32_t heads, int32_t kv_heads,
                            int32_t d, const int64_t *first, int64_t tokens, double *teacher);

/* The loss under q = wq x, k = wk x, both matrices (d_search, hidden), and the gradient of the sum
 * of its two means, gq and gk shaped as them; NULL: not wanted.  Returns 0, or -1 when memory is
 * refused.  Source: S002; definitions, section 3. */
int ref_projection_loss(const struct ref_projection_case *c, const double *wq, const double *wk,
                        struct ref_projection_loss *loss, double *gq, double *gk);

#endif
