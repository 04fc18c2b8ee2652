#include "retrieval.h"

#include <stdlib.h>
#include <string.h>

#include "retrieval_decode.h"
#include "retrieval_fixtures.h"
#include "retrieval_losses.h"
#include "retrieval_passes.h"

static const struct retrieval_part *const parts[] = {
    &retrieval_quality_part,     &retrieval_paired_part,   &retrieval_layers_part,
    &retrieval_sensitivity_part, &retrieval_coverage_part, &retrieval_identity_part,
    &retrieval_decode_part,
};

enum { PARTS = sizeof parts / sizeof parts[0] };

const struct setting retrieval_settings[] = {
    {"projections", "", "learned, hnsw: a file of attest train instead of the committed ones"},
    {"retrieval_texts", "", "windows of one document, instead of as many as the profile has"},
    {"retrieval_tokens", "", "tokens of each, instead of as many as the profile has"},
    {NULL, NULL, NULL},
};

/* --- cells ------------------------------------------------------------------------------------ */

bool retrieval_param_is(const struct cell *c, const char *name, const char *text) {
    const struct param *p = cell_param(c, name);
    return p != NULL && p->kind == PARAM_TEXT && strcmp(p->text, text) == 0;
}

bool retrieval_part_is(const struct cell *c, const char *part) {
    return retrieval_param_is(c, "part", part);
}

struct cell *retrieval_cell(const struct retrieval_plan *p, const char *arm, const char *kernel) {
    struct cell *c = group_cell(p->run, p->group, arm, kernel);
    int threads[2];
    if (c != NULL) {
        cell_param_text(c, "part", p->part);
        cell_param_text(c, "dataset", p->model.dataset);
        cell_param_integer(c, "threads", threads[run_threads(p->run, threads) - 1]);
    }
    return c;
}

static const char *sequences_of(enum retrieval_set set) {
    return set == RETRIEVAL_PACKED ? "packed" : "single";
}

void retrieval_cell_set(struct cell *c, const struct retrieval_size *size, enum retrieval_set set) {
    cell_param_text(c, "sequences", sequences_of(set));
    cell_param_integer(c, "tokens", size->sets[set].tokens);
    cell_param_integer(c, "texts", size->sets[set].texts);
    cell_param_integer(c, "stride", size->sets[set].stride);
}

enum retrieval_set retrieval_set_of(const struct cell *c, const struct retrieval_size *size) {
    const int64_t tokens = cell_integer(c, "tokens", 0);
    enum retrieval_set set = RETRIEVAL_SINGLE;
    while (set < RETRIEVAL_HELD && !(retrieval_param_is(c, "sequences", sequences_of(set)) &&
                                     size->sets[set].tokens == tokens)) {
        set++;
    }
    return set < RETRIEVAL_HELD ? set : RETRIEVAL_SETS;
}

/* --- the experiment --------------------------------------------------------------------------- */

static enum status plan(struct run *run) {
    struct retrieval_plan p = {.run = run, .group = run_group(run, "model", 0)};
    enum status st = p.group == NULL ? ST_SYSTEM : lm_describe(run, &p.model);
    st = st == ST_OK ? retrieval_size_of(run, p.model.context, &p.size) : st;
    for (size_t i = 0; i < PARTS && st == ST_OK; i++) {
        p.part = parts[i]->name;
        st = parts[i]->plan(&p);
    }
    return st;
}

static enum status open_source(struct run *run, struct retrieval_source *s) {
    int threads[2];
    s->run = run;
    enum status st = lm_source_open(run, threads[run_threads(run, threads) - 1], &s->lm);
    st = st == ST_OK ? retrieval_size_of(run, lm_shape(s->lm.model)->context, &s->size) : st;
    return st == ST_OK ? retrieval_projections_open(s) : st;
}

static enum status prepare(struct run *run, struct group *g) {
    struct retrieval_source *s = calloc(1, sizeof *s);
    if (s == NULL) {
        return status_set(ST_SYSTEM, "out of memory");
    }
    g->state = s;
    s->group = g;
    const enum status st = open_source(run, s);
    if (st == ST_SKIP) {
        lm_source_skip(g, status_message());
        return ST_OK;
    }
    return st;
}

static enum status check(struct run *run, struct group *g, struct cell *c) {
    (void)run;
    for (size_t i = 0; i < PARTS; i++) {
        if (retrieval_part_is(c, parts[i]->name)) {
            const enum status st = parts[i]->check(g->state, c);
            if (st != ST_SKIP) {
                return st;
            }
            cell_verdict(c, VERDICT_SKIP, "%s", status_message());
            return ST_OK;
        }
    }
    return status_set(ST_SYSTEM, "retrieval: cell %s is of no part", c->id);
}

static void release(struct group *g) {
    struct retrieval_source *s = g->state;
    if (s != NULL) {
        retrieval_decode_free(s->decode);
        retrieval_losses_free(s->losses);
        retrieval_passes_free(s->passes);
        projections_free(&s->projections);
        lm_source_close(&s->lm);
        free(s);
        g->state = NULL;
    }
}

extern const struct experiment experiment_retrieval;
const struct experiment experiment_retrieval = {
    .name = "retrieval",
    .title = "Recall, attention mass and perplexity of methods that choose which keys are read",
    .source = "S002; Tang et al. (Quest), ICML 2024; Malkov and Yashunin 2020",
    .settings = retrieval_settings,
    .metrics = retrieval_metrics,
    .fixtures = retrieval_fixtures,
    .plan = plan,
    .prepare = prepare,
    .check = check,
    .time = retrieval_decode_time, /* groups of the part "decode" */
    .summarise = retrieval_decode_summarise,
    .release = release,
    .tables = (const struct table *const[]){retrieval_tables, NULL},
    .plots = retrieval_plots,
};
