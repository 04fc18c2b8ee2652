/* What the cells of one dataset share: data, rotation, exact answers, indexes, pruned answers. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "../../harness/base/cpu.h"
#include "../../harness/base/memory.h"
#include "../../reference/knn.h"
#include "adsampling.h"

enum { LARGE_BASE = 200 << 20 };

static enum status rotate_base(struct ads_group *s, uint64_t seed) {
    const struct vectors *base = &s->data.base;
    enum status st = rotation_new(base->d, seed, &s->rotation);
    if (st == ST_OK) {
        s->rotated = mem_alloc_array((size_t)base->n, (size_t)base->d * sizeof(float));
        st = s->rotated == NULL ? ST_SYSTEM : ST_OK;
    }
    if (st == ST_OK) {
        rotation_apply_rows(s->rotation, base->rows, base->n, s->rotated, cpu_count());
    }
    return st;
}

/* The problem of a k, solved when a cell asks for it first. */
static enum status problem_of(struct ads_group *s, int32_t k, const struct knn_problem **out) {
    for (size_t i = 0; i < s->problem_count; i++) {
        if (s->problems[i].k == k) {
            *out = &s->problems[i];
            return ST_OK;
        }
    }
    const struct vectors *base = &s->data.base, *queries = &s->data.queries;
    if (s->problem_count == ADS_KS || k > base->n) {
        return status_set(ST_INPUT, "adsampling: k = %d, but %s has %lld vectors", k, s->data.name,
                          (long long)base->n);
    }
    struct knn_problem *p = &s->problems[s->problem_count];
    *p = (struct knn_problem){
        .base = {base->rows, s->rotated, s->rotation, base->n, base->d},
        .queries = queries->rows,
        .nq = queries->n,
        .k = k,
    };
    run_note(s->run, "adsampling %s: exact answers in float64, k = %d", s->data.name, k);
    enum status st = knn_problem_solve(p, cpu_count());
    s->problem_count += st == ST_OK;
    *out = p;
    return st;
}

static enum status index_of(struct ads_group *s, const struct kernel *kernel,
                            const struct knn_base *base, const void **out) {
    for (size_t i = 0; i < s->index_count; i++) {
        if (s->indexes[i].kernel == kernel) {
            *out = s->indexes[i].index;
            return ST_OK;
        }
    }
    const struct knn_impl *impl = kernel->impl;
    void *index = NULL;
    enum status st = impl->build(base, &index);
    if (st == ST_OK) {
        s->indexes[s->index_count].kernel = kernel;
        s->indexes[s->index_count++].index = index;
    }
    *out = index;
    return st;
}

/* --- cells ------------------------------------------------------------------------------------ */

static void cell_state_free(struct cell *c) {
    struct ads_cell *a = c->state;
    if (a != NULL) {
        mem_free(a->ids);
        mem_free(a->dist);
        mem_free(a->timed_ids);
        mem_free(a->timed_dist);
        free(a->latencies);
        free(a);
        c->state = NULL;
    }
}

static enum status cell_state_new(struct ads_group *s, struct cell *c) {
    struct ads_cell *a = calloc(1, sizeof *a);
    c->state = a;
    if (a == NULL) {
        return status_set(ST_SYSTEM, "out of memory");
    }
    const struct param *eps0 = cell_param(c, "eps0"), *l2 = cell_param(c, "l2");
    a->kernel = kernel_find(c->kernel);
    a->params =
        (struct knn_params){(int32_t)cell_integer(c, "k", 1), eps0 != NULL ? (float)eps0->real : 0,
                            (int32_t)cell_integer(c, "delta", 0)};
    a->threads = (int)cell_integer(c, "threads", 1);
    a->batch = (int32_t)cell_integer(c, "batch", 1);
    a->cold = l2 != NULL && strcmp(l2->text, "cold") == 0;
    if (ads_is_bandwidth(c)) {
        a->units = 1;
        return ST_OK;
    }
    enum status st = problem_of(s, a->params.k, &a->problem);
    if (st != ST_OK) {
        return st;
    }
    a->checked = cell_integer(c, "queries", 1);
    a->checked = a->checked < a->problem->nq ? a->checked : a->problem->nq;
    int64_t calls = a->batch > 1 ? 1 : s->block;
    a->units = calls * a->batch * a->threads;
    a->units = a->units < s->timed_queries ? a->units : s->timed_queries;
    size_t k = (size_t)a->params.k;
    a->ids = mem_alloc_array((size_t)a->checked * k, sizeof(int32_t));
    a->dist = mem_alloc_array((size_t)a->checked * k, sizeof(float));
    a->timed_ids = mem_alloc_array((size_t)a->units * k, sizeof(int32_t));
    a->timed_dist = mem_alloc_array((size_t)a->units * k, sizeof(float));
    if (a->ids == NULL || a->dist == NULL || a->timed_ids == NULL || a->timed_dist == NULL) {
        return ST_SYSTEM;
    }
    return index_of(s, a->kernel, &a->problem->base, &a->index);
}

/* --- dataset facts ---------------------------------------------------------------------------- */

/* Share of the file's own neighbours that are no farther than our k-th; NaN if it has none. */
static double neighbours_agree(const struct dataset *d, const struct knn_problem *p) {
    int32_t k = p->k < d->neighbour_k ? p->k : d->neighbour_k;
    int64_t good = 0;
    for (int64_t q = 0; d->neighbours != NULL && q < p->nq; q++) {
        double limit = p->exact_dist[q * p->k + k - 1] * (1 + 1e-5); /* files hold float32 ranks */
        for (int32_t r = 0; r < k; r++) {
            int32_t id = d->neighbours[q * d->neighbour_k + r];
            bool inside = id >= 0 && id < p->base.n;
            good += inside && ref_l2sq(p->base.rows + (int64_t)id * p->base.d,
                                       p->queries + q * p->base.d, p->base.d) <= limit;
        }
    }
    return d->neighbours != NULL && k > 0 ? (double)good / (double)(p->nq * k) : NAN;
}

static enum status store_facts(struct run *run, const struct ads_group *s) {
    struct tree *node = run_plan_dataset(run, s->data.name);
    bool ok = node != NULL && tree_set_string(node, "spec", s->data.spec) &&
              tree_set_string(node, "source", s->data.source) &&
              tree_set_string(node, "licence", s->data.licence) &&
              tree_set_string(node, "digest", s->data.digest) &&
              tree_set_i64(node, "n", s->data.base.n) && tree_set_i64(node, "d", s->data.base.d) &&
              tree_set_i64(node, "queries", s->data.queries.n) &&
              tree_set_string(node, "normalised", s->data.cosine ? "yes" : "no") &&
              tree_set_string(node, "rotation", rotation_kind(s->rotation));
    double agree = s->problem_count > 0 ? neighbours_agree(&s->data, &s->problems[0]) : NAN;
    if (ok && isfinite(agree)) {
        ok = tree_set_f64(node, "neighbours_agree_share", agree);
        if (agree < 0.999) {
            return status_set(ST_INPUT,
                              "%s: only %.4f of its neighbours are among our exact ones; is its "
                              "distance attribute right?",
                              s->data.spec, agree);
        }
    }
    return ok ? ST_OK : status_set(ST_SYSTEM, "out of memory");
}

enum status ads_prepare(struct run *run, struct group *g) {
    struct ads_group *s = calloc(1, sizeof *s);
    if (s == NULL) {
        return status_set(ST_SYSTEM, "out of memory");
    }
    g->state = s;
    s->run = run;
    enum status st = run_setting_integer(run, "judged", 1, 1000000, &s->judged);
    const struct param *name = cell_param(&g->cells[0], "dataset");
    st = st == ST_OK ? ads_open(run, g->source, name->text, &s->data) : st;
    if (st != ST_OK) {
        return st;
    }
    int64_t nq = s->data.queries.n;
    s->timed_queries = nq < ADS_TIMED_QUERIES ? nq : ADS_TIMED_QUERIES;
    s->judged = s->judged < nq ? s->judged : nq;
    /* large bases take long enough for one query to be a sample */
    size_t bytes = (size_t)s->data.base.n * (size_t)s->data.base.d * sizeof(float);
    s->block = bytes < LARGE_BASE ? 2 : 1;
    run_note(run, "adsampling %s: rotating %lld x %d", s->data.name, (long long)s->data.base.n,
             s->data.base.d);
    st = rotate_base(s, run_seed(run));
    for (size_t i = 0; i < g->cell_count && st == ST_OK; i++) {
        if (g->cells[i].verdict != VERDICT_SKIP) {
            st = cell_state_new(s, &g->cells[i]);
        }
    }
    return st == ST_OK ? store_facts(run, s) : st;
}

void ads_release(struct group *g) {
    struct ads_group *s = g->state;
    for (size_t i = 0; i < g->cell_count; i++) {
        cell_state_free(&g->cells[i]);
    }
    if (s == NULL) {
        return;
    }
    for (size_t i = 0; i < s->oracle_count; i++) {
        knn_pruned_oracle_free(&s->oracles[i].oracle);
    }
    for (size_t i = 0; i < s->index_count; i++) {
        ((const struct knn_impl *)s->indexes[i].kernel->impl)->destroy(s->indexes[i].index);
    }
    for (size_t i = 0; i < s->problem_count; i++) {
        knn_problem_free(&s->problems[i]);
    }
    rotation_free(s->rotation);
    mem_free(s->rotated);
    dataset_close(&s->data);
    free(s);
    g->state = NULL;
}
