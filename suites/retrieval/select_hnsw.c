/* hnsw: the cosine of learned projections, found by a graph search instead of a scan.
 *
 * Each segment has a graph of all its keys so far, those of the call included.  A search is asked
 * for more than K keys, since some that it finds are later than the query and must go:
 * min(n, max(4 K, K + 16)) of a graph of n.  Where none is left, the query's own key is read. */
#include <math.h>
#include <stdatomic.h>

#include "../../harness/base/memory.h"
#include "../../harness/base/workers.h"
#include "../../harness/judge/kernel.h"
#include "../kernels/graph.h"
#include "key_set.h"
#include "select_project.h"
#include "select_vectors.h"

struct segment_graph {
    int64_t first, behind; /* its keys */
    bool full;             /* a later segment follows: it has room for its keys only */
    void *index;
};

struct layer_graphs {
    int64_t count;
    struct segment_graph *graph; /* (capacity) by first key; NULL: the layer was never begun */
};

struct hnsw {
    struct select_vectors vectors;
    struct selector_params params;
    const struct graph_impl *impl;
    int32_t layers;
    int64_t capacity;
    struct layer_graphs *graphs; /* (layers) */
    atomic_uint_fast64_t evaluated[SELECTOR_BUDGETS], present[SELECTOR_BUDGETS];
};

/* --- opening ---------------------------------------------------------------------------------- */

/* Whether it holds a key from row `past` on, or would have no room for one: after the sequence was
 * cut there. */
static bool is_stale(const struct segment_graph *g, int64_t past) {
    return g->behind > past || (g->behind == past && g->full);
}

static void drop_stale(const struct hnsw *s, struct layer_graphs *g, int64_t past) {
    while (g->count > 0 && is_stale(&g->graph[g->count - 1], past)) {
        s->impl->close(g->graph[--g->count].index);
    }
}

static void close_hnsw(void *state) {
    struct hnsw *s = state;
    if (s == NULL) {
        return;
    }
    for (int32_t i = 0; s->graphs != NULL && i < s->layers; i++) {
        drop_stale(s, &s->graphs[i], 0);
        mem_free(s->graphs[i].graph);
    }
    mem_free(s->graphs);
    select_vectors_free(&s->vectors);
    mem_free(s);
}

static enum status open_hnsw(const struct lm_shape *shape, int64_t capacity,
                             const struct selector_params *params, void **state) {
    const struct kernel *kernel = kernel_find(params->graph);
    struct hnsw *s = mem_alloc(sizeof *s);
    *state = s;
    if (s == NULL) {
        return ST_SYSTEM;
    }
    s->params = *params;
    s->layers = shape->layers;
    s->capacity = capacity;
    if (kernel == NULL) {
        return status_set(ST_INPUT, "hnsw: no kernel %s; `attest list` names them", params->graph);
    }
    if (kernel_unavailable(kernel) != NULL) {
        return status_set(ST_SKIP, "%s: %s", params->graph, kernel_unavailable(kernel));
    }
    s->impl = kernel->impl;
    if (s->impl->add == NULL) {
        return status_set(ST_INPUT, "hnsw: %s searches only what another kernel built; take that",
                          params->graph);
    }
    s->graphs = mem_alloc_array((size_t)shape->layers, sizeof *s->graphs);
    const enum status st =
        s->graphs == NULL ? ST_SYSTEM : select_project_fits(params->projections, shape);
    return st != ST_OK ? st
                       : select_vectors_open(&s->vectors, shape->layers,
                                             params->projections->d_search, capacity);
}

/* --- growing ---------------------------------------------------------------------------------- */

struct growing {
    const struct hnsw *state;
    const struct lm_attention_call *call;
    struct segment_graph *graph;
    atomic_int status;
};

static enum status open_graph(const struct hnsw *s, struct segment_graph *g) {
    const struct graph_params params = {.d = s->vectors.d,
                                        .m = s->params.m,
                                        .ef_construction = s->params.ef_construction,
                                        .capacity = (g->full ? g->behind : s->capacity) - g->first,
                                        .seed = s->params.seed};
    return s->impl->open(&params, &g->index);
}

/* On one thread: with several the links would not be the same each time. */
static void grow(void *arg, int64_t item) {
    struct growing *job = arg;
    const struct hnsw *s = job->state;
    struct segment_graph *g = &job->graph[item];
    enum status st = g->index == NULL ? open_graph(s, g) : ST_OK;
    if (st == ST_OK) {
        const int64_t from = g->first + s->impl->size(g->index);
        const float *keys = s->vectors.keys[job->call->layer] + from * s->vectors.d;
        st = s->impl->add(g->index, keys, g->behind - from, 1);
    }
    if (st != ST_OK) {
        atomic_store(&job->status, (int)st);
    }
}

/* Lists the segments that the call's tokens are of, and returns the first of them. */
static int64_t list_segments(struct layer_graphs *g, const struct lm_attention_call *call) {
    const int64_t before = g->count;
    int64_t from = before;
    for (int64_t row = call->past; row < call->past + call->tokens; row++) {
        if (call->segment[row] < 0) {
            continue;
        }
        if (g->count == 0 || g->graph[g->count - 1].first != call->first[row]) {
            if (g->count > before) {
                g->graph[g->count - 1].full = true;
            }
            g->graph[g->count++] = (struct segment_graph){.first = call->first[row]};
        }
        g->graph[g->count - 1].behind = row + 1;
        from = g->count - 1 < from ? g->count - 1 : from;
    }
    return from;
}

static enum status begin_hnsw(void *state, const struct lm_attention_call *call) {
    struct hnsw *s = state;
    struct layer_graphs *g = &s->graphs[call->layer];
    const enum status st = select_vectors_begin(
        &s->vectors, call, &(struct select_vectors_source){select_project, s->params.projections});
    if (g->graph == NULL) {
        g->graph = mem_alloc_array((size_t)s->capacity, sizeof *g->graph);
    }
    if (st != ST_OK || g->graph == NULL) {
        return ST_SYSTEM;
    }
    drop_stale(s, g, call->past);
    const int64_t from = list_segments(g, call);
    struct growing job = {.state = s, .call = call, .graph = g->graph + from};
    workers_run(call->threads, g->count - from, grow, &job);
    return atomic_load(&job.status) == ST_OK
               ? ST_OK
               : status_set(ST_SYSTEM, "%s: no memory for the graphs of layer %d", s->params.graph,
                            (int)call->layer);
}

/* --- searching -------------------------------------------------------------------------------- */

/* The graph of the segment that begins at `first`. */
static const struct segment_graph *graph_of(const struct layer_graphs *g, int64_t first) {
    int64_t low = 0, high = g->count - 1;
    while (low < high) {
        const int64_t middle = low + (high - low) / 2;
        if (g->graph[middle].first < first) {
            low = middle + 1;
        } else {
            high = middle;
        }
    }
    return &g->graph[low];
}

/* What a search found for one query: indices and scores are in the thread's space. */
struct found {
    int64_t asked, count;
    struct graph_counts counts;
};

static enum status search(const struct hnsw *s, const struct segment_graph *g,
                          const struct select_thread *space, const float *query, int64_t asked,
                          bool counted, struct found *out) {
    *out = (struct found){.asked = asked};
    out->count = s->impl->search(g->index, query, asked, s->params.ef, space->index, space->value,
                                 counted ? &out->counts : NULL);
    return out->count < 0 ? ST_SYSTEM : ST_OK;
}

/* The first k that are not later than the query. */
static enum status keep(const struct segment_graph *g, const struct select_thread *space,
                        const struct found *f, int64_t row, int64_t k, uint64_t *mask) {
    int64_t kept = 0;
    for (int64_t i = 0; i < f->count && kept < k; i++) {
        const int64_t key = g->first + space->index[i];
        if (isnan(space->value[i])) {
            return status_set(ST_INPUT, "a key's score is not a number");
        }
        if (key <= row) {
            key_set_add(mask, key);
            kept++;
        }
    }
    if (kept == 0) {
        key_set_add(mask, row);
    }
    return ST_OK;
}

/* One query at all budgets.  The number of candidates that a search keeps, and so what it finds,
 * hangs on the number of vectors asked for: a search for each such number. */
static enum status choose_row(struct hnsw *s, const struct lm_attention_call *call,
                              const struct selector_block *block, int64_t i) {
    const struct select_thread *space = &s->vectors.space.thread[block->thread];
    const int64_t row = call->past + block->t + i;
    const float *query = s->vectors.queries + (block->t + i) * s->vectors.d;
    const struct segment_graph *g = graph_of(&s->graphs[call->layer], call->first[row]);
    const int64_t n = g->behind - g->first;
    struct found f = {.asked = 0};
    enum status st = ST_OK;
    for (size_t b = 0; b < block->budgets && st == ST_OK; b++) {
        const int64_t k = block->budget[b], more = 4 * k > k + 16 ? 4 * k : k + 16;
        const int64_t asked = more < n ? more : n;
        st = asked != f.asked ? search(s, g, space, query, asked, !block->uncounted, &f) : ST_OK;
        st = st == ST_OK ? keep(g, space, &f, row, k, select_mask(block, b, i)) : st;
        atomic_fetch_add(&s->evaluated[b], f.counts.evaluations);
        atomic_fetch_add(&s->present[b], block->uncounted ? 0 : (uint64_t)n);
    }
    return st;
}

static enum status choose_hnsw(void *state, const struct lm_attention_call *call,
                               const struct selector_block *block) {
    enum status st = ST_OK;
    select_clear(block);
    for (int64_t i = 0; i < block->rows && st == ST_OK; i++) {
        if (call->segment[call->past + block->t + i] >= 0) {
            st = choose_row(state, call, block, i);
        }
    }
    return st;
}

static struct selector_counts count_hnsw(const void *state, size_t budget) {
    const struct hnsw *s = state;
    return (struct selector_counts){.evaluated = atomic_load(&s->evaluated[budget]),
                                    .present = atomic_load(&s->present[budget])};
}

extern const struct selector selector_hnsw;
const struct selector selector_hnsw = {
    .name = "hnsw",
    .shared = true,
    .learned = true,
    .source = "S002: one graph a segment over the unit vectors W_k x, over-fetched, then filtered",
    .open = open_hnsw,
    .begin = begin_hnsw,
    .select = choose_hnsw,
    .counts = count_hnsw,
    .close = close_hnsw,
};
