#include "retrieval_decode_recall.h"

#include <math.h>
#include <string.h>

#include "../../harness/base/memory.h"
#include "retrieval_sets.h"

/* --- the trace -------------------------------------------------------------------------------- */

enum status decode_trace_new(const struct lm_shape *shape, const bool *layers, int64_t prompt,
                             int64_t steps, int64_t words, struct decode_trace *out) {
    const size_t count = (size_t)shape->layers, tokens = (size_t)(prompt + steps);
    *out = (struct decode_trace){.shape = shape,
                                 .layers = layers,
                                 .prompt = prompt,
                                 .steps = steps,
                                 .words = words,
                                 .x = mem_alloc_array(count, sizeof *out->x)};
    out->sets = mem_alloc_array(count * (size_t)steps, (size_t)words * sizeof *out->sets);
    bool ok = out->x != NULL && out->sets != NULL;
    for (size_t i = 0; i < count && ok; i++) {
        if (layers[i]) {
            out->x[i] = mem_alloc_array(tokens, (size_t)shape->hidden * sizeof **out->x);
            ok = out->x[i] != NULL;
        }
    }
    if (!ok) {
        decode_trace_free(out);
    }
    return ok ? ST_OK : ST_SYSTEM;
}

void decode_trace_free(struct decode_trace *t) {
    for (int32_t i = 0; t->x != NULL && i < t->shape->layers; i++) {
        mem_free(t->x[i]);
    }
    mem_free(t->x);
    mem_free(t->sets);
    *t = (struct decode_trace){0};
}

static uint64_t *set_at(const struct decode_trace *t, int32_t layer, int64_t step) {
    return t->sets + (layer * t->steps + step) * t->words;
}

void decode_trace_take(struct decode_trace *t, const struct lm_attention_call *call,
                       const uint64_t *set) {
    const size_t width = (size_t)t->shape->hidden;
    memcpy(t->x[call->layer] + (size_t)call->past * width, call->x,
           (size_t)call->tokens * width * sizeof *call->x);
    if (set != NULL) {
        memcpy(set_at(t, call->layer, call->past - t->prompt), set, (size_t)t->words * sizeof *set);
    }
}

/* --- recall ----------------------------------------------------------------------------------- */

void decode_recall_add(struct decode_recall *r, const uint64_t *grown, const uint64_t *rebuilt,
                       const uint64_t *exact, int64_t words) {
    const struct set_math *math = set_math();
    const double wanted = (double)math->size(exact, words);
    r->grown += (double)math->common(grown, exact, words) / wanted;
    r->rebuilt += (double)math->common(rebuilt, exact, words) / wanted;
    r->queries++;
}

double decode_recall_grown(const struct decode_recall *r) {
    return r->queries == 0 ? NAN : r->grown / (double)r->queries;
}

double decode_recall_rebuilt(const struct decode_recall *r) {
    return r->queries == 0 ? NAN : r->rebuilt / (double)r->queries;
}

/* --- searching again -------------------------------------------------------------------------- */

struct again {
    const struct selector *method;
    void *state;
    uint64_t *sets; /* (steps, words) */
};

/* One document: segment and position are not read, first is 0. */
struct rows {
    int32_t *segment;
    int64_t *first;
};

static enum status search_layer(const struct decode_trace *t, const struct rows *rows,
                                int32_t layer, int64_t budget, int threads, const struct again *a) {
    const struct lm_attention_call call = {.shape = t->shape,
                                           .layer = layer,
                                           .threads = threads,
                                           .tokens = t->prompt + t->steps,
                                           .x = t->x[layer],
                                           .segment = rows->segment,
                                           .position = rows->segment,
                                           .first = rows->first};
    const struct selector_block block = {.t = t->prompt,
                                         .rows = t->steps,
                                         .budget = &budget,
                                         .budgets = 1,
                                         .words = t->words,
                                         .sets = a->sets};
    const enum status st = a->method->begin(a->state, &call);
    return st == ST_OK ? a->method->select(a->state, &call, &block) : st;
}

static enum status open_again(const struct decode_trace *t, const struct selector_params *params,
                              struct again *a) {
    a->sets = mem_alloc_array((size_t)t->steps, (size_t)t->words * sizeof *a->sets);
    return a->sets == NULL ? ST_SYSTEM
                           : a->method->open(t->shape, t->prompt + t->steps, params, &a->state);
}

static void close_again(struct again *a) {
    a->method->close(a->state);
    mem_free(a->sets);
}

static enum status search_layers(const struct decode_trace *t, const struct rows *rows,
                                 const struct again *graph, const struct again *exact,
                                 int64_t budget, int threads, struct decode_recall *out) {
    enum status st = rows->segment == NULL || rows->first == NULL ? ST_SYSTEM : ST_OK;
    for (int32_t layer = 0; layer < t->shape->layers && st == ST_OK; layer++) {
        if (!t->layers[layer]) {
            continue;
        }
        st = search_layer(t, rows, layer, budget, threads, exact);
        st = st == ST_OK ? search_layer(t, rows, layer, budget, threads, graph) : st;
        for (int64_t i = 0; i < t->steps && st == ST_OK; i++) {
            decode_recall_add(out, set_at(t, layer, i), graph->sets + i * t->words,
                              exact->sets + i * t->words, t->words);
        }
    }
    return st;
}

enum status decode_recall_of(const struct decode_trace *t, const struct selector *graph,
                             const struct selector *exact, const struct selector_params *params,
                             int64_t budget, int threads, struct decode_recall *out) {
    const size_t tokens = (size_t)(t->prompt + t->steps);
    struct rows rows = {mem_alloc_array(tokens, sizeof *rows.segment),
                        mem_alloc_array(tokens, sizeof *rows.first)};
    struct again g = {.method = graph}, e = {.method = exact};
    *out = (struct decode_recall){0};
    enum status st = open_again(t, params, &g);
    st = st == ST_OK ? open_again(t, params, &e) : st;
    st = st == ST_OK ? search_layers(t, &rows, &g, &e, budget, threads, out) : st;
    close_again(&g);
    close_again(&e);
    mem_free(rows.segment);
    mem_free(rows.first);
    return st;
}
