/* window: the latest keys, and the first ones of the document, which models keep much weight on. */
#include "../../harness/base/memory.h"
#include "key_set.h"
#include "select_space.h"

struct window {
    int64_t sinks;
};

static enum status open_window(const struct lm_shape *shape, int64_t capacity,
                               const struct selector_params *params, void **state) {
    struct window *s = mem_alloc(sizeof *s);
    (void)shape;
    (void)capacity;
    *state = s;
    if (s == NULL) {
        return ST_SYSTEM;
    }
    s->sinks = params->sinks;
    return ST_OK;
}

static enum status begin_window(void *state, const struct lm_attention_call *call) {
    (void)state;
    (void)call;
    return ST_OK;
}

/* The sinks count among the k keys; the query's own key is always read. */
static void add_window(const struct window *s, int64_t first, int64_t row, int64_t k,
                       uint64_t *mask) {
    const int64_t n = row + 1 - first, sinks = s->sinks < k ? s->sinks : k - 1;
    if (k >= n) {
        key_set_add_range(mask, first, row + 1);
    } else {
        key_set_add_range(mask, first, first + sinks);
        key_set_add_range(mask, row + 1 - (k - sinks), row + 1);
    }
}

static enum status choose_window(void *state, const struct lm_attention_call *call,
                                 const struct selector_block *block) {
    select_clear(block);
    for (int64_t i = 0; i < block->rows; i++) {
        const int64_t row = call->past + block->t + i;
        for (size_t b = 0; b < block->budgets && call->segment[row] >= 0; b++) {
            add_window(state, call->first[row], row, block->budget[b], select_mask(block, b, i));
        }
    }
    return ST_OK;
}

extern const struct selector selector_window;
const struct selector selector_window = {
    .name = "window",
    .shared = true,
    .source =
        "Xiao et al., \"Efficient Streaming Language Models with Attention Sinks\", ICLR 2024",
    .open = open_window,
    .begin = begin_window,
    .select = choose_window,
    .close = mem_free,
};
