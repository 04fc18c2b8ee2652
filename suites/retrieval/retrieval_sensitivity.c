/* The part "sensitivity": search projections of other widths and other training seeds, in the
 * layers that have them all. */
#include <string.h>

#include "retrieval_cells.h"

static enum status plan_method(const struct retrieval_plan *p, const struct retrieval_method *m) {
    for (size_t b = 0; p->size.ppl_budgets[b] != 0; b++) {
        struct cell *c = retrieval_method_cell(p, m);
        if (c == NULL) {
            return ST_SYSTEM;
        }
        retrieval_cell_set(c, &p->size, RETRIEVAL_SINGLE);
        cell_param_text(c, "layers", retrieval_pilot);
        cell_param_integer(c, "kept", p->size.ppl_budgets[b]);
    }
    return ST_OK;
}

static enum status plan(const struct retrieval_plan *p) {
    enum status st = ST_OK;
    for (size_t i = 0; i < RETRIEVAL_METHODS && p->model.layers > 24 && st == ST_OK; i++) {
        const struct retrieval_method *m = &retrieval_methods[i];
        st = strcmp(m->arm, "learned") == 0 ? plan_method(p, m) : ST_OK;
    }
    return st;
}

static enum status check(struct retrieval_source *s, struct cell *c) {
    const struct retrieval_question q = {.set = RETRIEVAL_SINGLE,
                                         .method = retrieval_method_of(c),
                                         .budget = cell_integer(c, "kept", 0),
                                         .layers =
                                             retrieval_layers_pilot(lm_shape(s->lm.model)->layers),
                                         .population = RETRIEVAL_ALL};
    const enum status st = retrieval_add_recall(s, &q, c);
    if (st == ST_OK && c->verdict != VERDICT_FAIL) {
        retrieval_add_params(s, &q.layers, c);
    }
    return st;
}

const struct retrieval_part retrieval_sensitivity_part = {"sensitivity", plan, check};
