/* The part "quality": recall, mass and perplexity of every method at every budget. */
#include <string.h>

#include "retrieval_cells.h"

/* --- plan ------------------------------------------------------------------------------------- */

struct point {
    const struct retrieval_method *method;
    enum retrieval_set set;
    const char *layers;
    int64_t budget;
    enum retrieval_population population;
};

static enum status add_cell(const struct retrieval_plan *p, const struct point *at) {
    struct cell *c = retrieval_method_cell(p, at->method);
    if (c == NULL) {
        return ST_SYSTEM;
    }
    retrieval_cell_set(c, &p->size, at->set);
    cell_param_text(c, "layers", at->layers);
    cell_param_integer(c, "kept", at->budget);
    cell_param_text(c, "population", retrieval_population_names[at->population]);
    return ST_OK;
}

static enum status plan_method(const struct retrieval_plan *p, struct point at) {
    enum status st = ST_OK;
    for (size_t b = 0; p->size.budgets[b] != 0 && st == ST_OK; b++) {
        at.budget = p->size.budgets[b];
        for (int i = 0; i < RETRIEVAL_POPULATIONS && st == ST_OK; i++) {
            at.population = (enum retrieval_population)i;
            st = add_cell(p, &at);
        }
    }
    return st;
}

/* Losses are computed of windows of one document, and some of packed ones. */
static enum status plan_full(const struct retrieval_plan *p) {
    for (int set = RETRIEVAL_SINGLE; set <= RETRIEVAL_PACKED; set++) {
        struct cell *c = retrieval_cell(p, "full", "");
        if (c == NULL) {
            return ST_SYSTEM;
        }
        retrieval_cell_set(c, &p->size, (enum retrieval_set)set);
    }
    return ST_OK;
}

static enum status plan(const struct retrieval_plan *p) {
    enum status st = plan_full(p);
    for (int set = 0; set < RETRIEVAL_HELD && st == ST_OK; set++) {
        for (size_t i = 0; i < RETRIEVAL_METHODS && st == ST_OK; i++) {
            struct point at = {&retrieval_methods[i], (enum retrieval_set)set, retrieval_headline,
                               0, 0};
            const bool wanted = p->size.sets[set].texts > 0 && !at.method->variant;
            st = wanted ? plan_method(p, at) : ST_OK;
        }
    }
    static const char *const compared[] = {"quest", "learned"};
    for (size_t i = 0; i < 2 && retrieval_has_pilot(p->model.layers) && st == ST_OK; i++) {
        struct point at = {retrieval_method_find(compared[i]), RETRIEVAL_SINGLE, retrieval_pilot, 0,
                           0};
        st = plan_method(p, at);
    }
    return st;
}

/* --- cells ------------------------------------------------------------------------------------ */

/* Whether losses at the budget are wanted, or cost nothing: with K as large as the text they are
 * full attention's. */
static bool has_budget(const struct retrieval_source *s, const struct retrieval_question *q) {
    const bool all = q->method->graph[0] == '\0' && q->budget >= s->size.sets[q->set].tokens;
    return all ||
           (q->set == RETRIEVAL_PACKED ? q->budget == s->size.few_budget
                                       : retrieval_has_budget(s->size.ppl_budgets, q->budget));
}

/* Of packed sequences those of Quest and of what is learned. */
static bool has_losses(const struct retrieval_source *s, const struct retrieval_question *q) {
    const bool contender = q->method->d_search > 0 || q->method->page > 0;
    return q->set != RETRIEVAL_WHOLE && q->population == RETRIEVAL_ALL && q->method->losses &&
           (q->set == RETRIEVAL_SINGLE || contender) && has_budget(s, q);
}

/* An oracle that reads its own set has all of it. */
static void check_oracle(struct cell *c) {
    const bool per_head = strcmp(c->arm, "oracle_per_head") == 0;
    const struct metric *m =
        cell_metric_find(c, per_head ? "recall_at_k_per_head" : "recall_at_k_shared");
    const bool oracle = per_head || strcmp(c->arm, "oracle_shared") == 0;
    if (oracle && m != NULL && m->has_value && m->value != 1) {
        cell_verdict(c, VERDICT_FAIL, "the oracle's own set has recall %.9g, not 1", m->value);
    }
}

static enum status check(struct retrieval_source *s, struct cell *c) {
    const int32_t layers = lm_shape(s->lm.model)->layers;
    struct retrieval_question q = {
        .set = retrieval_set_of(c, &s->size),
        .method = retrieval_method_of(c),
        .budget = cell_integer(c, "kept", 0),
        .layers = retrieval_cell_layers(c, layers),
        .population = retrieval_param_is(c, "population", "long") ? RETRIEVAL_LONG : RETRIEVAL_ALL};
    const struct retrieval_way way = {q.set, q.method, q.budget, q.layers};
    const int64_t texts = s->size.sets[q.set].texts;
    if (q.method == NULL) {
        return retrieval_add_losses(s, &way, texts, c);
    }
    enum status st = retrieval_add_recall(s, &q, c);
    if (st != ST_OK || c->verdict == VERDICT_FAIL) {
        return st;
    }
    retrieval_add_params(s, &q.layers, c);
    if (has_losses(s, &q)) {
        st = retrieval_add_losses(s, &way, texts, c);
    }
    check_oracle(c);
    return st;
}

const struct retrieval_part retrieval_quality_part = {"quality", plan, check};
