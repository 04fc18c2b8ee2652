/* The graphs that a group's cells search: each library builds its own, every graph on one thread,
 * so that a rerun builds the same one; a flat search takes over the links of a library's graph. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../../harness/base/clock.h"
#include "../../harness/base/cpu.h"
#include "../../harness/base/workers.h"
#include "crossover.h"
#include "crossover_metrics.h"

enum { LAST_MOST = 1000 };

/* The last hundredth, at most 1000: what an insertion costs a graph of that size. */
static int64_t last_vectors(int64_t n) {
    const int64_t share = (n + 99) / 100;
    return share < LAST_MOST ? share : LAST_MOST;
}

static struct graph_params params_of(const struct crossover_group *s, int32_t m, int64_t ef) {
    return (struct graph_params){.d = s->data.d_search,
                                 .m = m,
                                 .ef_construction = (int32_t)ef,
                                 .capacity = s->data.plan.n,
                                 .seed = s->data.plan.seed};
}

static enum status construction_of(const struct crossover_group *s, int64_t *ef) {
    return run_setting_integer(s->run, "ef_construction", 1, 10000, ef);
}

/* --- building --------------------------------------------------------------------------------- */

static enum status build_one(const struct crossover_group *s, const struct graph_impl *impl,
                             const struct graph_params *params, int32_t set,
                             struct crossover_graph *g) {
    const int64_t n = s->data.plan.n, last = last_vectors(n), d = s->data.d_search;
    const float *vectors = s->data.search_k + set * n * d;
    const double start = clock_seconds();
    enum status st = impl->open(params, &g->index[set]);
    st = st == ST_OK && n > last ? impl->add(g->index[set], vectors, n - last, 1) : st;
    const double before = clock_seconds();
    st = st == ST_OK ? impl->add(g->index[set], vectors + (n - last) * d, last, 1) : st;
    const double now = clock_seconds();
    g->build_s = crossover_build_s(g->build_s, before - start, now - before);
    g->insert_us += crossover_insert_us(now - before, last) / s->data.graphs;
    return st;
}

static enum status adopt_one(const struct crossover_group *s, const struct crossover_graph *from,
                             const struct graph_params *params, int32_t set,
                             struct crossover_graph *g) {
    const struct graph_impl *impl = g->kernel->impl, *source = from->kernel->impl;
    const int64_t size = s->data.plan.n * s->data.d_search;
    struct graph_links links = {0};
    const double start = clock_seconds();
    enum status st = source->links(from->index[set], &links);
    st = st == ST_OK ? impl->adopt(params, &links, s->data.search_k + set * size, &g->index[set])
                     : st;
    graph_links_free(&links);
    g->build_s += clock_seconds() - start;
    return st;
}

/* Place of a graph; graph_count: there is none. */
static size_t find(const struct crossover_group *s, const struct kernel *kernel, int64_t m) {
    size_t i = 0;
    while (i < s->graph_count && !(s->graphs[i].kernel == kernel && s->graphs[i].m == m)) {
        i++;
    }
    return i;
}

/* A graph that cells search, to be built or taken over from another; NULL with status_set. */
static struct crossover_graph *declare(struct crossover_group *s, const struct kernel *kernel,
                                       int32_t m, const struct crossover_graph *from) {
    const size_t place = find(s, kernel, m);
    if (place < s->graph_count) {
        return &s->graphs[place];
    }
    if (place == CROSSOVER_GRAPHS) {
        status_set(ST_SYSTEM, "crossover: more than %d graphs", CROSSOVER_GRAPHS);
        return NULL;
    }
    struct crossover_graph *g = &s->graphs[place];
    *g = (struct crossover_graph){.kernel = kernel, .m = m, .from = from};
    g->index = calloc((size_t)s->data.graphs, sizeof *g->index);
    if (g->index == NULL) {
        status_set(ST_SYSTEM, "out of memory");
        return NULL;
    }
    s->graph_count++;
    return g;
}

struct build_job {
    struct crossover_group *s;
    int64_t ef;
    enum status status[CROSSOVER_GRAPHS];
    char why[CROSSOVER_GRAPHS][CELL_REASON]; /* a worker's message is its own */
};

static void build_graph(void *arg, int64_t item) {
    struct build_job *job = arg;
    struct crossover_graph *g = &job->s->graphs[item];
    const struct graph_params params = params_of(job->s, g->m, job->ef);
    enum status st = ST_OK;
    for (int32_t set = 0; set < job->s->data.graphs && st == ST_OK && g->from == NULL; set++) {
        st = build_one(job->s, g->kernel->impl, &params, set, g);
    }
    job->status[item] = st;
    if (st != ST_OK) {
        snprintf(job->why[item], sizeof job->why[item], "%s", status_message());
    }
}

/* Each on one thread, as many at a time as there are processors. */
static enum status build_all(struct crossover_group *s, int64_t ef) {
    struct build_job job = {.s = s, .ef = ef};
    run_note(s->run, "crossover: %zu graphs over %lld keys", s->graph_count,
             (long long)s->data.plan.n);
    workers_run(cpu_count(), (int64_t)s->graph_count, build_graph, &job);
    for (size_t i = 0; i < s->graph_count; i++) {
        if (job.status[i] != ST_OK) {
            return status_set(job.status[i], "%s", job.why[i]);
        }
    }
    return ST_OK;
}

static enum status adopt_all(struct crossover_group *s, int64_t ef) {
    enum status st = ST_OK;
    for (size_t i = 0; i < s->graph_count && st == ST_OK; i++) {
        struct crossover_graph *g = &s->graphs[i];
        const struct graph_params params = params_of(s, g->m, ef);
        if (g->from != NULL) {
            g->build_s = g->from->build_s;
            g->insert_us = g->from->insert_us;
        }
        for (int32_t set = 0; set < s->data.graphs && st == ST_OK && g->from != NULL; set++) {
            st = adopt_one(s, g->from, &params, set, g);
        }
    }
    return st;
}

static void close_graph(const struct crossover_group *s, struct crossover_graph *g) {
    const struct graph_impl *impl = g->kernel->impl;
    for (int32_t set = 0; set < s->data.graphs && g->index != NULL; set++) {
        if (g->index[set] != NULL) {
            impl->close(g->index[set]);
        }
    }
    free(g->index);
    g->index = NULL;
}

/* --- what cells need -------------------------------------------------------------------------- */

/* The library whose links a cell's flat search takes over; NULL: it searches its own. */
static const struct kernel *source_of(const struct cell *c) {
    char name[CELL_NAME + 8];
    const char *library = cell_string(c, "links_of");
    snprintf(name, sizeof name, "graph/%s", library);
    return library[0] != '\0' ? kernel_find(name) : NULL;
}

static enum status declare_for(struct crossover_group *s, const struct cell *c) {
    const int32_t m = (int32_t)cell_integer(c, "m", 0);
    const struct kernel *source = source_of(c);
    const struct crossover_graph *from = source != NULL ? declare(s, source, m, NULL) : NULL;
    return (source == NULL || from != NULL) && declare(s, kernel_find(c->kernel), m, from) != NULL
               ? ST_OK
               : ST_SYSTEM;
}

enum status crossover_graphs_build(struct crossover_group *s, const struct group *g) {
    int64_t ef;
    enum status st = construction_of(s, &ef);
    for (size_t i = 0; i < g->cell_count && st == ST_OK; i++) {
        const struct cell *c = &g->cells[i];
        if (crossover_method_of(c) == CROSSOVER_HNSW && c->verdict != VERDICT_SKIP) {
            st = declare_for(s, c);
        }
    }
    st = st == ST_OK ? build_all(s, ef) : st;
    return st == ST_OK ? adopt_all(s, ef) : st;
}

enum status crossover_links_of(const struct crossover_graph *g, int32_t set,
                               struct graph_links *out) {
    const struct crossover_graph *built = g->from != NULL ? g->from : g;
    const struct graph_impl *impl = built->kernel->impl;
    return impl->links(built->index[set], out);
}

void crossover_graphs_free(struct crossover_group *s) {
    for (size_t i = 0; i < s->graph_count; i++) {
        close_graph(s, &s->graphs[i]);
    }
    s->graph_count = 0;
}

const struct crossover_graph *crossover_graph_of(const struct crossover_group *s,
                                                 const struct cell *c) {
    const size_t place = find(s, kernel_find(c->kernel), cell_integer(c, "m", 0));
    return place < s->graph_count ? &s->graphs[place] : NULL;
}
