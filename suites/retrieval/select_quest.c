/* quest: whole pages of keys, by an upper bound of q k over each page.
 *
 * Pages are counted from the segment's first key.  The page of the query's own key is always read
 * and counts among the budget's max(1, K / page) pages; the pages before it are complete, so that
 * their bounds are of keys that the query may read and of no other.  With K < page that one page
 * may have more than K keys: then the K latest of them are read. */
#include "../../harness/base/memory.h"
#include "../kernels/pages.h"
#include "key_set.h"
#include "select_space.h"

struct quest {
    int32_t layers, kv_heads, d, page;
    int64_t slots;  /* complete pages that a sequence may have */
    float **bounds; /* (layers) of (kv_heads, slots, 2, d); NULL: the layer was never begun */
    const struct pages_impl *pages;
    struct select_space space;
};

static void close_quest(void *state) {
    struct quest *s = state;
    if (s == NULL) {
        return;
    }
    for (int32_t i = 0; s->bounds != NULL && i < s->layers; i++) {
        mem_free(s->bounds[i]);
    }
    mem_free(s->bounds);
    select_space_free(&s->space);
    mem_free(s);
}

static enum status open_quest(const struct lm_shape *shape, int64_t capacity,
                              const struct selector_params *params, void **state) {
    struct quest *s = mem_alloc(sizeof *s);
    *state = s;
    if (s == NULL) {
        return ST_SYSTEM;
    }
    *s = (struct quest){.layers = shape->layers,
                        .kv_heads = shape->kv_heads,
                        .d = shape->head_dim,
                        .page = params->page,
                        .slots = capacity / params->page,
                        .bounds = mem_alloc_array((size_t)shape->layers, sizeof *s->bounds),
                        .pages = pages_best(),
                        .space = select_space_of(capacity, 1)};
    return s->bounds == NULL ? ST_SYSTEM : ST_OK;
}

/* Where the bounds of a segment's pages begin.  The next segment's first key is n pages or more
 * behind, n the complete pages of this one, so its slots begin behind these. */
static int64_t slot_of(const struct quest *s, int64_t first) { return first / s->page; }

/* The bounds of the page whose last key is `row`. */
static void bound_page(const struct quest *s, const struct lm_attention_call *call, int64_t row) {
    const int64_t from = row + 1 - s->page, d = s->d;
    const int64_t slot = slot_of(s, call->first[row]) + (from - call->first[row]) / s->page;
    for (int64_t kv = 0; kv < s->kv_heads; kv++) {
        pages_bounds(call->k + (kv * call->capacity + from) * d, s->page, s->d, s->page,
                     s->bounds[call->layer] + (kv * s->slots + slot) * 2 * d);
    }
}

static enum status begin_quest(void *state, const struct lm_attention_call *call) {
    struct quest *s = state;
    float **bounds = &s->bounds[call->layer];
    if (*bounds == NULL) {
        *bounds =
            mem_alloc_array((size_t)(s->kv_heads * s->slots), 2 * (size_t)s->d * sizeof **bounds);
    }
    if (*bounds == NULL || select_space_fit(&s->space, call->threads) != ST_OK) {
        return ST_SYSTEM;
    }
    for (int64_t row = call->past; row < call->past + call->tokens; row++) {
        if (call->segment[row] >= 0 && (row + 1 - call->first[row]) % s->page == 0) {
            bound_page(s, call, row);
        }
    }
    return ST_OK;
}

/* Masks of the block's query i; r ranks the pages before its own. */
static enum status choose_pages(const struct quest *s, const struct selector_block *block,
                                int64_t i, int64_t first, int64_t row, struct select_ranking *r) {
    const int64_t last = first + (row - first) / s->page * s->page;
    for (size_t b = block->budgets; b-- > 0;) {
        const int64_t k = block->budget[b], pages = k < s->page ? 1 : k / s->page;
        uint64_t *mask = select_mask(block, b, i);
        const enum status st = select_ranking_narrow(r, pages - 1);
        if (st != ST_OK) {
            return st;
        }
        key_set_add_range(mask, row + 1 - last < k ? last : row + 1 - k, row + 1);
        for (int64_t at = 0; at < r->count; at++) {
            const int64_t from = first + (r->whole ? at : r->index[at]) * s->page;
            key_set_add_range(mask, from, from + s->page);
        }
    }
    return ST_OK;
}

static enum status choose_quest(void *state, const struct lm_attention_call *call,
                                const struct selector_block *block) {
    const struct quest *s = state;
    const int64_t d = s->d, heads = call->shape->heads, kv = block->head / (heads / s->kv_heads);
    const float *bounds = s->bounds[call->layer] + kv * s->slots * 2 * d;
    float *scores = s->space.thread[block->thread].scores;
    enum status st = ST_OK;
    select_clear(block);
    for (int64_t i = 0; i < block->rows && st == ST_OK; i++) {
        const int64_t row = call->past + block->t + i, first = call->first[row];
        const struct pages_call pages = {.q = call->q + ((block->t + i) * heads + block->head) * d,
                                         .bounds = bounds + slot_of(s, first) * 2 * d,
                                         .pages = (row - first) / s->page,
                                         .d = s->d};
        if (call->segment[row] >= 0 && pages.pages > 0) {
            s->pages->run(&pages, scores);
        }
        if (call->segment[row] >= 0) {
            struct select_ranking r =
                select_ranking_of(&s->space, block->thread, scores, pages.pages);
            st = choose_pages(s, block, i, first, row, &r);
        }
    }
    return st;
}

extern const struct selector selector_quest;
const struct selector selector_quest = {
    .name = "quest",
    .source = "Tang et al., \"Quest: Query-Aware Sparsity for Efficient Long-Context LLM "
              "Inference\", ICML 2024, algorithm 1",
    .open = open_quest,
    .begin = begin_quest,
    .select = choose_quest,
    .close = close_quest,
};
