/* What the cells of one kind of data at one N share: keys, page bounds, the oracle's answers,
 * graphs, and room to work in. */
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../../harness/base/cpu.h"
#include "../../harness/base/memory.h"
#include "../../harness/base/workers.h"
#include "../../harness/record/record.h"
#include "../kernels/attention_select.h"
#include "../kernels/pages.h"
#include "../lm/lm_source.h"
#include "crossover.h"

/* --- memory ----------------------------------------------------------------------------------- */

/* Bytes that the system can give without swapping; a huge number where it does not say. */
static double available_bytes(void) {
    FILE *f = fopen("/proc/meminfo", "r");
    char line[128];
    double kib = 1e15;
    while (f != NULL && fgets(line, sizeof line, f) != NULL) {
        if (strncmp(line, "MemAvailable:", 13) == 0) {
            kib = strtod(line + 13, NULL);
        }
    }
    if (f != NULL) {
        fclose(f);
    }
    return 1024 * kib;
}

/* What a group takes at its most: a graph keeps the vectors once more, and a flat search of it
 * again. */
static double needed_bytes(const struct group *g) {
    const struct cell *c = &g->cells[0];
    const double n = (double)cell_integer(c, "context", 0), d = (double)cell_integer(c, "d", 0);
    const double heads = (double)cell_integer(c, "kv_heads", 1);
    const double sets = strcmp(cell_string(c, "data"), "planted") == 0 ? 1 : heads;
    double graphs = 0, links = 0;
    for (size_t i = 0; i < g->cell_count; i++) {
        const double m = (double)cell_integer(&g->cells[i], "m", 0);
        const bool new_graph = i == 0 || m != (double)cell_integer(&g->cells[i - 1], "m", 0);
        graphs += m > 0 && new_graph;
        links += m > 0 && new_graph ? 3 * m : 0;
    }
    const double head = 16 * CROSSOVER_QUERIES + 8.5 * d + /* oracles, keys, values, bounds */
                        crossover_narrow_bytes(g, (int32_t)d);
    const double search = 4 * (d + 16);
    return n * (heads * head + sets * (search + 2 * (graphs * search + 4 * links)));
}

/* --- preparing -------------------------------------------------------------------------------- */

static enum crossover_kind kind_of(const struct cell *c) {
    enum crossover_kind kind = 0;
    while (kind < CROSSOVER_KINDS - 1 &&
           strcmp(crossover_kind_names[kind], cell_string(c, "data")) != 0) {
        kind++;
    }
    return kind;
}

static enum status make_data(struct crossover_group *s, const struct cell *c) {
    struct crossover_plan plan = {.kind = kind_of(c),
                                  .n = cell_integer(c, "context", 0),
                                  .d = (int32_t)cell_integer(c, "d", 0),
                                  .heads = (int32_t)cell_integer(c, "kv_heads", 1),
                                  .queries = CROSSOVER_QUERIES,
                                  .seed = run_seed(s->run)};
    struct trace captured = {0};
    enum status st = ST_OK;
    if (crossover_is_long(plan.kind, plan.n)) {
        st = crossover_trace_capture(s->run, &captured);
        plan.trace = &captured;
    }
    st = st == ST_OK ? crossover_data_new(&plan, cpu_count(), &s->data) : st;
    s->data.plan.trace = NULL;
    trace_free(&captured);
    return st;
}

static enum status make_bounds(struct crossover_group *s) {
    const struct crossover_plan *p = &s->data.plan;
    s->pages = (p->n + s->page - 1) / s->page;
    s->bounds =
        mem_alloc_array((size_t)p->heads * (size_t)s->pages, 2 * (size_t)p->d * sizeof *s->bounds);
    for (int32_t head = 0; head < p->heads && s->bounds != NULL; head++) {
        pages_bounds(crossover_keys_of(&s->data, head), p->n, p->d, s->page,
                     s->bounds + head * s->pages * 2 * p->d);
    }
    return s->bounds == NULL ? ST_SYSTEM : ST_OK;
}

struct oracles_job {
    struct crossover_group *s;
    enum status *status; /* (items) */
};

static void solve_oracle(void *arg, int64_t item) {
    const struct oracles_job *job = arg;
    const int64_t queries = job->s->data.plan.queries;
    job->status[item] = crossover_oracle_new(&job->s->data, (int32_t)(item / queries),
                                             item % queries, &job->s->oracles[item]);
}

static enum status solve_oracles(struct crossover_group *s) {
    const int64_t items = s->data.plan.heads * s->data.plan.queries;
    struct oracles_job job = {s, calloc((size_t)items, sizeof *job.status)};
    s->oracles = calloc((size_t)items, sizeof *s->oracles);
    enum status st = ST_OK;
    if (s->oracles == NULL || job.status == NULL) {
        free(job.status);
        return status_set(ST_SYSTEM, "out of memory");
    }
    run_note(s->run, "crossover: %lld answers in float64", (long long)items);
    workers_run(cpu_count(), items, solve_oracle, &job);
    for (int64_t i = 0; i < items && st == ST_OK; i++) {
        st = job.status[i] == ST_OK ? ST_OK : status_set(ST_SYSTEM, "crossover: out of memory");
    }
    free(job.status);
    return st;
}

static enum status make_space(struct crossover_group *s) {
    const struct crossover_plan *p = &s->data.plan;
    struct crossover_space *w = &s->space;
    const size_t room = (size_t)p->n + ATTENTION_SELECT_SLACK, heads = (size_t)p->heads;
    w->stride = (int64_t)room;
    w->scores = mem_alloc_array(room, sizeof *w->scores);
    w->select = mem_alloc_array(room, sizeof *w->select);
    w->weights = mem_alloc_array(room, sizeof *w->weights);
    w->picked = mem_alloc_array(room, sizeof *w->picked);
    w->chosen = mem_alloc_array(room, heads * sizeof *w->chosen);
    w->count = mem_alloc_array(heads, sizeof *w->count);
    w->out = mem_alloc_array(heads, (size_t)p->d * sizeof *w->out);
    return w->scores == NULL || w->select == NULL || w->weights == NULL || w->picked == NULL ||
                   w->chosen == NULL || w->count == NULL || w->out == NULL
               ? ST_SYSTEM
               : ST_OK;
}

static enum status make_arm(const struct crossover_group *s, struct cell *c) {
    struct crossover_arm *a = calloc(1, sizeof *a);
    c->state = a;
    if (a == NULL) {
        return status_set(ST_SYSTEM, "out of memory");
    }
    a->method = crossover_method_of(c);
    a->k = cell_integer(c, "k", 0);
    a->ef = (int32_t)cell_integer(c, "ef", 0);
    a->kernel = kernel_find(c->kernel);
    a->scores = a->method == CROSSOVER_TOPK ? scores_best(crossover_format_of(c)) : NULL;
    a->graph = a->method == CROSSOVER_HNSW ? crossover_graph_of(s, c) : NULL;
    return ST_OK;
}

static enum status make_arms(const struct crossover_group *s, struct group *g) {
    enum status st = ST_OK;
    for (size_t i = 0; i < g->cell_count && st == ST_OK; i++) {
        st = g->cells[i].verdict != VERDICT_SKIP ? make_arm(s, &g->cells[i]) : ST_OK;
    }
    return st;
}

static void digest_rows(crypto_generichash_state *state, const float *rows, int64_t count,
                        int32_t d) {
    crypto_generichash_update(state, (const unsigned char *)rows,
                              (size_t)count * (size_t)d * sizeof *rows);
}

/* BLAKE2b of everything that the arms read. */
static void digest_data(const struct crossover_data *d, char out[DIGEST_HEX]) {
    const struct crossover_plan *p = &d->plan;
    unsigned char hash[(DIGEST_HEX - 1) / 2];
    crypto_generichash_state state;
    crypto_generichash_init(&state, NULL, 0, sizeof hash);
    digest_rows(&state, d->k, p->heads * p->n, p->d);
    digest_rows(&state, d->v, p->heads * p->n, p->d);
    digest_rows(&state, d->q, p->heads * p->queries, p->d);
    digest_rows(&state, d->search_k, d->graphs * p->n, d->d_search);
    digest_rows(&state, d->search_q, d->graphs * p->queries, d->d_search);
    crypto_generichash_final(&state, hash, sizeof hash);
    sodium_bin2hex(out, DIGEST_HEX, hash, sizeof hash);
}

/* What is captured here is stated as the model and the text that it is of. */
static enum status store_facts(const struct crossover_group *s, const struct group *g) {
    if (crossover_is_long(s->data.plan.kind, s->data.plan.n)) {
        return ST_OK;
    }
    struct tree *node = run_plan_dataset(s->run, g->name);
    char digest[DIGEST_HEX];
    digest_data(&s->data, digest);
    return node != NULL && tree_set_string(node, "source", s->data.note) &&
                   tree_set_string(node, "digest", digest) &&
                   tree_set_i64(node, "n", s->data.plan.n) &&
                   tree_set_i64(node, "d", s->data.plan.d) &&
                   tree_set_i64(node, "queries", s->data.plan.queries)
               ? ST_OK
               : status_set(ST_SYSTEM, "out of memory");
}

static bool has_room(struct group *g) {
    const double needed = needed_bytes(g), available = available_bytes();
    for (size_t i = 0; i < g->cell_count && needed > available; i++) {
        cell_verdict(&g->cells[i], VERDICT_SKIP, "%.1f GiB of memory are needed, %.1f are free",
                     needed * 0x1p-30, available * 0x1p-30);
    }
    return needed <= available;
}

enum status crossover_prepare(struct run *run, struct group *g) {
    int64_t page;
    if (g->rounds == 0 || !has_room(g)) {
        return ST_OK;
    }
    struct crossover_group *s = calloc(1, sizeof *s);
    g->state = s;
    if (s == NULL) {
        return status_set(ST_SYSTEM, "out of memory");
    }
    s->run = run;
    enum status st = run_setting_integer(run, "page", 1, 4096, &page);
    s->page = (int32_t)page;
    st = st == ST_OK ? run_setting_integer(run, "judged", 1, CROSSOVER_QUERIES, &s->judged) : st;
    st = st == ST_OK ? make_data(s, &g->cells[0]) : st;
    if (st == ST_SKIP) {
        lm_source_skip(g, status_message());
        return ST_OK;
    }
    st = st == ST_OK ? crossover_keys_make(s, g) : st;
    st = st == ST_OK ? make_bounds(s) : st;
    st = st == ST_OK ? solve_oracles(s) : st;
    st = st == ST_OK ? crossover_graphs_build(s, g) : st;
    st = st == ST_OK ? make_space(s) : st;
    st = st == ST_OK ? make_arms(s, g) : st;
    return st == ST_OK ? store_facts(s, g) : st;
}

void crossover_release(struct group *g) {
    struct crossover_group *s = g->state;
    for (size_t i = 0; i < g->cell_count; i++) {
        free(g->cells[i].state);
        g->cells[i].state = NULL;
    }
    if (s == NULL) {
        return;
    }
    const int64_t items = s->data.plan.heads * s->data.plan.queries;
    for (int64_t i = 0; i < items && s->oracles != NULL; i++) {
        crossover_oracle_free(&s->oracles[i]);
    }
    free(s->oracles);
    crossover_graphs_free(s);
    crossover_keys_free(s);
    struct crossover_space *w = &s->space;
    void *const room[] = {w->scores, w->select, w->weights, w->picked, w->chosen, w->count, w->out};
    for (size_t i = 0; i < sizeof room / sizeof room[0]; i++) {
        mem_free(room[i]);
    }
    mem_free(s->bounds);
    crossover_data_free(&s->data);
    free(s);
    g->state = NULL;
}
