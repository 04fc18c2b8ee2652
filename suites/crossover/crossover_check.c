/* One cell under the judge: quality against the oracle and counts of every query's step. */
#include <stdlib.h>
#include <string.h>

#include "crossover.h"
#include "crossover_metrics.h"
#include "crossover_model.h"

/* Values of every query, and of every query and head. */
struct tally {
    double evaluations[CROSSOVER_QUERIES], hops[CROSSOVER_QUERIES], macs[CROSSOVER_QUERIES],
        bytes[CROSSOVER_QUERIES];
    size_t queries;
    double *recall, *mass, *cosine; /* (queries, heads) */
    size_t answers;
};

static enum status tally_new(const struct crossover_group *s, struct tally *t) {
    const size_t room = CROSSOVER_QUERIES * (size_t)s->data.plan.heads;
    *t = (struct tally){.recall = calloc(room, sizeof(double)),
                        .mass = calloc(room, sizeof(double)),
                        .cosine = calloc(room, sizeof(double))};
    return t->recall == NULL || t->mass == NULL || t->cosine == NULL
               ? status_set(ST_SYSTEM, "out of memory")
               : ST_OK;
}

static void tally_free(struct tally *t) {
    free(t->recall);
    free(t->mass);
    free(t->cosine);
}

/* --- one query -------------------------------------------------------------------------------- */

static struct crossover_work work_of(const struct crossover_group *s, const struct crossover_arm *a,
                                     const struct graph_counts *counts) {
    const struct crossover_plan *p = &s->data.plan;
    const bool scores = a->method == CROSSOVER_TOPK;
    struct crossover_work w = {.scored = scores ? p->heads * p->n : 0,
                               .format = scores ? a->scores->format : SCORES_F32,
                               .pages =
                                   a->method == CROSSOVER_QUEST ? p->heads * (s->pages - 1) : 0,
                               .graph_evaluations = (int64_t)counts->evaluations,
                               .graph_hops = (int64_t)counts->hops,
                               .graph_bytes = (int64_t)counts->bytes,
                               .d = p->d,
                               .d_search = s->data.d_search};
    for (int32_t head = 0; head < p->heads; head++) {
        w.attended += s->space.count[head];
    }
    return w;
}

static void count_step(const struct crossover_group *s, const struct crossover_arm *a,
                       const struct graph_counts *counts, struct tally *t) {
    const struct crossover_work w = work_of(s, a, counts);
    t->evaluations[t->queries] = crossover_evaluations(&w);
    t->hops[t->queries] = crossover_hops(&w);
    t->macs[t->queries] = crossover_macs(&w);
    t->bytes[t->queries] = crossover_bytes(&w);
    t->queries++;
}

static void weigh_step(const struct crossover_group *s, int64_t query, struct tally *t) {
    const struct crossover_plan *p = &s->data.plan;
    for (int32_t head = 0; head < p->heads; head++) {
        const struct crossover_quality q = crossover_quality_of(
            &s->data, &s->oracles[head * p->queries + query], crossover_chosen_of(s, head),
            s->space.count[head], s->space.out + (int64_t)head * p->d);
        t->recall[t->answers] = q.recall;
        t->mass[t->answers] = q.mass;
        t->cosine[t->answers++] = q.cosine;
    }
}

/* All keys are chosen where all are read. */
static void choose_all(const struct crossover_group *s) {
    for (int32_t head = 0; head < s->data.plan.heads; head++) {
        int32_t *chosen = crossover_chosen_of(s, head);
        for (int64_t i = 0; i < s->data.plan.n; i++) {
            chosen[i] = (int32_t)i;
        }
    }
}

/* The step as it is timed, then with counters: it must choose the same. */
static enum status check_query(struct crossover_group *s, struct crossover_arm *a, int64_t query,
                               struct tally *t, struct judge *j) {
    double stage[CROSSOVER_STAGES] = {0};
    struct graph_counts counts = {0};
    enum status st = crossover_step(s, a, query, stage, NULL);
    a->answers[query] = crossover_step_answer(s, a);
    if (st == ST_OK && a->method == CROSSOVER_HNSW) {
        st = crossover_step(s, a, query, stage, &counts);
        if (crossover_step_answer(s, a) != a->answers[query]) {
            judge_fail(j, "query %lld: counting, it finds other keys", (long long)query);
        }
    }
    if (st != ST_OK) {
        return st;
    }
    if (a->method == CROSSOVER_FULL && query == 0) {
        choose_all(s);
    }
    count_step(s, a, &counts, t);
    weigh_step(s, query, t);
    const int32_t head = (int32_t)(query % s->data.plan.heads);
    return query < s->judged ? crossover_judge_step(s, a, query, head, j) : ST_OK;
}

/* --- a cell ----------------------------------------------------------------------------------- */

static void add_mean(struct cell *c, const char *name, const char *unit, const double *x,
                     size_t n) {
    const struct interval v = stats_mean_interval(x, n);
    struct metric *m = cell_metric(c, name, unit, true, v.value, n);
    if (v.lo < v.hi) {
        metric_interval(m, v.lo, v.hi);
    }
}

/* Where the seed's model has Quest and a graph of these settings cross, in the keys' dimensions. */
static double model_n(const struct crossover_group *s, const struct crossover_arm *a) {
    const struct crossover_plan *p = &s->data.plan;
    const struct crossover_model x = {
        .m = a->graph->m, .ef = a->ef, .page = s->page, .d = p->d, .d_search = p->d};
    return crossover_points(&x).for_good;
}

static void add_graph(const struct crossover_group *s, const struct crossover_arm *a,
                      struct cell *c, const struct tally *t) {
    const struct crossover_plan *p = &s->data.plan;
    const double evaluations = stats_mean(t->evaluations, t->queries);
    add_mean(c, "hops", "hops", t->hops, t->queries);
    cell_metric(c, "evaluations_model", "evaluations", true,
                crossover_evaluations_model(a->graph->m, a->ef, p->n, s->data.graphs), 1);
    cell_metric(c, "crossover_n", "tokens", true,
                crossover_counted_n(evaluations, s->page, s->data.d_search, p->d, p->heads),
                t->queries);
    cell_metric(c, "crossover_model_n", "tokens", true, model_n(s, a), 1);
    cell_metric(c, "build_s", "s", false, a->graph->build_s, 1);
    cell_metric(c, "insert_us", "us", false, a->graph->insert_us, 1);
}

static void add_metrics(const struct crossover_group *s, const struct crossover_arm *a,
                        struct cell *c, const struct tally *t) {
    if (a->method != CROSSOVER_FULL) { /* which compares nothing in order to choose */
        add_mean(c, "evaluations", "evaluations", t->evaluations, t->queries);
    }
    add_mean(c, "macs", "macs", t->macs, t->queries);
    add_mean(c, "bytes_touched", "bytes", t->bytes, t->queries);
    add_mean(c, "recall_at_k", "share", t->recall, t->answers);
    add_mean(c, "mass_share", "share", t->mass, t->answers);
    add_mean(c, "output_cosine", "share", t->cosine, t->answers);
    if (a->method == CROSSOVER_HNSW) {
        add_graph(s, a, c, t);
    }
}

enum status crossover_check_arm(struct crossover_group *s, struct cell *c) {
    struct crossover_arm *a = c->state;
    struct tally t;
    struct judge j;
    if (a->method == CROSSOVER_READ) {
        return ST_OK; /* nothing is computed */
    }
    enum status st = tally_new(s, &t);
    judge_begin(&j);
    for (int64_t query = 0; query < s->data.plan.queries && st == ST_OK; query++) {
        st = check_query(s, a, query, &t, &j);
    }
    if (st == ST_OK) {
        add_metrics(s, a, c, &t);
        cell_verdict(c, j.verdict, "%s", j.reason);
    }
    judge_end(&j);
    tally_free(&t);
    return st;
}
