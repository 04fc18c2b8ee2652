/* Full attention over an 8-bit cache (suites/kernels/int8_cache.h).
 *
 * The including file defines INT8_VARIANT, INT8_FORM, INT8_BY_CHANNEL, whether a scale of the keys
 * is of a channel, and INT8_SOURCE. */
#include "../../../harness/judge/kernel.h"
#include "../int8_cache.h"
#include "kernel_names.h"

static enum status open_cache(const struct lm_shape *shape, int64_t capacity,
                              const struct attention_params *params, void **state) {
    struct int8_cache *cache;
    const enum status st =
        int8_cache_new(shape, capacity, params->documents, INT8_BY_CHANNEL, &cache);
    *state = cache;
    return st;
}

static enum status observe(void *state, const struct lm_attention_call *call) {
    return int8_cache_observe(state, call);
}

static enum status run(void *state, const struct lm_attention_call *call) {
    return int8_cache_attend(state, call);
}

static size_t cache_bytes(const void *state) {
    const struct int8_cache *cache = state;
    return cache->bytes;
}

static void close_cache(void *state) { int8_cache_free(state); }

static const struct attention_impl impl = {.form = INT8_FORM,
                                           .open = open_cache,
                                           .observe = INT8_BY_CHANNEL ? observe : NULL,
                                           .run = run,
                                           .cache_bytes = cache_bytes,
                                           .close = close_cache};

extern const struct kernel KERNEL_SYMBOL(attention_int8, INT8_VARIANT);
const struct kernel KERNEL_SYMBOL(attention_int8, INT8_VARIANT) = {
    .name = "attention/int8_" KERNEL_TEXT(INT8_VARIANT),
    .operation = "attention",
    .backend = BACKEND_CPU,
    .dtype = "int8",
    .impl = &impl,
    .source = INT8_SOURCE,
    .bound = "as attention/full over the values that the oracle rounds",
};
