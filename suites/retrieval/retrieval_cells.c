#include "retrieval_cells.h"

#include "retrieval_intervals.h"

static const struct {
    const char *name;
    enum retrieval_share which;
} shares[] = {
    {"recall_at_k_per_head", RETRIEVAL_PER_HEAD},
    {"recall_at_k_shared", RETRIEVAL_SHARED},
    {"mass_at_k", RETRIEVAL_MASS},
};

/* Searches are counted over all queries together. */
static enum status add_evaluated(struct retrieval_source *s, const struct retrieval_question *q,
                                 struct cell *c) {
    struct selector_counts searched;
    const enum status st = retrieval_searched(s, q, &searched);
    if (st == ST_OK && searched.present > 0) {
        cell_metric(c, "evaluated_share", "share", true, retrieval_evaluated_share(&searched),
                    searched.present);
    }
    return st;
}

enum status retrieval_add_recall(struct retrieval_source *s, const struct retrieval_question *q,
                                 struct cell *c) {
    struct retrieval_sums sums;
    const enum status st = retrieval_sums(s, q, &sums);
    if (st != ST_OK) {
        return st;
    }
    retrieval_pass_verdict(s, q->set, c);
    if (c->verdict == VERDICT_FAIL) {
        return ST_OK;
    }
    const struct retrieval_quality found = retrieval_quality_of(&sums.total);
    const uint64_t n = found.queries;
    for (size_t i = 0; i < sizeof shares / sizeof shares[0]; i++) {
        const struct interval v = retrieval_share_of(sums.each, sums.count, shares[i].which);
        metric_interval(cell_metric(c, shares[i].name, "share", true, v.value, n), v.lo, v.hi);
    }
    cell_metric(c, "retained_share", "share", true, found.retained_share, n);
    cell_metric(c, "read_share", "share", true, found.read_share, n);
    cell_metric(c, "queries", "queries", true, (double)n, n);
    return q->population == RETRIEVAL_ALL ? add_evaluated(s, q, c) : ST_OK;
}

enum status retrieval_add_losses(struct retrieval_source *s, const struct retrieval_way *way,
                                 int64_t texts, struct cell *c) {
    const struct retrieval_way none = {.set = way->set};
    struct retrieval_loss full, other;
    enum status st = retrieval_losses_of(s, way, texts, &other);
    st = st == ST_OK ? retrieval_losses_of(s, &none, texts, &full) : st;
    if (st != ST_OK || !retrieval_loss_verdict(&other, c)) {
        return st;
    }
    uint64_t predictions = 0;
    for (size_t i = 0; i < other.count; i++) {
        predictions += (uint64_t)other.sequences[i].predictions;
    }
    cell_metric(c, "ppl", "ppl", true, retrieval_ppl(other.sequences, other.count), predictions);
    if (way->method != NULL) {
        const struct interval gap = retrieval_ppl_gap(other.sequences, full.sequences, other.count);
        metric_interval(cell_metric(c, "ppl_gap", "share", true, gap.value, other.count), gap.lo,
                        gap.hi);
    }
    return ST_OK;
}

void retrieval_add_params(const struct retrieval_source *s,
                          const struct retrieval_layer_set *layers, struct cell *c) {
    const struct retrieval_method *m = retrieval_method_of(c);
    const int32_t count = retrieval_layers_count(layers);
    const int32_t d_search = m == NULL ? 0 : m->d_search;
    cell_metric(c, "params", "weights", true,
                (double)retrieval_params(lm_shape(s->lm.model), d_search, count), (uint64_t)count);
}

struct retrieval_layer_set retrieval_cell_layers(const struct cell *c, int32_t layers) {
    return retrieval_param_is(c, "layers", retrieval_pilot) ? retrieval_layers_pilot(layers)
                                                            : retrieval_layers_headline(layers);
}
