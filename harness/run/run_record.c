/* From a finished run to the tree of its record. */
#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "../record/cells_tree.h"
#include "environment.h"
#include "run_journal.h"
#include "run_record.h"
#include "../base/version.h"

void run_time_now(char out[32]) {
    time_t t = time(NULL);
    struct tm utc;
    gmtime_r(&t, &utc);
    strftime(out, 32, "%Y-%m-%dT%H:%M:%SZ", &utc);
}

struct cell *run_cells(const struct run *r, size_t *n) {
    *n = 0;
    for (size_t i = 0; i < r->group_count; i++) {
        *n += r->groups[i]->group.cell_count;
    }
    struct cell *all = calloc(*n + 1, sizeof *all);
    size_t at = 0;
    for (size_t i = 0; all != NULL && i < r->group_count; i++) {
        const struct group *g = &r->groups[i]->group;
        memcpy(all + at, g->cells, g->cell_count * sizeof *all);
        at += g->cell_count;
    }
    return all;
}

/* Names in a record are lower-case; a setting's own spelling may be a paper's ("M"). */
static bool store_setting(struct tree *node, const char *name, const char *value) {
    char lower[CELL_NAME];
    size_t n = 0;
    for (; name[n] != '\0' && n + 1 < sizeof lower; n++) {
        lower[n] = (char)tolower((unsigned char)name[n]);
    }
    lower[n] = '\0';
    return tree_set_string(node, lower, value);
}

/* The user's own data, as named. */
static bool store_inputs(const struct run *r, struct tree *plan) {
    const struct {
        const char *name, *value;
    } files[] = {
        {"model", r->options.model}, {"queries", r->options.queries}, {"text", r->options.text}};
    struct tree *inputs = tree_group(plan, "inputs");
    bool ok = inputs != NULL;
    for (size_t i = 0; i < sizeof files / sizeof files[0] && ok; i++) {
        ok = files[i].value == NULL || tree_set_string(inputs, files[i].name, files[i].value);
    }
    for (size_t i = 0; i < r->options.dataset_count && ok; i++) {
        char name[CELL_NAME];
        snprintf(name, sizeof name, "dataset-%zu", i);
        ok = tree_set_string(inputs, name, r->options.datasets[i]);
    }
    return ok;
}

bool run_store_plan(const struct run *r, struct tree *plan) {
    char names[RUN_EXPERIMENTS * (CELL_NAME + 1)] = "";
    struct tree *settings = tree_group(plan, "settings");
    bool ok = settings != NULL;
    for (size_t i = 0; i < r->options.experiment_count && ok; i++) {
        const struct experiment *e = r->options.experiments[i];
        snprintf(names + strlen(names), sizeof names - strlen(names), "%s%s", i > 0 ? " " : "",
                 e->name);
        struct tree *node = tree_group(settings, e->name);
        ok = node != NULL && tree_set_string(node, "title", e->title) &&
             tree_set_string(node, "source", e->source);
        for (const struct setting *s = e->settings; ok && s != NULL && s->name != NULL; s++) {
            ok = store_setting(node, s->name, run_setting(r, s->name));
        }
    }
    return ok && store_inputs(r, plan) && tree_set_string(plan, "experiments", names) &&
           tree_set_string(plan, "profile", profile_name(r->options.profile)) &&
           tree_set_i64(plan, "seed", (int64_t)r->options.seed) &&
           tree_set_i64(plan, "threads", r->options.threads) &&
           tree_set_string(plan, "filter", r->options.filter != NULL ? r->options.filter : "") &&
           tree_set_string(plan, "backend", r->options.backend != NULL ? r->options.backend : "") &&
           tree_set_string(plan, "suite_version", suite_version());
}

bool run_store_control(const struct run_group *g, struct tree *node) {
    uint64_t n = g->control.sample_count;
    return node != NULL && tree_set_string(node, "cell", g->control_of->id) &&
           tree_set_f64(node, "median_ratio", g->control_ratio) &&
           tree_set_f64(node, "mann_whitney_p", g->control_p) &&
           tree_dataset(node, "samples", TREE_F64, 1, &n, g->control.samples) != NULL;
}

static bool add_control(const struct run_group *g, struct tree *controls) {
    if (g->control_of == NULL) {
        return true;
    }
    char name[2 * CELL_NAME + 1];
    snprintf(name, sizeof name, "%.20s.%.40s", g->experiment->name, g->group.name);
    return run_store_control(g, tree_group(controls, name));
}

static bool store_measurements(const struct run *r, struct tree *measurements) {
    struct tree *roofline = tree_group(measurements, "roofline");
    struct tree *controls = tree_group(measurements, "controls");
    char finished[32];
    run_time_now(finished);
    bool ok = roofline != NULL && controls != NULL &&
              tree_set_string(measurements, "started", r->started) &&
              tree_set_string(measurements, "finished", finished) &&
              run_journal_sessions(r, measurements);
    if (ok) {
        roofline_store(&r->roofline, roofline);
    }
    for (size_t i = 0; i < r->group_count && ok; i++) {
        ok = add_control(r->groups[i], controls);
    }
    struct tree *environment = tree_group(measurements, "environment");
    if (ok && environment != NULL) {
        environment_store_load(environment, "after");
    }
    return ok;
}

enum status run_record(struct run *r) {
    struct tree *plan = tree_group(r->record, "plan");
    struct tree *measurements = tree_group(r->record, "measurements");
    size_t n;
    struct cell *cells = run_cells(r, &n);
    enum status st = ST_OK;
    if (plan == NULL || measurements == NULL || cells == NULL || !run_store_plan(r, plan) ||
        !store_measurements(r, measurements)) {
        st = status_set(ST_SYSTEM, "the record cannot be put together: out of memory");
    }
    if (st == ST_OK) {
        st = cells_to_tree(cells, n, r->record);
    }
    free(cells);
    return st;
}

void run_free(struct run *r) {
    for (size_t i = 0; i < r->group_count; i++) {
        struct run_group *g = r->groups[i];
        for (size_t c = 0; c < g->group.cell_count; c++) {
            cell_free(&g->group.cells[c]);
        }
        cell_free(&g->control);
        free(g->group.cells);
        free(g);
    }
    free(r->groups);
    if (r->options.filter != NULL) {
        regfree(&r->filter);
    }
    tree_free(r->record);
    tree_free(r->session);
    tree_free(r->facts);
    journal_close(r->journal);
    free(r->arguments);
}
