/* The part "coverage": what substituting more and more layers costs. */
#include <string.h>

#include "retrieval_cells.h"

static const char *const arms[] = {"quest", "learned"};

/* Which layers: evenly spaced; those first in which the method itself finds most of the attention
 * mass, over sequences that are not scored; all but some at the edges. */
static const char even[] = "even", strongest[] = "strongest";

static const struct {
    const char *name;
    int32_t first, last; /* layers kept as they are */
} edges[] = {{"edges 1+1", 1, 1}, {"edges 2+0", 2, 0}, {"edges 3+1", 3, 1}};

enum { ARMS = sizeof arms / sizeof arms[0], EDGES = sizeof edges / sizeof edges[0] };

/* --- plan ------------------------------------------------------------------------------------- */

static enum status add_cell(const struct retrieval_plan *p, const char *arm, const char *chosen,
                            int32_t layers) {
    struct cell *c = retrieval_method_cell(p, retrieval_method_find(arm));
    if (c == NULL) {
        return ST_SYSTEM;
    }
    cell_param_text(c, "sequences", "single");
    cell_param_integer(c, "tokens", p->size.sets[RETRIEVAL_SINGLE].tokens);
    cell_param_integer(c, "texts", p->size.coverage_texts);
    cell_param_integer(c, "kept", RETRIEVAL_LAYER_BUDGET);
    cell_param_text(c, "chosen", chosen);
    cell_param_integer(c, "substituted", layers);
    return ST_OK;
}

static enum status plan_arm(const struct retrieval_plan *p, const char *arm) {
    const int32_t layers = p->model.layers;
    enum status st = ST_OK;
    for (size_t i = 0; p->size.coverage[i] != 0 && p->size.coverage[i] <= layers; i++) {
        st = st == ST_OK ? add_cell(p, arm, even, p->size.coverage[i]) : st;
        st = st == ST_OK ? add_cell(p, arm, strongest, p->size.coverage[i]) : st;
    }
    for (size_t i = 0; i < EDGES; i++) {
        const int32_t inner = layers - edges[i].first - edges[i].last;
        st = st == ST_OK && inner > 0 ? add_cell(p, arm, edges[i].name, inner) : st;
    }
    return st;
}

static enum status plan(const struct retrieval_plan *p) {
    enum status st = ST_OK;
    for (size_t i = 0; i < ARMS && st == ST_OK; i++) {
        st = plan_arm(p, arms[i]);
    }
    return st;
}

/* --- cells ------------------------------------------------------------------------------------ */

/* The method's mass in each layer over the held-out sequences. */
static enum status layer_masses(struct retrieval_source *s, const struct retrieval_method *m,
                                double *masses) {
    const int32_t layers = lm_shape(s->lm.model)->layers;
    enum status st = ST_OK;
    for (int32_t i = 0; i < layers && st == ST_OK; i++) {
        const struct retrieval_question q = {.set = RETRIEVAL_HELD,
                                             .method = m,
                                             .budget = RETRIEVAL_LAYER_BUDGET,
                                             .layers =
                                                 retrieval_layers_inner(layers, i, layers - 1 - i),
                                             .population = RETRIEVAL_ALL};
        struct retrieval_sums sums;
        st = retrieval_sums(s, &q, &sums);
        masses[i] = st == ST_OK ? retrieval_quality_of(&sums.total).mass : 0;
    }
    return st;
}

static enum status choose_layers(struct retrieval_source *s, const struct cell *c,
                                 struct retrieval_layer_set *out) {
    const int32_t layers = lm_shape(s->lm.model)->layers;
    const int32_t n = (int32_t)cell_integer(c, "substituted", 0);
    const char *chosen = cell_param(c, "chosen")->text;
    double masses[RETRIEVAL_LAYERS];
    enum status st = ST_OK;
    *out = retrieval_layers_even(layers, n);
    if (strcmp(chosen, strongest) == 0) {
        st = layer_masses(s, retrieval_method_of(c), masses);
        *out = retrieval_layers_strongest(masses, layers, st == ST_OK ? n : 0);
    }
    for (size_t i = 0; i < EDGES; i++) {
        if (strcmp(chosen, edges[i].name) == 0) {
            *out = retrieval_layers_inner(layers, edges[i].first, edges[i].last);
        }
    }
    return st;
}

static enum status check(struct retrieval_source *s, struct cell *c) {
    const int32_t layers = lm_shape(s->lm.model)->layers;
    struct retrieval_way way = {.set = RETRIEVAL_SINGLE,
                                .method = retrieval_method_of(c),
                                .budget = RETRIEVAL_LAYER_BUDGET};
    enum status st = choose_layers(s, c, &way.layers);
    st = st == ST_OK ? retrieval_add_losses(s, &way, s->size.coverage_texts, c) : st;
    if (st == ST_OK) {
        const int32_t count = retrieval_layers_count(&way.layers);
        cell_metric(c, "coverage", "share", true, retrieval_coverage(count, layers),
                    (uint64_t)layers);
        retrieval_add_params(s, &way.layers, c);
    }
    return st;
}

const struct retrieval_part retrieval_coverage_part = {"coverage", plan, check};
