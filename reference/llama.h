/* Oracle of a Llama-architecture model: plain float64 loops, one token and one head after the
 * other. */
#ifndef ATTEST_REFERENCE_LLAMA_H
#define ATTEST_REFERENCE_LLAMA_H

#include <stdint.h>

/* Matrices (outputs, inputs) row-major. */
struct ref_llama_layer {
    const float *attention_norm; /* (hidden) */
    const float *q;              /* (heads * head_dim, hidden) */
    const float *k, *v;          /* (kv_heads * head_dim, hidden) */
    const float *output;         /* (hidden, heads * head_dim) */
    const float *ffn_norm;       /* (hidden) */
    const float *gate, *up;      /* (ffn, hidden) */
    const float *down;           /* (hidden, ffn) */
};

struct ref_llama {
    int32_t layers, heads, kv_heads, head_dim, hidden, ffn, vocabulary;
    double rope_base, epsilon;
    const float *embedding;   /* (vocabulary, hidden) */
    const float *output_norm; /* (hidden) */
    const float *output;      /* (vocabulary, hidden) */
    const struct ref_llama_layer *layer;
};

/* Turns the pairs (2i, 2i + 1) of row (d) by position * base^(-2i / d).
 * Source: Su et al., "RoFormer" (2021), equation 34. */
void ref_rotate(double *row, int32_t d, int64_t position, double base);

/* out (d) = sum_j softmax_j(q k_j / sqrt(d)) v_j over the rows first .. last of k and v, which lie
 * `stride` values apart; first <= last.  weights (last - first + 1) is left holding the softmax. */
void ref_attention(const double *q, const double *k, const double *v, int32_t d, int64_t stride,
                   int64_t first, int64_t last, double *weights, double *out);

/* h (n, hidden) goes through one layer in place.  Token t reads the tokens of its own segment up to
 * itself; positions count from 0 in each segment, whose tokens stand together; segment -1 reads
 * nothing: its attention is 0.  Returns 0, or -1 when memory is refused. */
int ref_llama_layer(const struct ref_llama *m, int32_t layer, const int32_t *segments, int64_t n,
                    double *h);

/* logits (n, vocabulary) behind every token.  Returns 0, or -1 when memory is refused. */
int ref_llama(const struct ref_llama *m, const int32_t *ids, const int32_t *segments, int64_t n,
              double *logits);

#endif
