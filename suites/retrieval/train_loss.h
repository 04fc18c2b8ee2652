/* The loss of one layer's search projections over one sequence, and its gradient, in float32. */
#ifndef ATTEST_SUITES_RETRIEVAL_TRAIN_LOSS_H
#define ATTEST_SUITES_RETRIEVAL_TRAIN_LOSS_H

#include "teacher.h"

struct train_shape {
    int32_t hidden, d_search;
    int64_t tokens; /* of the longest sequence */
    float temperature;
};

/* Sums over the queries that count, those that may read two keys or more. */
struct train_loss {
    double contrastive, divergence;
    int64_t queries;
};

/* What a loss is computed in. */
struct train_space;
enum status train_space_new(const struct train_shape *shape, struct train_space **out);
void train_space_free(struct train_space *s);

/* weights, gradient (2, d_search, hidden): of queries, then of keys; x (tokens of the teacher,
 * hidden).  Adds to the loss, and to the gradient that of contrastive + divergence; both are sums:
 * the caller divides by `queries`.  On the caller's thread.  Source: S002; definitions, section 3:
 * -ln(sum_P e^(cos / temperature) / sum e^(cos / temperature)), P the teacher's positives, and
 * KL(teacher || softmax(q k / sqrt(d_search))). */
void train_loss_add(struct train_space *s, const float *weights, const float *x,
                    const struct teacher *teacher, struct train_loss *loss, float *gradient);

#endif
