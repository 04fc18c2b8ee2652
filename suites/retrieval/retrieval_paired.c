/* The part "paired": two methods' losses of the same sequences. */
#include <string.h>

#include "retrieval_cells.h"

static const struct pair {
    const char *arm, *against, *layers;
} pairs[] = {{"learned", "quest", retrieval_headline},
             {"hnsw", "learned", retrieval_headline},
             {"learned", "quest", retrieval_pilot}};

enum { PAIRS = sizeof pairs / sizeof pairs[0] };

static enum status plan_pair(const struct retrieval_plan *p, const struct pair *pair) {
    for (size_t b = 0; p->size.ppl_budgets[b] != 0; b++) {
        struct cell *c = retrieval_method_cell(p, retrieval_method_find(pair->arm));
        if (c == NULL) {
            return ST_SYSTEM;
        }
        retrieval_cell_set(c, &p->size, RETRIEVAL_SINGLE);
        cell_param_text(c, "layers", pair->layers);
        cell_param_text(c, "against", pair->against);
        cell_param_integer(c, "kept", p->size.ppl_budgets[b]);
    }
    return ST_OK;
}

static enum status plan(const struct retrieval_plan *p) {
    enum status st = ST_OK;
    for (size_t i = 0; i < PAIRS && st == ST_OK; i++) {
        const bool has =
            strcmp(pairs[i].layers, retrieval_pilot) != 0 || retrieval_has_pilot(p->model.layers);
        st = has ? plan_pair(p, &pairs[i]) : ST_OK;
    }
    return st;
}

static enum status check(struct retrieval_source *s, struct cell *c) {
    const int64_t texts = s->size.sets[RETRIEVAL_SINGLE].texts;
    struct retrieval_way way = {.set = RETRIEVAL_SINGLE,
                                .method = retrieval_method_of(c),
                                .budget = cell_integer(c, "kept", 0),
                                .layers = retrieval_cell_layers(c, lm_shape(s->lm.model)->layers)};
    struct retrieval_loss a, b;
    enum status st = retrieval_losses_of(s, &way, texts, &a);
    way.method = retrieval_method_find(cell_param(c, "against")->text);
    st = st == ST_OK ? retrieval_losses_of(s, &way, texts, &b) : st;
    if (st != ST_OK || !retrieval_loss_verdict(&a, c) || !retrieval_loss_verdict(&b, c)) {
        return st;
    }
    const struct interval d = retrieval_nll_delta(a.sequences, b.sequences, a.count);
    metric_interval(cell_metric(c, "nll_delta", "nats", true, d.value, a.count), d.lo, d.hi);
    cell_metric(c, "nll_delta_lo", "nats", true, d.lo, a.count);
    cell_metric(c, "nll_delta_hi", "nats", true, d.hi, a.count);
    return ST_OK;
}

const struct retrieval_part retrieval_paired_part = {"paired", plan, check};
