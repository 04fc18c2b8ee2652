/* attention/int8_token: full attention over an 8-bit cache (suites/kernels/int8_cache.h). */
#include "../../../harness/judge/kernel.h"
#include "../int8_cache.h"

static enum status open_cache(const struct lm_shape *shape, int64_t capacity,
                              const struct attention_params *params, void **state) {
    struct int8_cache *cache;
    const enum status st = int8_cache_new(shape, capacity, params->documents, false, &cache);
    *state = cache;
    return st;
}

static enum status run(void *state, const struct lm_attention_call *call) {
    return int8_cache_attend(state, call);
}

static size_t cache_bytes(const void *state) {
    const struct int8_cache *cache = state;
    return cache->bytes;
}

static void close_cache(void *state) { int8_cache_free(state); }

static const struct attention_impl impl = {.form = ATTENTION_INT8_TOKEN,
                                           .open = open_cache,

                                           .run = run,
                                           .cache_bytes = cache_bytes,
                                           .close = close_cache};

extern const struct kernel kernel_attention_int8_token;
const struct kernel kernel_attention_int8_token = {
    .name = "attention/int8_token",
    .operation = "attention",
    .backend = BACKEND_CPU,
    .dtype = "i8",
    .impl = &impl,
    .source = "S003's INT8 cache; a 16-bit scale a token and KV head, for K and for V",
    .bound = "as attention/full over the values that the oracle rounds",
};
