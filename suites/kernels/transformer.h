/* Operation "transformer": one forward pass of a small decoder with int8 weights over a prompt, up
 * to the logits behind its last token.
 *
 * x = s_e (E[token] + P[place]); a layer is
 *   q, k, v = quant(norm(x)) Wqkv';  k and v are kept in int8, a scale a token and head;
 *   x += quant(softmax(q k' / sqrt(d / heads)) v) Wo', over the keys t - window < j <= t;
 *   x += quant(gelu(quant(norm(x)) Wu')) Wd';
 * logits = quant(norm(x of the last token)) Wl'.
 *
 * quant: int8 rows, scale = max|row| / 127, to the nearest, ties to even; a row of zeros has the
 * scale 0.  Products are sums in int32, exact, times both scales.  norm: mean 0 and variance 1
 * (epsilon 1e-5), without gain or bias; gelu in its tanh form.  Floats are float32.
 * Source: S004's tiers; Vaswani et al. 2017; Ba et al., "Layer Normalization" 2016; Hendrycks and
 * Gimpel, "GELUs" 2016; Dettmers et al., "LLM.int8()" 2022 (int8 rows, a scale each).
 */
#ifndef ATTEST_SUITES_KERNELS_TRANSFORMER_H
#define ATTEST_SUITES_KERNELS_TRANSFORMER_H

#include <stdbool.h>
#include <stdint.h>

#include "../../harness/base/status.h"

struct transformer_shape {
    int32_t seq, d, heads, layers, ffn, logits; /* logits is the vocabulary too */
};

/* The matrices of a shape *s: name, rows, width.  qkv has rows of q, then k, then v. */
#define TRANSFORMER_MATRICES(X)                                                                    \
    X(embedding, s->logits, s->d)                                                                  \
    X(place, s->seq, s->d)                                                                         \
    X(qkv, s->layers * 3 * s->d, s->d)                                                             \
    X(out, s->layers * s->d, s->d)                                                                 \
    X(up, s->layers * s->ffn, s->d)                                                                \
    X(down, s->layers * s->d, s->ffn)                                                              \
    X(head, s->logits, s->d)

/* Seeded: every weight uniform among -127 .. 127 without 0; scales keep the variance of a row. */
struct transformer_weights {
    struct transformer_shape shape;
#define X(name, rows, width) int8_t *name;
    TRANSFORMER_MATRICES(X)
#undef X
    float embedding_scale, qkv_scale, out_scale, up_scale, down_scale, head_scale;
};

/* The same bytes on every machine.  ST_INPUT: a size below 1, d no multiple of heads, a product
 * deeper than INT8_GEMM_DEPTH; ST_SYSTEM: no memory. */
enum status transformer_weights_make(const struct transformer_shape *shape, uint64_t seed,
                                     struct transformer_weights *out);
void transformer_weights_free(struct transformer_weights *w);
/* Bytes of the matrices that a pass of `layers` layers and one row of logits multiplies by; rows of
 * the embedding, which are looked up, are left out. */
int64_t transformer_weight_bytes(const struct transformer_shape *shape, int32_t layers);

/* Which part of the network one call runs.  Tokens before the pass's own are not read, nor are
 * their keys and values. */
struct transformer_pass {
    int32_t first_layer, end_layer; /* first_layer <= layer < end_layer */
    int32_t seq;                    /* the prompt's last tokens, at their own places */
    int32_t window;                 /* keys that a query reads, its own included; seq: all */
    bool keep_kv;                   /* writes keys and values into the cache; else beside it */
};

/* What one pass did, counted where it is done. */
struct transformer_counts {
    int64_t gemm_macs, attention_macs; /* multiply-adds */
    int64_t weight_bytes;              /* of the matrices multiplied by, each read once */
    int64_t kv_read_bytes;             /* int8 values and their scales, once for every query */
    int64_t kv_written_bytes;          /* the same, into the cache */
};

struct transformer_trace; /* transformer_trace.h: what every stage of a pass left, for its check */

struct transformer_impl {
    /* Packs the weights, which are not kept; the cache begins empty.  NULL: no memory. */
    void *(*build)(const struct transformer_weights *w);
    /* tokens (seq of the shape); logits (logits).  trace NULL: nothing is kept; counts NULL:
     * nothing is counted, else it is overwritten; neither changes the logits.  On the caller's
     * thread. */
    void (*run)(void *state, const struct transformer_pass *pass, const int32_t *tokens,
                float *logits, struct transformer_trace *trace, struct transformer_counts *counts);
    /* Empties the cache of keys and values: zero bytes. */
    void (*flush)(void *state);
    /* The cache as it is now, for its checks and for evicting it: scales of the keys and of the
     * values, float32, (layers, seq, heads) each, then keys and values, (layers, seq, d) each. */
    const void *(*cache)(const void *state, int64_t *bytes);
    void (*release)(void *state); /* NULL is nothing */
};

#endif
