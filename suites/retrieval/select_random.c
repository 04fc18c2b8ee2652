/* random: K keys drawn at random, the same ones for all heads of a layer; what any method must
 * beat. */
#include "../../datasets/rng.h"
#include "../../harness/base/memory.h"
#include "select_space.h"

struct random {
    uint64_t seed;
    struct select_space space;
};

static void close_random(void *state) {
    struct random *s = state;
    if (s != NULL) {
        select_space_free(&s->space);
        mem_free(s);
    }
}

static enum status open_random(const struct lm_shape *shape, int64_t capacity,
                               const struct selector_params *params, void **state) {
    struct random *s = mem_alloc(sizeof *s);
    (void)shape;
    *state = s;
    if (s == NULL) {
        return ST_SYSTEM;
    }
    *s = (struct random){.seed = params->seed, .space = select_space_of(capacity, 1)};
    return ST_OK;
}

static enum status begin_random(void *state, const struct lm_attention_call *call) {
    struct random *s = state;
    return select_space_fit(&s->space, call->threads);
}

/* 24 bits are exact in float32; of equal ones the smaller key is taken, which hardly ever happens.
 */
static void draw(uint64_t seed, int32_t layer, int64_t row, int64_t n, float *values) {
    for (int64_t i = 0; i < n; i += 4) {
        uint32_t words[4];
        rng_words(seed, (uint32_t)layer, (uint64_t)row, (uint32_t)(i / 4), words);
        for (int64_t j = 0; j < 4 && i + j < n; j++) {
            values[i + j] = (float)(words[j] >> 8);
        }
    }
}

static enum status choose_random(void *state, const struct lm_attention_call *call,
                                 const struct selector_block *block) {
    const struct random *s = state;
    float *values = s->space.thread[block->thread].scores;
    enum status st = ST_OK;
    select_clear(block);
    for (int64_t i = 0; i < block->rows && st == ST_OK; i++) {
        const int64_t row = call->past + block->t + i, first = call->first[row];
        if (call->segment[row] >= 0) {
            draw(s->seed, call->layer, row, row + 1 - first, values);
            st = select_largest(&s->space, block, i, first, values, row + 1 - first);
        }
    }
    return st;
}

extern const struct selector selector_random;
const struct selector selector_random = {
    .name = "random",
    .shared = true,
    .source = "definitions, section 3: uniform without replacement; counter-based, so that a set "
              "depends on seed, layer and row alone",
    .open = open_random,
    .begin = begin_random,
    .select = choose_random,
    .close = close_random,
};
