/* raw_qk: the cosine of the heads' mean query and mean key.  It is no upper bound: what one head
 * looks for may vanish in the mean. */
#include "../../harness/base/memory.h"
#include "select_vectors.h"

static void close_raw(void *state) {
    if (state != NULL) {
        select_vectors_free(state);
        mem_free(state);
    }
}

static enum status open_raw(const struct lm_shape *shape, int64_t capacity,
                            const struct selector_params *params, void **state) {
    struct select_vectors *v = mem_alloc(sizeof *v);
    (void)params;
    *state = v;
    return v == NULL ? ST_SYSTEM : select_vectors_open(v, shape->layers, shape->head_dim, capacity);
}

/* out (d) = the mean of `count` vectors, one every `stride`. */
static void mean(const float *x, int32_t count, int64_t stride, int32_t d, float *out) {
    for (int32_t i = 0; i < d; i++) {
        float sum = 0;
        for (int32_t j = 0; j < count; j++) {
            sum += x[j * stride + i];
        }
        out[i] = sum / (float)count;
    }
}

static void write_means(const void *context, const struct lm_attention_call *call, int64_t t,
                        int64_t rows, float *queries, float *keys) {
    const struct lm_shape *shape = call->shape;
    const int32_t d = shape->head_dim, heads = shape->heads;
    (void)context;
    for (int64_t i = 0; i < rows; i++) {
        mean(call->q + (t + i) * heads * d, heads, d, d, queries + i * d);
        mean(call->k + (call->past + t + i) * d, shape->kv_heads, call->capacity * d, d,
             keys + i * d);
    }
}

static enum status begin_raw(void *state, const struct lm_attention_call *call) {
    return select_vectors_begin(state, call, &(struct select_vectors_source){write_means, NULL});
}

static enum status choose_raw(void *state, const struct lm_attention_call *call,
                              const struct selector_block *block) {
    return select_vectors_choose(state, call, block);
}

extern const struct selector selector_raw_qk;
const struct selector selector_raw_qk = {
    .name = "raw_qk",
    .shared = true,
    .source = "S002: cosine of the heads' mean query and mean key, after rotation",
    .open = open_raw,
    .begin = begin_raw,
    .select = choose_raw,
    .close = close_raw,
};
