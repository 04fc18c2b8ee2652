/* Metrics from samples: times of a step and of its stages, shares of the bandwidth, ratios to
 * hnswlib, the cheapest settings at equal quality, and the steps that repay a graph. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "crossover.h"
#include "crossover_metrics.h"

static void add(struct cell *c, const char *name, const char *unit, struct interval v) {
    metric_interval(cell_metric(c, name, unit, false, v.value, c->sample_count), v.lo, v.hi);
}

/* --- times ------------------------------------------------------------------------------------ */

static void add_times(const struct crossover_group *s, struct cell *c) {
    static const struct {
        enum crossover_stage stage;
        const char *name;
    } stages[CROSSOVER_STAGES] = {
        {CROSSOVER_ESTIMATE, "estimate_us"},
        {CROSSOVER_SELECT, "topk_us"},
        {CROSSOVER_GATHER, "gather_us"},
        {CROSSOVER_ATTEND, "attend_us"},
    };
    const struct crossover_arm *a = c->state;
    const int64_t steps = crossover_steps(s->data.plan.n);
    c->sample_units = (double)steps;
    add(c, "time_us_p50", "us", crossover_step_us(c->samples, c->sample_count, steps, 0.5));
    add(c, "time_us_p95", "us", crossover_step_us(c->samples, c->sample_count, steps, 0.95));
    for (size_t i = 0; i < CROSSOVER_STAGES && a->method != CROSSOVER_READ; i++) {
        cell_metric(c, stages[i].name, "us", false,
                    crossover_stage_us(a->stage[stages[i].stage], c->sample_count),
                    c->sample_count);
    }
}

/* Bytes that the arm's scan reads; 0 where it has none. */
static double scanned_bytes(const struct crossover_group *s, const struct crossover_arm *a) {
    const struct crossover_plan *p = &s->data.plan;
    const double row = p->heads * p->d * (double)sizeof(float);
    switch (a->method) {
    case CROSSOVER_READ:
        return row * (double)p->n;
    case CROSSOVER_TOPK:
        return (double)(p->heads * p->n * crossover_key_bytes(a->scores->format, p->d));
    case CROSSOVER_FULL:
        return 2 * row * (double)p->n;
    case CROSSOVER_QUEST:
        return 2 * row * (double)(s->pages - 1);
    default:
        return 0;
    }
}

static void add_bandwidth(const struct crossover_group *s, const struct cell *read,
                          struct cell *c) {
    const struct crossover_arm *a = c->state;
    const enum crossover_stage scan =
        a->method == CROSSOVER_FULL ? CROSSOVER_ATTEND : CROSSOVER_ESTIMATE;
    const double bytes = scanned_bytes(s, a), steps = (double)crossover_steps(s->data.plan.n);
    if (read == NULL || c == read || bytes == 0 || read->sample_count != c->sample_count) {
        return;
    }
    add(c, "bandwidth_share", "share",
        crossover_bandwidth_share(a->stage[scan], bytes, read->samples,
                                  steps * scanned_bytes(s, read->state), c->sample_count));
}

/* hnswlib's search of the same graph, for a flat one; float32 keys with the same K, for narrow
 * ones.
 */
static bool is_baseline(const struct cell *o, const struct cell *c) {
    if (crossover_method_of(c) == CROSSOVER_TOPK) {
        return crossover_method_of(o) == CROSSOVER_TOPK && crossover_format_of(o) == SCORES_F32 &&
               crossover_format_of(c) != SCORES_F32 &&
               cell_integer(o, "k", 0) == cell_integer(c, "k", 0);
    }
    return strcmp(o->kernel, "graph/hnswlib") == 0 &&
           strcmp(cell_string(c, "links_of"), "hnswlib") == 0 &&
           cell_integer(o, "m", 0) == cell_integer(c, "m", 0) &&
           cell_integer(o, "ef", 0) == cell_integer(c, "ef", 0);
}

static void add_ratio(const struct group *g, struct cell *c) {
    for (size_t i = 0; i < g->cell_count; i++) {
        const struct cell *o = &g->cells[i];
        if (is_baseline(o, c) && cell_measured(o) && o->sample_count == c->sample_count) {
            add(c, "time_ratio", "ratio",
                crossover_speed_ratio(c->samples, o->samples, c->sample_count));
        }
    }
}

/* --- equal quality ---------------------------------------------------------------------------- */

static bool comparable(const struct cell *c, enum crossover_method method) {
    return crossover_method_of(c) == method && crossover_format_of(c) == SCORES_F32 &&
           c->verdict != VERDICT_FAIL && c->verdict != VERDICT_SKIP &&
           crossover_quality_holds(cell_value(c, "mass_share"), cell_value(c, "output_cosine"));
}

const struct cell *crossover_cheapest_of(const struct group *g, enum crossover_method method,
                                         const char *metric) {
    double *cost = malloc((g->cell_count + 1) * sizeof *cost);
    for (size_t i = 0; cost != NULL && i < g->cell_count; i++) {
        const struct cell *c = &g->cells[i];
        cost[i] = comparable(c, method) ? cell_value(c, metric) : NAN;
    }
    const size_t best = cost != NULL ? crossover_cheapest(cost, g->cell_count) : g->cell_count;
    free(cost);
    return best < g->cell_count ? &g->cells[best] : NULL;
}

static void mark_cheapest(const struct group *g) {
    for (enum crossover_method method = CROSSOVER_FULL; method < CROSSOVER_METHODS; method++) {
        const struct cell *best = crossover_cheapest_of(g, method, "time_us_p50");
        for (size_t i = 0; i < g->cell_count; i++) {
            struct cell *c = &g->cells[i];
            if (cell_measured(c) && crossover_method_of(c) == method &&
                crossover_format_of(c) == SCORES_F32) {
                cell_metric(c, "cheapest", "flag", false, c == best, c->sample_count);
            }
        }
    }
}

static void add_break_even(const struct group *g, struct cell *c) {
    static const char by[] = "time_us_p50";
    const struct cell *quest = crossover_cheapest_of(g, CROSSOVER_QUEST, by),
                      *full = crossover_cheapest_of(g, CROSSOVER_FULL, by);
    const double build = cell_value(c, "build_s"), time = cell_value(c, by);
    if (!crossover_quality_holds(cell_value(c, "mass_share"), cell_value(c, "output_cosine"))) {
        return;
    }
    if (quest != NULL) {
        cell_metric(c, "break_even_steps", "steps", false,
                    crossover_break_even(build, time, cell_value(quest, by)), 1);
    }
    if (full != NULL) {
        cell_metric(c, "break_even_full_steps", "steps", false,
                    crossover_break_even(build, time, cell_value(full, by)), 1);
    }
}

/* --- a group ---------------------------------------------------------------------------------- */

static enum status trust(struct cell *c) {
    const struct crossover_arm *a = c->state;
    if (a->timed_status == ST_OK && a->other_answers > 0) {
        cell_verdict(c, VERDICT_FAIL, "%zu timed steps chose other keys than the checked ones",
                     a->other_answers);
    }
    return a->timed_status;
}

enum status crossover_summarise(struct run *run, struct group *g) {
    const struct crossover_group *s = g->state;
    const struct cell *read = NULL;
    enum status st = ST_OK;
    (void)run;
    for (size_t i = 0; i < g->cell_count && st == ST_OK; i++) {
        struct cell *c = &g->cells[i];
        st = c->sample_count > 0 ? trust(c) : ST_OK;
        if (st == ST_OK && cell_measured(c)) {
            add_times(s, c);
            read = crossover_method_of(c) == CROSSOVER_READ ? c : read;
        }
    }
    if (st != ST_OK) {
        return st;
    }
    mark_cheapest(g);
    for (size_t i = 0; i < g->cell_count; i++) {
        struct cell *c = &g->cells[i];
        if (!cell_measured(c)) {
            continue;
        }
        if (crossover_method_of(c) == CROSSOVER_HNSW) {
            add_break_even(g, c);
        } else {
            add_bandwidth(s, read, c);
        }
        add_ratio(g, c);
    }
    return ST_OK;
}
