/* A KV cache of 8-bit integers with 16-bit scales, and attention over it.
 *
 * A value x is kept as round(x / s), ties to even, with a scale s = max |x| / 127 over the values
 * that share it, rounded up to binary16: no value is clipped, and each is off by at most s / 2.
 * V has a scale a token and KV head; so has K in the token layout.  In the channel layout K has a
 * scale a channel and KV head over all tokens of a document; they are set by a pass before (struct
 * attention_impl, observe), and values beyond what that pass saw are clipped to 127 s.
 * Source: the seed S003 leaves its layout open; both of these fit its ratio (definitions, section
 * 4).  Per-channel keys and per-token values: Liu et al., "KIVI", ICML 2024.
 */
#ifndef ATTEST_SUITES_KERNELS_INT8_CACHE_H
#define ATTEST_SUITES_KERNELS_INT8_CACHE_H

#include "attention.h"

struct int8_cache {
    struct lm_shape shape;
    int64_t capacity, documents;
    bool by_channel;
    size_t bytes;                /* of the four arrays that follow */
    int8_t *k, *v;               /* (layers, kv_heads, capacity, head_dim) */
    uint16_t *k_scale, *v_scale; /* binary16: (layers, kv_heads, capacity); by channel k_scale is
                                  * (layers, kv_heads, documents, head_dim) */
    float *most;                 /* by channel: max |x| seen, as k_scale; else NULL */
    float *k_wide, *v_wide;      /* (kv_heads, capacity, head_dim) one layer, to compute with */
};

/* Room for `capacity` tokens of every layer in up to `documents` segments; ST_SYSTEM: no memory. */
enum status int8_cache_new(const struct lm_shape *shape, int64_t capacity, int64_t documents,
                           bool by_channel, struct int8_cache **out);
void int8_cache_free(struct int8_cache *c);

/* A row x (d) in the token layout: its values in `kept` (d); returns its scale, binary16, infinity
 * where a value is not finite or too large. */
uint16_t int8_cache_quantise(const float *x, int64_t d, int8_t *kept);

/* Takes the call's new keys into the maxima that scales by channel are set from; a call with past
 * == 0 forgets those of its layer.  ST_INPUT: more segments than there is room for. */
enum status int8_cache_observe(struct int8_cache *c, const struct lm_attention_call *call);

/* Keeps the call's new keys and values, and runs lm_attention_full over what is kept.  ST_INPUT: a
 * value that is not finite or too large for a 16-bit scale; more segments than there is room for.
 */
enum status int8_cache_attend(struct int8_cache *c, const struct lm_attention_call *call);

#endif
