/* The part "layers": what methods find in each layer, and in all of them. */
#include <string.h>

#include "retrieval_cells.h"
#include "retrieval_intervals.h"

static const char *const arms[] = {"raw_qk", "learned", "quest", "oracle_per_head"};

enum { ARMS = sizeof arms / sizeof arms[0], ALL_LAYERS = -1 };

/* A user's model may have more layers than a record should have cells. */
enum { LAYERS_MOST = 128 };

static enum status add_cell(const struct retrieval_plan *p, const char *arm, int32_t layer) {
    struct cell *c = retrieval_method_cell(p, retrieval_method_find(arm));
    if (c == NULL) {
        return ST_SYSTEM;
    }
    retrieval_cell_set(c, &p->size, RETRIEVAL_SINGLE);
    cell_param_integer(c, "kept", RETRIEVAL_LAYER_BUDGET);
    cell_param_text(c, "over", layer == ALL_LAYERS ? "model" : "layer");
    if (layer != ALL_LAYERS) {
        cell_param_integer(c, "layer", layer);
    }
    return ST_OK;
}

static enum status plan(const struct retrieval_plan *p) {
    enum status st = ST_OK;
    for (int32_t layer = 0; layer < p->model.layers && layer < LAYERS_MOST; layer++) {
        for (size_t i = 0; i < ARMS && st == ST_OK; i++) {
            st = add_cell(p, arms[i], layer);
        }
    }
    for (size_t i = 0; i < ARMS && st == ST_OK; i++) {
        st = add_cell(p, arms[i], ALL_LAYERS);
    }
    return st;
}

/* Mass of the cell's method less that of raw queries and keys. */
static enum status add_delta(struct retrieval_source *s, struct retrieval_question q,
                             struct cell *c) {
    struct retrieval_sums own, raw;
    enum status st = retrieval_sums(s, &q, &own);
    q.method = retrieval_method_find("raw_qk");
    st = st == ST_OK ? retrieval_sums(s, &q, &raw) : st;
    if (st == ST_OK) {
        const struct interval v = retrieval_mass_delta_of(own.each, raw.each, own.count);
        metric_interval(cell_metric(c, "mass_delta", "share", true, v.value, own.total.queries),
                        v.lo, v.hi);
    }
    return st;
}

static enum status check(struct retrieval_source *s, struct cell *c) {
    const int32_t layers = lm_shape(s->lm.model)->layers;
    const int32_t layer = (int32_t)cell_integer(c, "layer", ALL_LAYERS);
    const struct retrieval_question q = {
        .set = RETRIEVAL_SINGLE,
        .method = retrieval_method_of(c),
        .budget = RETRIEVAL_LAYER_BUDGET,
        .layers = layer == ALL_LAYERS ? retrieval_layers_inner(layers, 0, 0)
                                      : retrieval_layers_inner(layers, layer, layers - 1 - layer),
        .population = RETRIEVAL_ALL};
    const enum status st = retrieval_add_recall(s, &q, c);
    if (st != ST_OK || c->verdict == VERDICT_FAIL || strcmp(c->arm, "raw_qk") == 0) {
        return st;
    }
    return add_delta(s, q, c);
}

const struct retrieval_part retrieval_layers_part = {"layers", plan, check};
