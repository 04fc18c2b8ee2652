#include <stdatomic.h>
#include <string.h>

#include "../../harness/base/memory.h"
#include "../../harness/base/workers.h"
#include "../lm/row_math.h"
#include "key_set.h"
#include "retrieval_sets.h"
#include "selector.h"

struct sparse_plug {
    const struct selector *method;
    void *state;
    int64_t capacity, budget;
    bool *layers; /* (shape->layers) */
    const struct row_math *math;
    size_t words;   /* that sets has room for */
    uint64_t *sets; /* (1 or heads, tokens, words) of the call that is computed */
    int threads;    /* that there is space for */
    int32_t *keys;  /* (threads, capacity) */
    float *scores;  /* the same */
};

/* --- opening ---------------------------------------------------------------------------------- */

enum status sparse_plug_open(const struct selector *method, const struct selector_params *params,
                             const struct lm_shape *shape, int64_t capacity, int64_t budget,
                             const bool *layers, struct sparse_plug **out) {
    struct sparse_plug *p = mem_alloc(sizeof *p);
    *out = NULL;
    if (p == NULL) {
        return ST_SYSTEM;
    }
    *p = (struct sparse_plug){.method = method,
                              .capacity = capacity,
                              .budget = budget,
                              .layers = mem_alloc_array((size_t)shape->layers, sizeof *p->layers),
                              .math = row_math()};
    const enum status st = p->layers == NULL
                               ? ST_SYSTEM
                               : selector_open(method, params, layers, shape, capacity, &p->state);
    if (st != ST_OK) {
        sparse_plug_close(p);
        return st;
    }
    memcpy(p->layers, layers, (size_t)shape->layers * sizeof *layers);
    *out = p;
    return ST_OK;
}

void sparse_plug_close(struct sparse_plug *p) {
    if (p != NULL) {
        p->method->close(p->state);
        mem_free(p->layers);
        mem_free(p->sets);
        mem_free(p->keys);
        mem_free(p->scores);
        mem_free(p);
    }
}

/* --- sets ------------------------------------------------------------------------------------- */

static int64_t words_of(const struct lm_attention_call *call) {
    return set_words(call->past + call->tokens);
}

static enum status make_space(struct sparse_plug *p, const struct lm_attention_call *call) {
    const int64_t heads = p->method->shared ? 1 : call->shape->heads;
    const size_t words = (size_t)(heads * call->tokens * words_of(call));
    const int threads = call->threads > 1 ? call->threads : 1;
    if (words > p->words) {
        mem_free(p->sets);
        p->sets = mem_alloc_array(words, sizeof *p->sets);
        p->words = p->sets == NULL ? 0 : words;
    }
    if (threads > p->threads) {
        mem_free(p->keys);
        mem_free(p->scores);
        p->keys = mem_alloc_array((size_t)threads, (size_t)p->capacity * sizeof *p->keys);
        p->scores = mem_alloc_array((size_t)threads, (size_t)p->capacity * sizeof *p->scores);
        p->threads = p->keys == NULL || p->scores == NULL ? 0 : threads;
    }
    return p->words == 0 || p->threads == 0 ? ST_SYSTEM : ST_OK;
}

static const uint64_t *set_of(const struct sparse_plug *p, const struct lm_attention_call *call,
                              int64_t t, int64_t head) {
    return p->sets + ((p->method->shared ? 0 : head) * call->tokens + t) * words_of(call);
}

const uint64_t *sparse_plug_set(const struct sparse_plug *p, const struct lm_attention_call *call,
                                int64_t t, int64_t head) {
    return p->layers[call->layer] ? set_of(p, call, t, head) : NULL;
}

struct choosing {
    const struct sparse_plug *plug;
    const struct lm_attention_call *call;
    int64_t heads, blocks;
    atomic_int_fast64_t next;
    atomic_int status;
};

static enum status choose(const struct choosing *job, int thread, int64_t item) {
    const struct lm_attention_call *call = job->call;
    const int64_t words = words_of(call), head = item % job->heads;
    /* The last queries have the most keys: they go first, as in full attention. */
    const int64_t t = (job->blocks - 1 - item / job->heads) * SELECTOR_ROWS;
    const int64_t left = call->tokens - t;
    const struct selector_block block = {.thread = thread,
                                         .head = head,
                                         .t = t,
                                         .rows = left < SELECTOR_ROWS ? left : SELECTOR_ROWS,
                                         .budget = &job->plug->budget,
                                         .budgets = 1,
                                         .words = words,
                                         .sets =
                                             job->plug->sets + (head * call->tokens + t) * words};
    return job->plug->method->select(job->plug->state, call, &block);
}

/* One item a thread: it takes blocks until none is left. */
static void choose_blocks(void *arg, int64_t thread) {
    struct choosing *job = arg;
    for (;;) {
        const int64_t item = atomic_fetch_add(&job->next, 1);
        if (item >= job->blocks * job->heads) {
            return;
        }
        const enum status st = choose(job, (int)thread, item);
        if (st != ST_OK) {
            atomic_store(&job->status, (int)st);
        }
    }
}

static enum status choose_all(const struct sparse_plug *p, const struct lm_attention_call *call) {
    const int threads = call->threads > 1 ? call->threads : 1;
    struct choosing job = {.plug = p,
                           .call = call,
                           .heads = p->method->shared ? 1 : call->shape->heads,
                           .blocks = (call->tokens + SELECTOR_ROWS - 1) / SELECTOR_ROWS};
    workers_run(threads, threads, choose_blocks, &job);
    return selector_outcome(p->method, call->layer, (enum status)atomic_load(&job.status));
}

/* --- attention -------------------------------------------------------------------------------- */

static void weigh_chosen(void *context, const struct lm_attention_call *call, int thread,
                         int64_t head, int64_t row, float *scores, int64_t keys) {
    const struct sparse_plug *p = context;
    int32_t *chosen = p->keys + thread * p->capacity;
    float *kept = p->scores + thread * p->capacity;
    const int64_t count =
        key_set_list(set_of(p, call, row - call->past, head), call->first[row], row + 1, chosen);
    if (count == keys) {
        p->math->softmax(scores, keys);
        return;
    }
    row_softmax_chosen(p->math, scores, keys, chosen, count, kept);
}

static enum status run_sparse(void *context, const struct lm_attention_call *call) {
    struct sparse_plug *p = context;
    if (!p->layers[call->layer]) {
        return lm_attention_full(NULL, call);
    }
    const struct lm_weighing weighing = {weigh_chosen, p};
    enum status st = make_space(p, call);
    st = st == ST_OK ? p->method->begin(p->state, call) : st;
    st = st == ST_OK ? choose_all(p, call) : st;
    return st == ST_OK ? lm_attention_weighed(&weighing, call) : st;
}

struct lm_attention sparse_plug_attention(struct sparse_plug *p) {
    return (struct lm_attention){run_sparse, p};
}
