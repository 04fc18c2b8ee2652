#include "entropy.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "../../harness/base/cpu.h"
#include "entropy_fit.h"
#include "entropy_ranking.h"
#include "entropy_source.h"
#include "entropy_sparse.h"
#include "entropy_speed.h"

static const struct entropy_part *const parts[ENTROPY_PARTS] = {
    &entropy_fit_part,
    &entropy_ranking_part,
    &entropy_sparse_part,
    &entropy_int8_part,
};

const struct setting entropy_settings[] = {
    {"sparse_texts", "", "sparse, int8: how many texts, instead of the profile's 2, 3 or 5"},
    {"sparse_tokens", "", "sparse, int8: tokens of each text, instead of 512, 2048 or 4096"},
    {"texts", "", "fit: how many texts, instead of the profile's 2, 4 or 8"},
    {"tokens", "", "fit: tokens of each text, instead of the profile's 1024 or 8192"},
    {NULL, NULL, NULL},
};

bool entropy_part_is(const struct cell *c, const char *part) {
    const struct param *p = cell_param(c, "part");
    return p != NULL && p->kind == PARAM_TEXT && strcmp(p->text, part) == 0;
}

struct cell *entropy_cell(const struct entropy_plan *p, const char *arm, const char *kernel) {
    struct cell *c = group_cell(p->run, p->group, arm, kernel);
    if (c != NULL) {
        cell_param_text(c, "part", p->part);
        cell_param_text(c, "dataset", p->dataset);
        if (p->trace == NULL) {
            int threads[2];
            cell_param_integer(c, "threads", threads[run_threads(p->run, threads) - 1]);
        }
    }
    return c;
}

static bool is_pooled_fit(const struct cell *c) {
    const struct param *rows = cell_param(c, "population"), *over = cell_param(c, "over");
    return entropy_part_is(c, "fit") && strcmp(c->arm, "model") == 0 && rows != NULL &&
           strcmp(rows->text, "all") == 0 && over != NULL && strcmp(over->text, "model") == 0 &&
           cell_param(c, "context") == NULL;
}

double entropy_pooled_alpha(const struct entropy_source *s) {
    for (size_t i = 0; i < s->group->cell_count; i++) {
        const struct cell *c = &s->group->cells[i];
        if (is_pooled_fit(c) && isfinite(cell_value(c, "alpha"))) {
            return cell_value(c, "alpha");
        }
    }
    return NAN;
}

/* --- plan ------------------------------------------------------------------------------------- */

static enum status plan_parts(struct entropy_plan *p) {
    enum status st = ST_OK;
    for (size_t i = 0; i < ENTROPY_PARTS && parts[i] != NULL && st == ST_OK; i++) {
        p->part = parts[i]->name;
        st = parts[i]->plan(p);
    }
    return st;
}

static enum status plan_model(struct run *run) {
    struct entropy_plan p = {.run = run, .group = run_group(run, "model", 0)};
    if (p.group == NULL) {
        return ST_SYSTEM;
    }
    enum status st = lm_describe(run, &p.model);
    p.dataset = p.model.dataset;
    return st == ST_OK ? plan_parts(&p) : st;
}

static enum status plan_trace(struct run *run) {
    struct trace t;
    struct entropy_plan p = {
        .run = run, .group = run_group(run, "trace", 0), .dataset = entropy_traced, .trace = &t};
    if (p.group == NULL) {
        return ST_SYSTEM;
    }
    enum status st = trace_committed(&t);
    if (st == ST_OK) {
        st = plan_parts(&p);
        trace_free(&t);
    }
    return st;
}

/* The trace is of the pinned model and text. */
static enum status plan(struct run *run) {
    enum status st = plan_model(run);
    if (st == ST_OK && run_model(run) == NULL && run_text(run) == NULL) {
        st = plan_trace(run);
    }
    return st == ST_OK ? entropy_speed_plan(run) : st;
}

/* --- a group ---------------------------------------------------------------------------------- */

static enum status prepare(struct run *run, struct group *g) {
    if (entropy_speed_is(g)) {
        return entropy_speed_prepare(run, g);
    }
    struct entropy_source *s = calloc(1, sizeof *s);
    int threads[2];
    if (s == NULL) {
        return status_set(ST_SYSTEM, "out of memory");
    }
    g->state = s;
    s->run = run;
    s->group = g;
    s->threads = threads[run_threads(run, threads) - 1];
    s->dataset = cell_param(&g->cells[0], "dataset")->text;
    const bool traced = strcmp(g->name, "trace") == 0;
    enum status st = traced ? entropy_open_trace(run, s) : lm_source_open(run, s->threads, &s->lm);
    if (st == ST_SKIP) {
        lm_source_skip(g, status_message());
        return ST_OK;
    }
    return st;
}

static enum status check(struct run *run, struct group *g, struct cell *c) {
    struct entropy_source *s = g->state;
    (void)run;
    if (entropy_speed_is(g)) {
        return entropy_speed_check(g, c);
    }
    for (size_t i = 0; i < ENTROPY_PARTS && parts[i] != NULL; i++) {
        if (!entropy_part_is(c, parts[i]->name)) {
            continue;
        }
        enum status st = ST_OK;
        if (!s->prepared[i]) {
            s->prepared[i] = true;
            st = parts[i]->prepare(s, &s->state[i]);
        }
        return st == ST_OK ? parts[i]->check(s, s->state[i], c) : st;
    }
    return status_set(ST_SYSTEM, "entropy: cell %s is of no part", c->id);
}

static void release(struct group *g) {
    struct entropy_source *s = g->state;
    if (entropy_speed_is(g)) {
        entropy_speed_release(g);
        return;
    }
    if (s == NULL) {
        return;
    }
    for (size_t i = 0; i < ENTROPY_PARTS && parts[i] != NULL; i++) {
        if (s->state[i] != NULL) {
            parts[i]->release(s->state[i]);
        }
    }
    entropy_close(s);
    free(s);
    g->state = NULL;
}

extern const struct experiment experiment_entropy;
const struct experiment experiment_entropy = {
    .name = "entropy",
    .title = "Entropy of a language model's attention and what sparse attention makes of it",
    .source = "S003; Vaswani et al., NeurIPS 2017 (arXiv:1706.03762)",
    .settings = entropy_settings,
    .metrics = entropy_metrics,
    .fixtures = entropy_fixtures,
    .plan = plan,
    .prepare = prepare,
    .check = check,
    .time = entropy_speed_time, /* the only group that is timed */
    .summarise = entropy_speed_summarise,
    .release = release,
    .tables = (const struct table *const[]){entropy_tables, NULL},
    .plots = entropy_plots,
};
