#include "retrieval_methods.h"

#include <stdio.h>
#include <string.h>

#include "../../harness/judge/kernel.h"

const struct retrieval_method retrieval_methods[RETRIEVAL_METHODS] = {
    {.arm = "oracle_per_head", .graph = "", .losses = true},
    {.arm = "oracle_shared", .graph = "", .losses = true},
    {.arm = "raw_qk", .graph = "", .losses = true},
    {.arm = "quest", .graph = "", .page = 8},
    {.arm = "quest", .graph = "", .page = 16, .losses = true},
    {.arm = "quest", .graph = "", .page = 32},
    {.arm = "learned", .graph = "", .d_search = 128, .seed = 1, .losses = true},
    {.arm = "learned", .graph = "", .d_search = 64, .seed = 1, .variant = true},
    {.arm = "learned", .graph = "", .d_search = 32, .seed = 1, .variant = true},
    {.arm = "learned", .graph = "", .d_search = 128, .seed = 2, .variant = true},
    {.arm = "learned", .graph = "", .d_search = 128, .seed = 3, .variant = true},
    {.arm = "hnsw", .graph = "graph/faiss", .d_search = 128, .seed = 1, .losses = true},
    {.arm = "hnsw", .graph = "graph/hnswlib", .d_search = 128, .seed = 1},
    {.arm = "window", .graph = "", .losses = true},
    {.arm = "random", .graph = "", .losses = true},
};

const struct retrieval_method *retrieval_method_find(const char *arm) {
    const struct retrieval_method *found = NULL;
    for (size_t i = 0; i < RETRIEVAL_METHODS; i++) {
        const struct retrieval_method *m = &retrieval_methods[i];
        if (strcmp(m->arm, arm) == 0 && (found == NULL || (m->losses && !found->losses))) {
            found = m;
        }
    }
    return found;
}

/* --- cells ------------------------------------------------------------------------------------ */

struct cell *retrieval_method_cell(const struct retrieval_plan *p,
                                   const struct retrieval_method *m) {
    const struct selector_params defaults = selector_defaults();
    struct cell *c = retrieval_cell(p, m->arm, m->graph);
    if (c == NULL) {
        return NULL;
    }
    if (m->page > 0) {
        cell_param_integer(c, "page", m->page);
    }
    if (m->d_search > 0) {
        cell_param_integer(c, "d_search", m->d_search);
        cell_param_integer(c, "training_seed", (int64_t)m->seed);
    }
    if (m->graph[0] != '\0') {
        cell_param_integer(c, "m", defaults.m);
        cell_param_integer(c, "ef", defaults.ef);
    }
    return c;
}

const struct retrieval_method *retrieval_method_of(const struct cell *c) {
    for (size_t i = 0; i < RETRIEVAL_METHODS; i++) {
        const struct retrieval_method *m = &retrieval_methods[i];
        if (strcmp(m->arm, c->arm) == 0 && strcmp(m->graph, c->kernel) == 0 &&
            m->page == cell_integer(c, "page", 0) &&
            m->d_search == cell_integer(c, "d_search", 0) &&
            (int64_t)m->seed == cell_integer(c, "training_seed", 0)) {
            return m;
        }
    }
    return NULL;
}

/* --- what they need --------------------------------------------------------------------------- */

static enum status find_projections(const struct retrieval_source *s,
                                    const struct retrieval_method *m,
                                    const struct projection_set **out) {
    *out = projections_find(&s->projections, m->d_search, m->seed);
    if (s->no_projections[0] != '\0') {
        return status_set(ST_SKIP, "%s", s->no_projections);
    }
    return *out != NULL ? ST_OK
                        : status_set(ST_SKIP, "no projections of d_search %d and seed %llu",
                                     m->d_search, (unsigned long long)m->seed);
}

enum status retrieval_method_open(const struct retrieval_source *s,
                                  const struct retrieval_method *m,
                                  const struct selector **selector,
                                  struct selector_params *params) {
    *params = selector_defaults();
    params->seed = run_seed(s->run);
    params->page = m->page > 0 ? m->page : params->page;
    params->graph = m->graph;
    const struct kernel *k = m->graph[0] != '\0' ? kernel_find(m->graph) : NULL;
    const char *reason = k != NULL ? kernel_unavailable(k) : NULL;
    if (m->graph[0] != '\0' && (k == NULL || reason != NULL)) {
        return status_set(ST_SKIP, "%s", k == NULL ? "no such kernel in this build" : reason);
    }
    *selector = selector_find(m->arm);
    if (*selector == NULL) {
        return status_set(ST_SYSTEM, "retrieval: no selector %s", m->arm);
    }
    return m->d_search > 0 ? find_projections(s, m, &params->projections) : ST_OK;
}

static enum status state_projections(const struct retrieval_source *s) {
    const struct projection_plan *plan = &s->projections.plan;
    struct tree *node = run_plan_dataset(s->run, "projections");
    return node != NULL && tree_set_string(node, "digest", s->projections.digest) &&
                   tree_set_string(node, "model_digest", plan->model_digest) &&
                   tree_set_string(node, "text_digest", plan->text_digest) &&
                   tree_set_i64(node, "steps", plan->steps) &&
                   tree_set_i64(node, "batch", plan->batch) &&
                   tree_set_i64(node, "tokens", plan->tokens) &&
                   tree_set_i64(node, "sets", s->projections.set_count)
               ? ST_OK
               : status_set(ST_SYSTEM, "out of memory");
}

enum status retrieval_projections_open(struct retrieval_source *s) {
    const char *path = run_setting(s->run, "projections");
    enum status st = path[0] != '\0' ? projections_open(path, &s->projections)
                                     : projections_committed(&s->projections);
    if (st == ST_SKIP) {
        snprintf(s->no_projections, sizeof s->no_projections, "%s", status_message());
        return ST_OK;
    }
    if (st == ST_OK && strcmp(s->projections.plan.model_digest, s->lm.digest) != 0) {
        snprintf(s->no_projections, sizeof s->no_projections,
                 "the projections are of another model: train some with attest train and name "
                 "them with --set projections=FILE");
        return ST_OK;
    }
    return st == ST_OK ? state_projections(s) : st;
}
