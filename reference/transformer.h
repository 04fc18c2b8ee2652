/* Oracle of the int8 transformer: each stage of a layer, and the whole network.  Plain float64;
 * what is quantised is rounded as the network says. */
#ifndef ATTEST_REFERENCE_TRANSFORMER_H
#define ATTEST_REFERENCE_TRANSFORMER_H

#include <stdint.h>

#include "attention.h"

/* A row's mean and variance, and the mean of |x|. */
struct ref_moments {
    double mean, variance, magnitude;
};

/* out (d) = (x - mean) / sqrt(variance + 1e-5).  Source: Ba et al. 2016, equation 3, without gain
 * and bias. */
struct ref_moments ref_norm(const double *x, int32_t d, double *out);

/* steps (n) = 127 x / max |x|, not rounded, zeros where all are zero; returns max |x| / 127. */
double ref_quantise(const double *x, int32_t n, double *steps);

/* The nearest whole number, the even one of two. */
double ref_round(double x);

/* x (1 + tanh(sqrt(2 / pi) (x + 0.044715 x^3))) / 2.  Source: Hendrycks and Gimpel 2016. */
double ref_gelu(double x);

/* Keys and values in int8, (rows, d), and a scale for each row and head, (rows, heads). */
struct ref_kept {
    const int8_t *k, *v;
    const double *k_scale, *v_scale;
    int32_t d, heads;
};

/* A query q (d / heads) of one head over the rows first .. last.  Returns 0, or -1 when memory is
 * refused.  The caller owns the answer's arrays. */
int ref_kept_attention(const struct ref_kept *kept, const double *q, int32_t head, int64_t first,
                       int64_t last, struct ref_attention_answer *answer);

/* A network as suites/kernels/transformer.h has it, and which part of it runs. */
struct ref_transformer {
    int32_t seq, d, heads, ffn, logits;
    const int8_t *embedding, *place, *qkv, *out, *up, *down, *head;
    double embedding_scale, qkv_scale, out_scale, up_scale, down_scale, head_scale;
    int32_t first_layer, end_layer, tokens, window;
};

/* logits (logits) behind the last of tokens (seq).  Returns 0, or -1 when memory is refused. */
int ref_transformer(const struct ref_transformer *net, const int32_t *tokens, double *logits);

#endif
