/* attention/full: the language model's own. */
#include "../../../harness/judge/kernel.h"
#include "../attention.h"

static enum status open_nothing(const struct lm_shape *shape, int64_t capacity,
                                const struct attention_params *params, void **state) {
    (void)shape;
    (void)capacity;
    (void)params;
    *state = NULL;
    return ST_OK;
}

static void close_nothing(void *state) { (void)state; }

static const struct attention_impl impl = {
    .form = ATTENTION_FULL, .open = open_nothing, .run = lm_attention_full, .close = close_nothing};

extern const struct kernel kernel_attention_full;
const struct kernel kernel_attention_full = {
    .name = "attention/full",
    .operation = "attention",
    .backend = BACKEND_CPU,
    .dtype = "f32",
    .impl = &impl,
    .source = "Vaswani et al., \"Attention Is All You Need\" (2017), equation 1, with OpenBLAS",
    .bound = "rounding of scores, softmax and weighted sum, from gamma_(d+2) and gamma_(2n+20)",
};
