/* Where two ways to attend cost the same at equal quality: at each N the cheapest setting of each
 * that keeps enough of the oracle's attention, by counts and by time. */
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "crossover.h"
#include "crossover_metrics.h"
#include "crossover_model.h"

static const char crossing[] = "crossing", counts[] = "counts", time_text[] = "time";

/* The first is expected to become the cheaper one. */
static const struct pair {
    const char *name;
    enum crossover_method first, second;
} pairs[] = {
    {"hnsw / quest", CROSSOVER_HNSW, CROSSOVER_QUEST},
    {"hnsw / full", CROSSOVER_HNSW, CROSSOVER_FULL},
    {"hnsw / topk", CROSSOVER_HNSW, CROSSOVER_TOPK},
    {"quest / full", CROSSOVER_QUEST, CROSSOVER_FULL},
};

enum { PAIRS = sizeof pairs / sizeof pairs[0], CONTEXTS_MOST = 16 };

/* --- plan ------------------------------------------------------------------------------------- */

/* Whether a group is of arms; then its first cell says of which data. */
static bool has_arms(const struct group *g) {
    return g->cell_count > 0 && strcmp(g->cells[0].experiment, "crossover") == 0 &&
           crossover_method_of(&g->cells[0]) < CROSSOVER_METHODS;
}

static bool same_data(const struct cell *a, const struct cell *b) {
    return strcmp(cell_string(a, "data"), cell_string(b, "data")) == 0 &&
           cell_integer(a, "d", 0) == cell_integer(b, "d", 0) &&
           cell_integer(a, "kv_heads", 0) == cell_integer(b, "kv_heads", 0);
}

static enum status add_pairs(struct run *run, struct group *g, const struct cell *of) {
    for (size_t i = 0; i < 2 * (size_t)PAIRS; i++) {
        struct cell *c = group_cell(run, g, crossing, "");
        if (c == NULL) {
            return ST_SYSTEM;
        }
        cell_param_text(c, "data", cell_string(of, "data"));
        cell_param_integer(c, "d", cell_integer(of, "d", 0));
        cell_param_integer(c, "kv_heads", cell_integer(of, "kv_heads", 0));
        cell_param_text(c, "pair", pairs[i / 2].name);
        cell_param_text(c, "by", i % 2 == 0 ? counts : time_text);
        cell_param_integer(c, "largest", cell_integer(of, "context", 0));
    }
    return ST_OK;
}

/* N of one kind of data follow each other and ascend: the last has the largest. */
enum status crossover_plan_crossings(struct run *run) {
    struct group *g = run_group(run, "crossings", 0);
    const struct group *at;
    enum status st = g != NULL ? ST_OK : ST_SYSTEM;
    for (size_t i = 0; st == ST_OK && (at = run_planned_group(run, i)) != g; i++) {
        const struct group *next = run_planned_group(run, i + 1);
        if (has_arms(at) && !(has_arms(next) && same_data(&at->cells[0], &next->cells[0]))) {
            st = add_pairs(run, g, &at->cells[0]);
        }
    }
    return st;
}

/* --- what was measured ------------------------------------------------------------------------ */

/* The cheapest cells of both sides at each N; NULL: none has the quality. */
struct curves {
    size_t count;
    double n[CONTEXTS_MOST];
    const struct cell *cells[2][CONTEXTS_MOST];
    const char *metric;
};

static struct curves curves_of(const struct run *run, const struct cell *c, const struct pair *pair,
                               const char *metric) {
    struct curves out = {.metric = metric};
    const struct group *g;
    for (size_t i = 0; (g = run_planned_group(run, i)) != NULL && out.count < CONTEXTS_MOST; i++) {
        if (has_arms(g) && same_data(&g->cells[0], c)) {
            out.n[out.count] = (double)cell_integer(&g->cells[0], "context", 0);
            out.cells[0][out.count] = crossover_cheapest_of(g, pair->first, metric);
            out.cells[1][out.count++] = crossover_cheapest_of(g, pair->second, metric);
        }
    }
    return out;
}

/* --- by counts -------------------------------------------------------------------------------- */

/* The metric, or the end of its interval over queries that is so many sides up or down. */
static double count_of(const struct cell *c, const char *name, int side) {
    const struct metric *m = c != NULL ? cell_metric_find(c, name) : NULL;
    const bool spread = m != NULL && m->has_interval && side != 0;
    return spread ? side < 0 ? m->lo : m->hi : cell_value(c, name);
}

/* side 0: the means; 1: the first at its dearest against the second at its cheapest; -1: the
 * opposite. */
static struct crossover_crossing counted(const struct curves *x, int side) {
    double cost[2][CONTEXTS_MOST];
    for (size_t i = 0; i < x->count; i++) {
        cost[0][i] = count_of(x->cells[0][i], x->metric, side);
        cost[1][i] = count_of(x->cells[1][i], x->metric, -side);
    }
    return crossover_crossing_of(x->n, cost[0], cost[1], x->count);
}

/* --- by time ---------------------------------------------------------------------------------- */

/* Rounds that every sample of the curves has; 0: nothing was timed. */
static size_t rounds_of(const struct curves *x) {
    size_t rounds = SIZE_MAX;
    for (size_t i = 0; i < 2 * x->count; i++) {
        const struct cell *c = x->cells[i % 2][i / 2];
        rounds = c != NULL && c->sample_count < rounds ? c->sample_count : rounds;
    }
    return rounds == SIZE_MAX || rounds > CROSSOVER_ROUNDS ? 0 : rounds;
}

static double median_of(const struct cell *c, const size_t *picked, size_t n) {
    double x[CROSSOVER_ROUNDS];
    for (size_t i = 0; c != NULL && i < n; i++) {
        x[i] = c->samples[picked[i]];
    }
    return c != NULL ? stats_median(x, n) : NAN;
}

/* The rounds picked are those of both sides, so that what slowed a round down slows both. */
static struct crossover_crossing timed(const struct curves *x, const size_t *picked, size_t n) {
    double cost[2][CONTEXTS_MOST];
    for (size_t i = 0; i < 2 * x->count; i++) {
        cost[i % 2][i / 2] = median_of(x->cells[i % 2][i / 2], picked, n);
    }
    return crossover_crossing_of(x->n, cost[0], cost[1], x->count);
}

static double timed_n(const void *data, const size_t *picked, size_t n) {
    return timed(data, picked, n).n;
}

/* --- a cell ----------------------------------------------------------------------------------- */

static void explain(struct cell *c, const struct pair *pair, const struct crossover_crossing *x) {
    const char *first = crossover_arms[pair->first], *second = crossover_arms[pair->second];
    switch (x->kind) {
    case CROSSOVER_CROSSES:
        break;
    case CROSSOVER_NEVER:
        cell_verdict(c, VERDICT_MARGINAL, "no crossing up to N = %.0f: there %s costs more than %s",
                     x->to, first, second);
        break;
    case CROSSOVER_ALWAYS:
        cell_verdict(c, VERDICT_MARGINAL,
                     "no crossing: %s costs no more than %s from N = %.0f, the least measured, to "
                     "%.0f",
                     first, second, x->from, x->to);
        break;
    default:
        cell_verdict(c, VERDICT_MARGINAL,
                     "no N was measured at which a setting of %s and one of %s reach the quality",
                     first, second);
    }
}

/* The seed's model with the cell's dimensions; all scores cost what pages of two keys do. */
static enum status model_n(const struct run *run, const struct pair *pair, const struct cell *c,
                           double *n) {
    struct crossover_model x;
    enum status st = crossover_read_model(run, &x);
    x.d = x.d_search = cell_integer(c, "d", 0);
    x.page = pair->second == CROSSOVER_QUEST ? x.page : 2;
    *n = st == ST_OK && pair->first == CROSSOVER_HNSW ? crossover_points(&x).for_good : NAN;
    return st;
}

static enum status check_counts(struct run *run, struct cell *c, const struct pair *pair) {
    const struct curves x = curves_of(run, c, pair, "macs");
    const struct crossover_crossing at = counted(&x, 0), lo = counted(&x, -1), hi = counted(&x, 1);
    const bool spread = lo.n < at.n || at.n < hi.n;
    double model;
    enum status st = model_n(run, pair, c, &model);
    cell_metric(c, "crossover_n", "tokens", true, at.n, x.count);
    cell_metric(c, "crossover_lo", "tokens", true, spread ? lo.n : NAN, x.count);
    cell_metric(c, "crossover_hi", "tokens", true, spread ? hi.n : NAN, x.count);
    cell_metric(c, "crossover_model_n", "tokens", true, model, 1);
    explain(c, pair, &at);
    return st;
}

static void add(struct cell *c, const char *name, const char *unit, struct interval v, size_t n) {
    metric_interval(cell_metric(c, name, unit, false, v.value, n), v.lo, v.hi);
}

/* At the largest N that has both: where nothing crosses, it tells which side is the faster one. */
static void add_last_ratio(struct cell *c, const struct curves *x, size_t rounds) {
    size_t last = x->count;
    for (size_t i = 0; i < x->count; i++) {
        last = x->cells[0][i] != NULL && x->cells[1][i] != NULL ? i : last;
    }
    if (last < x->count) {
        add(c, "time_ratio", "ratio",
            crossover_speed_ratio(x->cells[0][last]->samples, x->cells[1][last]->samples, rounds),
            rounds);
    }
}

/* A reason is an output, equal on a rerun: of times it tells only what follows from quality. */
static void check_time(const struct run *run, struct cell *c, const struct pair *pair) {
    const struct curves x = curves_of(run, c, pair, "time_us_p50");
    size_t rounds = rounds_of(&x), every[CROSSOVER_ROUNDS];
    for (size_t i = 0; i < rounds; i++) {
        every[i] = i;
    }
    if (rounds == 0) {
        cell_verdict(c, VERDICT_SKIP, "nothing was timed that reaches the quality");
        return;
    }
    const struct crossover_crossing at = timed(&x, every, rounds);
    if (at.kind == CROSSOVER_UNMEASURED) {
        explain(c, pair, &at);
    }
    if (at.kind == CROSSOVER_CROSSES) {
        add(c, "crossover_timed_n", "tokens", stats_group_interval(timed_n, &x, rounds), rounds);
    }
    add_last_ratio(c, &x, rounds);
}

enum status crossover_check_crossing(struct run *run, struct cell *c) {
    size_t i = 0;
    while (i + 1 < PAIRS && strcmp(pairs[i].name, cell_string(c, "pair")) != 0) {
        i++;
    }
    if (strcmp(cell_string(c, "by"), counts) == 0) {
        return check_counts(run, c, &pairs[i]);
    }
    check_time(run, c, &pairs[i]);
    return ST_OK;
}
