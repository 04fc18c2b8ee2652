/* The plan of a run, and what experiments may ask of it (experiment.h). */
#include <errno.h>
#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../base/cpu.h"
#include "../judge/kernel.h"
#include "../base/pattern.h"
#include "run.h"

/* --- what an experiment may ask --------------------------------------------------------------- */

const char *profile_name(enum profile p) {
    static const char *const names[] = {"smoke", "default", "full"};
    return names[p];
}

enum profile run_profile(const struct run *r) { return r->options.profile; }

uint64_t run_seed(const struct run *r) { return r->options.seed; }

int run_threads(const struct run *r, int out[2]) {
    int all = cpu_count();
    out[0] = r->options.threads > 0 ? r->options.threads : 1;
    out[1] = all;
    return r->options.threads > 0 || all == 1 ? 1 : 2;
}

const char *run_dataset(const struct run *r, size_t index) {
    return index < r->options.dataset_count ? r->options.datasets[index] : NULL;
}

const char *run_queries(const struct run *r) { return r->options.queries; }

const char *run_model(const struct run *r) { return r->options.model; }

const char *run_text(const struct run *r) { return r->options.text; }

static const struct setting *find_setting(const struct experiment *e, const char *name) {
    for (const struct setting *s = e->settings; s != NULL && s->name != NULL; s++) {
        if (strcmp(s->name, name) == 0) {
            return s;
        }
    }
    return NULL;
}

const char *run_setting(const struct run *r, const char *name) {
    for (size_t i = r->options.set_count; i > 0; i--) {
        if (strcmp(r->options.sets[i - 1].name, name) == 0) {
            return r->options.sets[i - 1].value;
        }
    }
    for (size_t i = 0; i < r->options.experiment_count; i++) {
        const struct setting *s = find_setting(r->options.experiments[i], name);
        if (s != NULL) {
            return s->fallback;
        }
    }
    return "";
}

enum status run_setting_real(const struct run *r, const char *name, double lo, double hi,
                             double *out) {
    const char *text = run_setting(r, name);
    char *end;
    errno = 0;
    *out = strtod(text, &end);
    if (end == text || *end != '\0' || errno != 0 || !(*out >= lo && *out <= hi)) {
        return status_set(ST_USAGE, "--set %s=%s: a number from %g to %g is needed", name, text, lo,
                          hi);
    }
    return ST_OK;
}

enum status run_setting_integer(const struct run *r, const char *name, int64_t lo, int64_t hi,
                                int64_t *out) {
    const char *text = run_setting(r, name);
    char *end;
    errno = 0;
    *out = strtoll(text, &end, 10);
    if (end == text || *end != '\0' || errno != 0 || *out < lo || *out > hi) {
        return status_set(ST_USAGE, "--set %s=%s: a whole number from %lld to %lld is needed", name,
                          text, (long long)lo, (long long)hi);
    }
    return ST_OK;
}

struct group *run_group(struct run *r, const char *name, int rounds) {
    if (r->group_count == r->group_capacity) {
        size_t capacity = r->group_capacity == 0 ? 8 : 2 * r->group_capacity;
        struct run_group **groups = realloc(r->groups, capacity * sizeof(struct run_group *));
        if (groups == NULL) {
            status_set(ST_SYSTEM, "out of memory");
            return NULL;
        }
        r->groups = groups;
        r->group_capacity = capacity;
    }
    struct run_group *g = calloc(1, sizeof *g);
    if (g == NULL) {
        status_set(ST_SYSTEM, "out of memory");
        return NULL;
    }
    g->experiment = r->planning;
    g->group.rounds = rounds > 0 && rounds < RUN_MINIMUM_ROUNDS ? RUN_MINIMUM_ROUNDS : rounds;
    snprintf(g->group.name, sizeof g->group.name, "%s", name);
    r->groups[r->group_count++] = g;
    return &g->group;
}

const struct group *run_planned_group(const struct run *r, size_t index) {
    return index < r->group_count ? &r->groups[index]->group : NULL;
}

struct cell *group_cell(struct run *r, struct group *g, const char *arm, const char *kernel) {
    if (g->cell_count == g->cell_capacity) {
        size_t capacity = g->cell_capacity == 0 ? 16 : 2 * g->cell_capacity;
        struct cell *cells = realloc(g->cells, capacity * sizeof *cells);
        if (cells == NULL) {
            status_set(ST_SYSTEM, "out of memory");
            return NULL;
        }
        g->cells = cells;
        g->cell_capacity = capacity;
    }
    struct cell *c = &g->cells[g->cell_count++];
    memset(c, 0, sizeof *c);
    snprintf(c->experiment, sizeof c->experiment, "%s", r->planning->name);
    snprintf(c->arm, sizeof c->arm, "%s", arm);
    snprintf(c->kernel, sizeof c->kernel, "%s", kernel);
    const struct kernel *k = kernel_find(kernel);
    snprintf(c->backend, sizeof c->backend, "%s",
             backend_name(k != NULL ? k->backend : BACKEND_CPU));
    return c;
}

struct tree *run_plan_dataset(struct run *r, const char *name) {
    struct tree *plan = tree_group(r->record, "plan");
    struct tree *datasets = plan != NULL ? tree_group(plan, "datasets") : NULL;
    return datasets != NULL ? tree_group(datasets, name) : NULL;
}

double run_floor_seconds(const struct run *r, int threads, double bytes, double flop) {
    /* as if one thread's best scaled without loss: an optimist's bound, so only the impossible is
     * below it */
    double read = bytes / (r->roofline.cached_1 * threads);
    double work = flop / (r->roofline.peak_1 * threads);
    return read > work ? read : work;
}

void run_note(struct run *r, const char *format, ...) {
    va_list args;
    va_start(args, format);
    vsnprintf(r->doing, sizeof r->doing, format, args);
    va_end(args);
    progress_update(r->work_total > 0 ? r->work_done / r->work_total : 0, r->doing);
}

/* --- planning --------------------------------------------------------------------------------- */

static enum status check_settings(const struct run *r) {
    for (size_t i = 0; i < r->options.set_count; i++) {
        bool known = false;
        for (size_t e = 0; e < r->options.experiment_count; e++) {
            known =
                known || find_setting(r->options.experiments[e], r->options.sets[i].name) != NULL;
        }
        if (!known) {
            return status_set(ST_USAGE,
                              "--set %s: no such setting; attest list experiments shows them",
                              r->options.sets[i].name);
        }
    }
    return ST_OK;
}

/* The line that --filter is matched against. */
static void cell_line(const struct cell *c, char *out, size_t size) {
    int used =
        snprintf(out, size, "%s/%s/%s/backend=%s", c->experiment, c->arm, c->kernel, c->backend);
    for (size_t i = 0; i < c->param_count && used > 0 && (size_t)used < size; i++) {
        char value[CELL_NAME];
        param_format(&c->params[i], value, sizeof value);
        used += snprintf(out + used, size - (size_t)used, "/%s=%s", c->params[i].name, value);
    }
}

static bool wanted(const struct run *r, const struct cell *c) {
    char line[2048];
    cell_line(c, line, sizeof line);
    bool backend = r->options.backend == NULL || strcmp(r->options.backend, c->backend) == 0;
    return backend && (r->options.filter == NULL || regexec(&r->filter, line, 0, NULL, 0) == 0);
}

/* Keeps the wanted cells of a group, identifies them and marks those that cannot run here. */
static size_t settle_group(const struct run *r, struct group *g) {
    size_t kept = 0, control = g->control;
    g->control = 0;
    for (size_t i = 0; i < g->cell_count; i++) {
        if (!wanted(r, &g->cells[i])) {
            cell_free(&g->cells[i]);
            continue;
        }
        struct cell *c = &g->cells[kept];
        memmove(c, &g->cells[i], sizeof *c);
        if (i == control) {
            g->control = kept;
        }
        kept++;
        cell_identify(c);
        const struct kernel *k = kernel_find(c->kernel);
        const char *reason = k != NULL ? kernel_unavailable(k) : NULL;
        if (reason != NULL) {
            cell_verdict(c, VERDICT_SKIP, "%s", reason);
        } else if (c->kernel[0] != '\0' && k == NULL) {
            cell_verdict(c, VERDICT_SKIP, "no kernel %s in this build", c->kernel);
        }
    }
    g->cell_count = kept;
    return kept;
}

static int by_id(const void *a, const void *b) {
    return strcmp(*(const char *const *)a, *(const char *const *)b);
}

/* Two cells of one id could not be told apart in the record: found now, not after the run. */
static enum status check_ids(const struct run *r, size_t count) {
    const char **ids = calloc(count + 1, sizeof *ids);
    if (ids == NULL) {
        return status_set(ST_SYSTEM, "out of memory");
    }
    size_t n = 0;
    for (size_t i = 0; i < r->group_count; i++) {
        const struct group *g = &r->groups[i]->group;
        for (size_t c = 0; c < g->cell_count; c++) {
            ids[n++] = g->cells[c].id;
        }
    }
    qsort(ids, n, sizeof *ids, by_id);
    enum status st = ST_OK;
    for (size_t i = 1; i < n && st == ST_OK; i++) {
        if (strcmp(ids[i - 1], ids[i]) == 0) {
            st = status_set(ST_USAGE, "run: cell %s is planned twice; is one dataset named twice?",
                            ids[i]);
        }
    }
    free(ids);
    return st;
}

enum status run_plan(struct run *r) {
    enum status st = check_settings(r);
    if (st == ST_OK && r->options.filter != NULL) {
        st = pattern_compile("--filter", r->options.filter, &r->filter);
        if (st != ST_OK) {
            r->options.filter = NULL; /* nothing to free */
            return st;
        }
    }
    for (size_t i = 0; i < r->options.experiment_count && st == ST_OK; i++) {
        r->planning = r->options.experiments[i];
        st = r->planning->plan(r);
    }
    size_t kept = 0;
    for (size_t i = 0; i < r->group_count && st == ST_OK; i++) {
        kept += settle_group(r, &r->groups[i]->group);
    }
    if (st == ST_OK && kept == 0) {
        return status_set(ST_USAGE, "no cell matches --filter and --backend");
    }
    return st == ST_OK ? check_ids(r, kept) : st;
}
