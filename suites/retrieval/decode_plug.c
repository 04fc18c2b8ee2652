#include "decode_plug.h"

#include <stdatomic.h>
#include <string.h>

#include "../../harness/base/clock.h"
#include "../../harness/base/memory.h"
#include "../../harness/base/workers.h"
#include "../kernels/attend.h"
#include "key_set.h"
#include "retrieval_sets.h"

struct decode_plug {
    const struct selector *method;
    void *state;
    int64_t capacity, budget, words;
    bool *layers; /* (shape->layers) */
    bool uncounted;
    bool sparse;    /* the layer attended last */
    uint64_t *sets; /* (1 or heads, words) */
    const struct attend_impl *attend;
    int threads;     /* that there is space for */
    int32_t *chosen; /* (threads, capacity) */
    float *weights;  /* the same */
    struct decode_seconds seconds;
};

/* --- opening ---------------------------------------------------------------------------------- */

static enum status open_method(struct decode_plug *p, const struct selector_params *params,
                               const bool *layers, const struct lm_shape *shape) {
    const size_t sets = p->method->shared ? 1 : (size_t)shape->heads;
    memcpy(p->layers, layers, (size_t)shape->layers * sizeof *layers);
    p->sets = mem_alloc_array(sets, (size_t)p->words * sizeof *p->sets);
    return p->sets == NULL
               ? ST_SYSTEM
               : selector_open(p->method, params, layers, shape, p->capacity, &p->state);
}

enum status decode_plug_open(const struct selector *method, const struct selector_params *params,
                             int64_t budget, const bool *layers, const struct lm_shape *shape,
                             int64_t capacity, struct decode_plug **out) {
    struct decode_plug *p = mem_alloc(sizeof *p);
    *out = NULL;
    if (p == NULL) {
        return ST_SYSTEM;
    }
    *p = (struct decode_plug){.method = method,
                              .capacity = capacity,
                              .budget = budget,
                              .words = set_words(capacity),
                              .layers = mem_alloc_array((size_t)shape->layers, sizeof *p->layers),
                              .attend = attend_best()};
    enum status st = p->layers == NULL ? ST_SYSTEM : ST_OK;
    st = st == ST_OK && method != NULL ? open_method(p, params, layers, shape) : st;
    if (st != ST_OK) {
        decode_plug_close(p);
        return st;
    }
    *out = p;
    return ST_OK;
}

void decode_plug_close(struct decode_plug *p) {
    if (p != NULL) {
        if (p->method != NULL) {
            p->method->close(p->state);
        }
        mem_free(p->layers);
        mem_free(p->sets);
        mem_free(p->chosen);
        mem_free(p->weights);
        mem_free(p);
    }
}

static enum status make_space(struct decode_plug *p, int threads) {
    if (threads > p->threads) {
        const size_t rows = (size_t)p->capacity;
        mem_free(p->chosen);
        mem_free(p->weights);
        p->chosen = mem_alloc_array((size_t)threads, rows * sizeof *p->chosen);
        p->weights = mem_alloc_array((size_t)threads, rows * sizeof *p->weights);
        p->threads = p->chosen == NULL || p->weights == NULL ? 0 : threads;
    }
    return p->threads == 0 ? ST_SYSTEM : ST_OK;
}

/* --- a decoded token -------------------------------------------------------------------------- */

struct step {
    struct decode_plug *plug;
    const struct lm_attention_call *call;
    atomic_int_fast64_t next;
    atomic_int status;
};

static uint64_t *set_of(const struct decode_plug *p, int64_t head) {
    return p->sets + (p->method->shared ? 0 : head) * p->words;
}

static enum status choose(const struct step *s, int thread, int64_t head) {
    const struct decode_plug *p = s->plug;
    const struct selector_block block = {.thread = thread,
                                         .head = head,
                                         .rows = 1,
                                         .budget = &p->budget,
                                         .budgets = 1,
                                         .uncounted = p->uncounted,
                                         .words = p->words,
                                         .sets = set_of(p, head)};
    return p->method->select(p->state, s->call, &block);
}

static void attend(const struct step *s, int thread, int64_t head) {
    const struct decode_plug *p = s->plug;
    const struct lm_attention_call *c = s->call;
    const int64_t d = c->shape->head_dim, kv = head / (c->shape->heads / c->shape->kv_heads);
    const int64_t row = c->past, first = c->first[row], at = (kv * c->capacity + first) * d;
    int32_t *chosen = p->chosen + thread * p->capacity;
    struct attend_call a = {.q = c->q + head * d,
                            .k = c->k + at,
                            .v = c->v + at,
                            .n = row + 1 - first,
                            .count = row + 1 - first,
                            .d = c->shape->head_dim};
    if (p->sparse) {
        a.chosen = chosen;
        a.count = key_set_list(set_of(p, head), first, row + 1, chosen);
    }
    p->attend->run(&a, p->weights + thread * p->capacity, c->out + head * d);
}

/* One item a thread: it takes heads until none is left. */
static void take_heads(void *arg, int64_t thread) {
    struct step *s = arg;
    const bool own = s->plug->sparse && !s->plug->method->shared;
    for (;;) {
        const int64_t head = atomic_fetch_add(&s->next, 1);
        if (head >= s->call->shape->heads) {
            return;
        }
        const enum status st = own ? choose(s, (int)thread, head) : ST_OK;
        if (st == ST_OK) {
            attend(s, (int)thread, head);
        } else {
            atomic_store(&s->status, (int)st);
        }
    }
}

static enum status attend_heads(struct decode_plug *p, const struct lm_attention_call *call,
                                int threads) {
    struct step s = {.plug = p, .call = call};
    enum status st = p->sparse && p->method->shared ? choose(&s, 0, 0) : ST_OK;
    if (st == ST_OK) {
        workers_run(threads, threads, take_heads, &s);
        st = (enum status)atomic_load(&s.status);
    }
    return selector_outcome(p->method, call->layer, st);
}

static enum status decode(struct decode_plug *p, const struct lm_attention_call *call) {
    const int threads = call->threads > 1 ? call->threads : 1;
    const double begun = clock_seconds();
    enum status st = make_space(p, threads);
    st = st == ST_OK && p->sparse ? p->method->begin(p->state, call) : st;
    p->seconds.insertion += p->sparse ? clock_seconds() - begun : 0;
    if (st == ST_OK && call->segment[call->past] < 0) {
        const size_t width = (size_t)call->shape->heads * (size_t)call->shape->head_dim;
        memset(call->out, 0, width * sizeof *call->out);
    } else if (st == ST_OK) {
        st = attend_heads(p, call, threads);
    }
    p->seconds.attention += clock_seconds() - begun;
    return st;
}

/* --- the plug --------------------------------------------------------------------------------- */

static enum status run_decode(void *context, const struct lm_attention_call *call) {
    struct decode_plug *p = context;
    p->sparse = p->layers[call->layer];
    if (call->tokens == 1) {
        return decode(p, call);
    }
    const enum status st = p->sparse ? p->method->begin(p->state, call) : ST_OK;
    return st == ST_OK ? lm_attention_full(NULL, call) : st;
}

struct lm_attention decode_plug_attention(struct decode_plug *p) {
    return (struct lm_attention){run_decode, p};
}

const uint64_t *decode_plug_set(const struct decode_plug *p, int64_t head) {
    return p->sparse ? set_of(p, head) : NULL;
}

struct decode_seconds decode_plug_seconds(const struct decode_plug *p) {
    return p->seconds;
}

void decode_plug_count(struct decode_plug *p, bool counted) { p->uncounted = !counted; }

struct selector_counts decode_plug_counts(const struct decode_plug *p) {
    return p->method == NULL || p->method->counts == NULL ? (struct selector_counts){0}
                                                          : p->method->counts(p->state, 0);
}
