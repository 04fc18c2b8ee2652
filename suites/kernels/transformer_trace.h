/* What every stage of a pass of the transformer left, for its check. */
#ifndef ATTEST_SUITES_KERNELS_TRANSFORMER_TRACE_H
#define ATTEST_SUITES_KERNELS_TRANSFORMER_TRACE_H

#include <stddef.h>

#include "transformer.h"

/* One layer's arrays, (tokens of the pass, width), in the order in which they come about; width is
 * of a shape *s.  What is quantised has its float rows, _kept and _scale. */
#define TRANSFORMER_STAGES(X)                                                                      \
    X(float, normed, s->d)                                                                         \
    X(int8_t, normed_kept, s->d)                                                                   \
    X(float, normed_scale, 1)                                                                      \
    X(int32_t, qkv_sum, 3 * s->d)                                                                  \
    X(float, qkv, 3 * s->d)                                                                        \
    X(int8_t, k_kept, s->d)                                                                        \
    X(int8_t, v_kept, s->d)                                                                        \
    X(float, k_scale, s->heads)                                                                    \
    X(float, v_scale, s->heads)                                                                    \
    X(float, attended, s->d)                                                                       \
    X(int8_t, attended_kept, s->d)                                                                 \
    X(float, attended_scale, 1)                                                                    \
    X(int32_t, out_sum, s->d)                                                                      \
    X(float, x_attended, s->d)                                                                     \
    X(float, ffn_normed, s->d)                                                                     \
    X(int8_t, ffn_normed_kept, s->d)                                                               \
    X(float, ffn_normed_scale, 1)                                                                  \
    X(int32_t, up_sum, s->ffn)                                                                     \
    X(float, gelu, s->ffn)                                                                         \
    X(int8_t, gelu_kept, s->ffn)                                                                   \
    X(float, gelu_scale, 1)                                                                        \
    X(int32_t, down_sum, s->d)                                                                     \
    X(float, x, s->d)

struct transformer_stages {
#define X(type, name, width) type *name;
    TRANSFORMER_STAGES(X)
#undef X
};

/* Behind the last layer, of the last token. */
struct transformer_last {
    float *normed;       /* (d) */
    int8_t *normed_kept; /* (d) */
    float normed_scale;
    int32_t *sum;  /* (logits) */
    float *logits; /* (logits) */
};

struct transformer_trace {
    struct transformer_shape shape;
    float *x;                          /* (tokens, d) before the first layer */
    struct transformer_stages *layers; /* (layers); a pass fills those that it runs */
    struct transformer_last last;
    unsigned char *memory;
    size_t bytes; /* of memory, in which all arrays lie */
};

/* Room for a pass over the whole prompt, every byte 0xFF.  ST_SYSTEM: no memory. */
enum status transformer_trace_make(const struct transformer_shape *shape,
                                   struct transformer_trace *out);
void transformer_trace_free(struct transformer_trace *t);

#endif
