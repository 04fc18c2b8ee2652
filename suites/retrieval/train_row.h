/* The part of the training loss that lies between matrix products: one query against its keys. */
#ifndef ATTEST_SUITES_RETRIEVAL_TRAIN_ROW_H
#define ATTEST_SUITES_RETRIEVAL_TRAIN_ROW_H

#include <stdint.h>

/* A query q with n >= 1 keys k.  Logits: z = (q k) dot_scale, and c = cos(q, k) / temperature,
 * which is (q k) cosine_scale key_scale. */
struct train_row {
    int64_t n;
    float *products;          /* (n) q k; replaced by the gradient with respect to it, the norms of
                               * q and k held fast */
    const float *key_scale;   /* (n) 1 / |k| */
    float dot_scale;          /* 1 / sqrt(d_search) */
    float cosine_scale;       /* 1 / (|q| temperature) */
    const float *teacher;     /* (n) sums to 1 */
    double entropy;           /* of the teacher, in nats */
    const int32_t *positives; /* (positive_count) keys, 0 .. n - 1 */
    int64_t positive_count;
    float *key_pull; /* (n) increased by the gradient with respect to c, times c: what the norm of
                      * k takes from the loss, times -1 */
    float *space;    /* (2 n) */
};

struct train_row_loss {
    double contrastive; /* -ln(sum over positives of softmax(c)) */
    double divergence;  /* KL(teacher || softmax(z)) */
    double query_pull;  /* as key_pull, summed over the keys */
};

struct train_row_math {
    struct train_row_loss (*row)(const struct train_row *r);
};

extern const struct train_row_math train_row_scalar, train_row_avx2, train_row_avx512;

/* The widest that this CPU runs. */
const struct train_row_math *train_row_math(void);

#endif
