/* learned: the cosine of learned projections of the layer's input, compared with every key. */
#include "../../harness/base/memory.h"
#include "select_project.h"
#include "select_vectors.h"

struct learned {
    struct select_vectors vectors;
    const struct projection_set *projections;
};

static void close_learned(void *state) {
    struct learned *s = state;
    if (s != NULL) {
        select_vectors_free(&s->vectors);
        mem_free(s);
    }
}

static enum status open_learned(const struct lm_shape *shape, int64_t capacity,
                                const struct selector_params *params, void **state) {
    struct learned *s = mem_alloc(sizeof *s);
    *state = s;
    if (s == NULL) {
        return ST_SYSTEM;
    }
    s->projections = params->projections;
    const enum status st = select_project_fits(s->projections, shape);
    return st == ST_OK
               ? select_vectors_open(&s->vectors, shape->layers, s->projections->d_search, capacity)
               : st;
}

static enum status begin_learned(void *state, const struct lm_attention_call *call) {
    struct learned *s = state;
    return select_vectors_begin(&s->vectors, call,
                                &(struct select_vectors_source){select_project, s->projections});
}

static enum status choose_learned(void *state, const struct lm_attention_call *call,
                                  const struct selector_block *block) {
    const struct learned *s = state;
    return select_vectors_choose(&s->vectors, call, block);
}

extern const struct selector selector_learned;
const struct selector selector_learned = {
    .name = "learned",
    .shared = true,
    .learned = true,
    .source = "S002: cosine of W_q x and W_k x, x the layer's input behind its norm, over all keys",
    .open = open_learned,
    .begin = begin_learned,
    .select = choose_learned,
    .close = close_learned,
};
