/* Weights and small operations of the forward; for suites/lm alone. */
#ifndef ATTEST_SUITES_LM_LM_MODEL_H
#define ATTEST_SUITES_LM_LM_MODEL_H

#include <stddef.h>

#include "lm.h"

/* Matrices (outputs, inputs) row-major. */
struct lm_layer {
    float *attention_norm; /* (hidden) */
    float *qkv;            /* (heads * head_dim + 2 * kv_heads * head_dim, hidden): q, k, v */
    float *output;         /* (hidden, heads * head_dim) */
    float *ffn_norm;       /* (hidden) */
    float *gate_up;        /* (2 * ffn, hidden): gate, up */
    float *down;           /* (hidden, ffn) */
};

struct lm_model {
    struct lm_shape shape;
    float *embedding;   /* (vocabulary, hidden) */
    float *output_norm; /* (hidden) */
    float *output;      /* (vocabulary, hidden); the embedding when tied */
    struct lm_layer *layers;
    float *weights; /* the memory that all of these lie in */
};

/* y (rows, outputs) = x (rows, inputs) w' for w (outputs, inputs); `add`: y += instead. */
void lm_linear(const float *x, const float *w, float *y, int64_t rows, int64_t inputs,
               int64_t outputs, bool add, int threads);

/* y (rows, width) = x / sqrt(mean(x^2) + epsilon) * weight for each row. */
void lm_rmsnorm(const float *x, const float *weight, double epsilon, float *y, int64_t rows,
                int64_t width, int threads);

/* out (2 pairs) = the pairs of `in`, pair i turned by (cosine, sine) i of turns (pairs, 2). */
void lm_rotate(const float *in, const float *turns, int64_t pairs, float *out);

/* Reads the hyperparameters and refuses what the forward does not compute. */
enum status lm_read_shape(const struct gguf *g, struct lm_shape *out);

#endif
