/* attention/int8_channel: full attention over an 8-bit cache (suites/kernels/int8_cache.h). */
#include "../../../harness/judge/kernel.h"
#include "../int8_cache.h"

static enum status open_cache(const struct lm_shape *shape, int64_t capacity,
                              const struct attention_params *params, void **state) {
    struct int8_cache *cache;
    const enum status st = int8_cache_new(shape, capacity, params->documents, true, &cache);
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

static const struct attention_impl impl = {.form = ATTENTION_INT8_CHANNEL,
                                           .open = open_cache,
                                           .observe = observe,
                                           .run = run,
                                           .cache_bytes = cache_bytes,
                                           .close = close_cache};

extern const struct kernel kernel_attention_int8_channel;
const struct kernel kernel_attention_int8_channel = {
    .name = "attention/int8_channel",
    .operation = "attention",
    .backend = BACKEND_CPU,
    .dtype = "i8",
    .impl = &impl,
    .source = "S003's INT8 cache; Liu et al., \"KIVI\" (2024): keys by channel, values by token",
    .bound = "as attention/full over the values that the oracle rounds",
};
