/* Operation "attention": one layer's attention over new queries, as the language model asks for it
 * (suites/lm/lm.h), exact or by a rule that saves reading or memory.
 *
 * A kernel's run() is an attention plug, its state the plug's context.  One state serves all layers
 * of one sequence; a call with past == 0 begins a layer's sequence anew.
 */
#ifndef ATTEST_SUITES_KERNELS_ATTENTION_H
#define ATTEST_SUITES_KERNELS_ATTENTION_H

#include <stddef.h>

#include "../lm/lm.h"

enum attention_form {
    ATTENTION_FULL,        /* softmax(q K' / sqrt(d)) V over all keys that a query may read */
    ATTENTION_TOPK,        /* the same over the K of them with the largest q k */
    ATTENTION_INT8_TOKEN,  /* full, K and V kept as int8, a 16-bit scale a token and KV head each */
    ATTENTION_INT8_CHANNEL /* the same, but K has a scale a channel over the segment's tokens */
};

struct attention_params {
    int64_t k;         /* topk: keys a query and head reads; 0: the share */
    double share;      /* topk: K = ceil(share n) of the n keys that a query may read */
    int64_t documents; /* int8_channel: segments that a sequence may have */
};

struct attention_impl {
    enum attention_form form;
    /* Room for `capacity` tokens of every layer. */
    enum status (*open)(const struct lm_shape *shape, int64_t capacity,
                        const struct attention_params *params, void **state);
    /* NULL, or: looks at the keys of a pass that comes before the one that run() serves, from which
     * the scales are set; its calls are those of one sequence, in order. */
    enum status (*observe)(void *state, const struct lm_attention_call *call);
    enum status (*run)(void *state, const struct lm_attention_call *call);
    /* Bytes allocated for the keys and values that run() reads; NULL: it reads the caller's. */
    size_t (*cache_bytes)(const void *state);
    void (*close)(void *state);
};

/* Keys that top-K keeps out of n >= 1. */
int64_t attention_kept(const struct attention_params *params, int64_t n);

#endif
