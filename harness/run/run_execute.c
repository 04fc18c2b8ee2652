/* The run loop: per group prepare, check, time interleaved, summarise, release. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "gbench.h"
#include "run.h"
#include "run_journal.h"
#include "../judge/stats.h"

static const char control_id[] = "control";

static bool active(const struct cell *c) {
    return !c->finished && (c->verdict == VERDICT_PASS || c->verdict == VERDICT_MARGINAL);
}

static void advance(struct run *r, double work) {
    r->work_done += work;
    progress_update(r->work_done / r->work_total, r->doing);
}

/* --- timing ----------------------------------------------------------------------------------- */

struct timed {
    struct run *run;
    struct run_group *g;
    struct cell *cell;
};

static double timed_body(void *arg, int64_t round) {
    struct timed *t = arg;
    return t->g->experiment->time(&t->g->group, t->cell, (int)round);
}

struct collector {
    struct run *run;
    struct group *group;
    struct cell *control;
    bool out_of_memory;
};

static void take_sample(void *user, const char *id, int64_t round, double seconds, double started) {
    struct collector *c = user;
    const struct group *g = c->group;
    (void)round;
    struct cell *cell = strcmp(id, control_id) == 0 ? c->control : NULL;
    for (size_t i = 0; cell == NULL && i < g->cell_count; i++) {
        cell = strcmp(g->cells[i].id, id) == 0 ? &g->cells[i] : NULL;
    }
    c->out_of_memory = cell == NULL || !cell_sample(cell, seconds, started) || c->out_of_memory;
    advance(c->run, 1.0 / g->rounds);
}

/* The control is one cell timed under a second name: whatever differs between the two is noise. */
static void judge_control(struct run_group *g) {
    const struct cell *a = g->control_of, *b = &g->control;
    g->control_ratio =
        stats_median(b->samples, b->sample_count) / stats_median(a->samples, a->sample_count);
    g->control_p = stats_mann_whitney(a->samples, a->sample_count, b->samples, b->sample_count);
}

static enum status time_group(struct run *r, struct run_group *g) {
    struct group *group = &g->group;
    struct timed *timed = calloc(group->cell_count + 1, sizeof *timed);
    if (timed == NULL) {
        return status_set(ST_SYSTEM, "out of memory");
    }
    size_t n = 0;
    struct cell *control = NULL;
    gbench_clear();
    for (size_t i = 0; i < group->cell_count; i++) {
        struct cell *c = &group->cells[i];
        if (!active(c)) {
            continue;
        }
        timed[n] = (struct timed){r, g, c};
        timed_body(&timed[n], 0); /* once before the first sample: pages, caches and clocks warm */
        gbench_register(c->id, timed_body, &timed[n]);
        control = control == NULL || i == group->control ? c : control;
        n++;
    }
    enum status st = ST_OK;
    if (n > 0) {
        timed[n] = (struct timed){r, g, control};
        gbench_register(control_id, timed_body, &timed[n]);
        g->control_of = control;
        struct collector collector = {r, group, &g->control, false};
        run_note(r, "%s %s: timing %zu arms, %d rounds", g->experiment->name, group->name, n,
                 group->rounds);
        int64_t got = gbench_run(group->rounds, take_sample, &collector);
        if (collector.out_of_memory || got != (int64_t)(n + 1) * group->rounds) {
            st = status_set(ST_SYSTEM, "timing of %s was cut short", group->name);
        } else {
            judge_control(g);
        }
    }
    gbench_clear();
    free(timed);
    return st;
}

/* --- groups ----------------------------------------------------------------------------------- */

static void report_failure(const struct cell *c) {
    if (c->verdict == VERDICT_FAIL) {
        char line[512];
        snprintf(line, sizeof line, "FAIL %s %s %s: %s", c->id, c->arm, c->kernel, c->reason);
        progress_line(line);
    }
}

static bool is_timed(const struct run *r, const struct run_group *g) {
    return g->experiment->time != NULL && g->group.rounds > 0 && !r->options.recompute;
}

static enum status complete_metrics(const struct run_group *g, struct cell *cells, size_t n) {
    enum status st = ST_OK;
    for (size_t i = 0; i < n && st == ST_OK; i++) {
        st = experiment_complete_metrics(g->experiment, &cells[i]);
    }
    return st;
}

static enum status finish_cells(struct run *r, struct run_group *g, struct cell *cells, size_t n) {
    enum status st = complete_metrics(g, cells, n);
    return st == ST_OK ? run_journal_commit(r, g, cells, n) : st;
}

static enum status check_cells(struct run *r, struct run_group *g) {
    struct group *group = &g->group;
    enum status st = ST_OK;
    for (size_t i = 0; i < group->cell_count && st == ST_OK; i++) {
        struct cell *c = &group->cells[i];
        if (active(c)) {
            run_note(r, "%s %s: checking %s", g->experiment->name, group->name,
                     c->kernel[0] != '\0' ? c->kernel : c->arm);
            st = g->experiment->check(r, group, c);
            report_failure(c);
            if (st == ST_OK && !is_timed(r, g)) {
                st = finish_cells(r, g, c, 1);
            }
        }
        advance(r, 1);
    }
    return st;
}

/* What a resumed run finds must be what the run began with. */
static enum status check_facts(const struct run *r) {
    const struct tree *now = tree_find(r->record, "plan/datasets");
    for (size_t i = 0; i < r->facts->child_count; i++) {
        const char *name = r->facts->children[i]->name;
        const char *was = tree_get_string(r->facts->children[i], "digest");
        const char *is = tree_get_string(tree_find(now, name), "digest");
        if (was != NULL && (is == NULL || strcmp(was, is) != 0)) {
            return status_set(ST_INPUT, "dataset %s is not what it was when the run began", name);
        }
    }
    return ST_OK;
}

static enum status time_and_summarise(struct run *r, struct run_group *g) {
    struct group *group = &g->group;
    enum status st = time_group(r, g);
    if (st == ST_OK && g->experiment->summarise != NULL) {
        st = g->experiment->summarise(r, group);
    }
    return st == ST_OK ? finish_cells(r, g, group->cells, group->cell_count) : st;
}

static enum status run_one_group(struct run *r, struct run_group *g) {
    struct group *group = &g->group;
    size_t runnable = 0;
    for (size_t i = 0; i < group->cell_count; i++) {
        runnable += active(&group->cells[i]);
    }
    if (runnable == 0) {
        advance(r, (double)group->cell_count);
        return ST_OK;
    }
    run_note(r, "%s %s: preparing", g->experiment->name, group->name);
    enum status st = g->experiment->prepare != NULL ? g->experiment->prepare(r, group) : ST_OK;
    st = st == ST_OK ? check_facts(r) : st;
    st = st == ST_OK ? check_cells(r, g) : st;
    if (st == ST_OK && is_timed(r, g)) {
        st = time_and_summarise(r, g);
    }
    if (g->experiment->release != NULL) {
        g->experiment->release(group);
    }
    return st;
}

enum status run_execute(struct run *r) {
    r->work_total = 1;
    for (size_t i = 0; i < r->group_count; i++) {
        const struct group *g = &r->groups[i]->group;
        r->work_total += (double)g->cell_count * (g->rounds > 0 ? 2 : 1);
    }
    enum status st = ST_OK;
    for (size_t i = 0; i < r->group_count && st == ST_OK; i++) {
        st = run_one_group(r, r->groups[i]);
        const struct group *g = &r->groups[i]->group; /* skipped cells have the same metrics */
        st = st == ST_OK ? complete_metrics(r->groups[i], g->cells, g->cell_count) : st;
    }
    return st;
}
