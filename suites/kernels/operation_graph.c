/* Verification of any graph kernel on small sets of vectors that are hard in different ways. */
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "../../datasets/rng.h"
#include "../../harness/base/memory.h"
#include "../../harness/judge/operation.h"
#include "graph_check.h"
#include "graph_mutants.h"

/* Whole numbers below 2^9 in 16 dimensions keep every product below 2^24, so float32 is exact; unit
 * length is not needed for that. */
enum kind { FEW_NUMBERS, MANY_NUMBERS, CLUSTERS };

enum { QUERIES = 6, SEED = 23, CENTRES = 20, MOST_D = 64, CASE_M = 8, EF_CONSTRUCTION = 40 };

struct graph_case {
    const char *name;
    enum kind kind;
    int64_t n, k;
    int32_t d, ef;
    double recall; /* that the queries together must reach */
};

static const struct graph_case cases[] = {
    {"whole numbers", MANY_NUMBERS, 400, 10, 16, 24, 0},
    {"whole numbers, many ties", FEW_NUMBERS, 300, 10, 8, 16, 0},
    {"whole numbers, every candidate kept", MANY_NUMBERS, 150, 150, 13, 1, 0},
    {"one vector", MANY_NUMBERS, 1, 3, 5, 4, 1},
    {"fewer vectors than asked for", MANY_NUMBERS, 7, 10, 16, 4, 0},
    {"clusters", CLUSTERS, 1200, 10, 64, 64, 0.95},
    {"clusters, odd d, k > ef", CLUSTERS, 500, 50, 37, 10, 0.95},
};

enum { CASE_COUNT = sizeof cases / sizeof cases[0] };

/* --- data ------------------------------------------------------------------------------------- */

static void fill_clustered(const struct graph_case *c, uint64_t row, const double *values,
                           float *out) {
    double centre[MOST_D], sum = 0;
    rng_gaussians(SEED, 3, row % CENTRES, centre, (size_t)c->d);
    for (int32_t i = 0; i < c->d; i++) {
        centre[i] += 0.5 * values[i];
        sum += centre[i] * centre[i];
    }
    for (int32_t i = 0; i < c->d; i++) {
        out[i] = (float)(centre[i] / sqrt(sum));
    }
}

static void fill(const struct graph_case *c, uint32_t stream, uint64_t row, float *out) {
    double values[MOST_D];
    rng_gaussians(SEED, stream, row, values, (size_t)c->d);
    if (c->kind == CLUSTERS) {
        fill_clustered(c, row, values, out);
        return;
    }
    const double scale = c->kind == MANY_NUMBERS ? 100 : 1;
    for (int32_t i = 0; i < c->d; i++) {
        out[i] = (float)fmax(-500, fmin(500, nearbyint(scale * values[i])));
    }
}

/* --- graphs ----------------------------------------------------------------------------------- */

/* A kernel's index of a case's vectors, and its links. */
struct built {
    const struct graph_impl *impl;
    void *index;
    struct graph_links links;
};

static void built_free(struct built *b) {
    if (b->index != NULL) {
        b->impl->close(b->index);
    }
    graph_links_free(&b->links);
}

/* Half at once, half one by one. */
static enum status insert_all(const struct graph_impl *impl, void *index, const float *vectors,
                              int64_t n, int32_t d) {
    enum status st = impl->add(index, vectors, n / 2, 1);
    for (int64_t i = n / 2; i < n && st == ST_OK; i++) {
        st = impl->add(index, vectors + i * d, 1, 1);
    }
    return st;
}

static enum status insert_into_new(const struct graph_params *params, const float *vectors,
                                   struct built *b) {
    enum status st = b->impl->open(params, &b->index);
    st = st == ST_OK ? insert_all(b->impl, b->index, vectors, params->capacity, params->d) : st;
    return st == ST_OK ? b->impl->links(b->index, &b->links) : st;
}

static enum status build(const struct graph_impl *impl, const struct graph_params *params,
                         const float *vectors, struct built *b) {
    *b = (struct built){.impl = impl};
    if (impl->add != NULL) {
        return insert_into_new(params, vectors, b);
    }
    struct built other = {.impl = kernel_find("graph/faiss")->impl};
    enum status st = insert_into_new(params, vectors, &other);
    st = st == ST_OK ? impl->adopt(params, &other.links, vectors, &b->index) : st;
    b->links = other.links;
    other.links = (struct graph_links){0};
    built_free(&other);
    return st;
}

/* --- verifying -------------------------------------------------------------------------------- */

struct run {
    const struct graph_case *c;
    struct verification *v;
    int64_t near; /* answers as near as the k nearest */
};

static enum status verify_query(struct run *r, const struct built *b, const float *vectors,
                                const float *query) {
    struct graph_problem p = {.vectors = vectors,
                              .links = &b->links,
                              .query = query,
                              .d = r->c->d,
                              .ef = r->c->ef,
                              .k = r->c->k,
                              .whole = r->c->kind != CLUSTERS};
    enum status st = graph_problem_solve(&p);
    if (st != ST_OK) {
        return st;
    }
    struct judge j;
    int64_t near = 0;
    judge_begin(&j);
    graph_mutants_expected = p.scores;
    st = graph_check(b->impl, b->index, &p, &j, &near);
    graph_mutants_expected = NULL;
    r->near += near;
    verification_add(r->v, r->c->name, j.verdict, j.reason);
    judge_end(&j);
    graph_problem_free(&p);
    return st;
}

/* Each query in the same buffer, which an answer kept from before cannot pass. */
static enum status verify_queries(struct run *r, const struct built *b, const float *vectors,
                                  float *query) {
    enum status st = ST_OK;
    for (uint64_t i = 0; i < QUERIES && st == ST_OK && r->v->verdict != VERDICT_FAIL; i++) {
        fill(r->c, 2, i, query);
        st = verify_query(r, b, vectors, query);
    }
    const int64_t all = QUERIES * (r->c->k < r->c->n ? r->c->k : r->c->n);
    if (st == ST_OK && (double)r->near < r->c->recall * (double)all) {
        char reason[CELL_REASON];
        snprintf(reason, sizeof reason, "recall %.3f, at least %.2f expected",
                 (double)r->near / (double)all, r->c->recall);
        verification_add(r->v, r->c->name, VERDICT_FAIL, reason);
    }
    return st;
}

static enum status verify_case(const struct kernel *kernel, size_t index, struct verification *v) {
    const struct graph_impl *impl = kernel->impl;
    const struct graph_case *c = &cases[index];
    struct run r = {.c = c, .v = v};
    const struct graph_params params = {c->d, CASE_M, EF_CONSTRUCTION, c->n, SEED};
    float *vectors = mem_alloc_array((size_t)(c->n + 1), (size_t)c->d * sizeof *vectors);
    if (vectors == NULL) {
        return ST_SYSTEM;
    }
    for (int64_t i = 0; i < c->n; i++) {
        fill(c, 1, (uint64_t)i, vectors + i * c->d);
    }
    struct built b;
    enum status st = build(impl, &params, vectors, &b);
    if (st == ST_OK && impl->size(b.index) != c->n) {
        verification_add(v, c->name, VERDICT_FAIL, "its size is not what was inserted");
    }
    st = st == ST_OK ? verify_queries(&r, &b, vectors, vectors + c->n * c->d) : st;
    built_free(&b);
    mem_free(vectors);
    return st;
}

extern const struct operation operation_graph;
const struct operation operation_graph = {
    .name = "graph",
    .forms = {""},
    .case_count = CASE_COUNT,
    .verify_case = verify_case,
    .mutants = graph_mutants,
};
