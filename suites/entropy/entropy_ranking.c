#include "entropy_ranking.h"

#include <inttypes.h>
#include <math.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

#include "../../harness/judge/kernel.h"
#include "../../harness/base/memory.h"
#include "../../harness/base/workers.h"
#include "../kernels/rank_check.h"
#include "entropy_ranking_metrics.h"
#include "entropy_ranking_queries.h"

enum { FORMATS = 4, KEPT = 2, POPULATIONS = 3, TRACE_LEAST = 512 };

static const char *const kernel_names[FORMATS] = {"rank/f64", "rank/f32", "rank/bf16", "rank/f16"};
static const int64_t kept[KEPT] = {64, 128};
enum population { MODEL, TRACE, GAUSSIAN };
static const char *const population_names[POPULATIONS] = {"model", "trace", "gaussian"};

/* Made-up queries have the pinned model's shape, whatever model runs. */
static const struct entropy_queries made_up = {.layers = 3, .heads = 9, .kv_heads = 3, .d = 64};

/* --- plan ------------------------------------------------------------------------------------- */

static struct entropy_queries size_of(const struct run *run, int64_t context) {
    static const struct entropy_queries sizes[] = {
        [PROFILE_SMOKE] = {.tokens = 512, .rows = 2},
        [PROFILE_DEFAULT] = {.tokens = 2048, .rows = 16},
        [PROFILE_FULL] = {.tokens = 8192, .rows = 16},
    };
    struct entropy_queries size = sizes[run_profile(run)];
    size.tokens = size.tokens < context ? size.tokens : context;
    size.rows = size.rows < size.tokens ? size.rows : size.tokens;
    return size;
}

static enum status add_cells(const struct entropy_plan *p, enum population population,
                             int64_t tokens) {
    for (int i = 0; i < FORMATS * KEPT; i++) {
        struct cell *c = entropy_cell(p, population_names[population], kernel_names[i / KEPT]);
        if (c == NULL) {
            return ST_SYSTEM;
        }
        cell_param_integer(c, "tokens", tokens);
        cell_param_integer(c, "k", kept[i % KEPT]);
    }
    return ST_OK;
}

/* Made-up queries stand beside the trace's, which is there without any weights. */
static enum status plan(const struct entropy_plan *p) {
    if (p->trace == NULL) {
        return add_cells(p, MODEL, size_of(p->run, p->model.context).tokens);
    }
    const enum status st = add_cells(p, TRACE, p->trace->tokens);
    return st == ST_OK ? add_cells(p, GAUSSIAN, size_of(p->run, INT32_MAX).tokens) : st;
}

bool entropy_ranking_is(const struct cell *c) {
    return entropy_part_is(c, entropy_ranking_part.name);
}

/* --- computing -------------------------------------------------------------------------------- */

/* What a format makes of one query. */
struct found {
    enum verdict verdict;
    char reason[CELL_REASON];
    bool order_changed, set_changed[KEPT];
    double diff[KEPT];
};

struct results {
    struct entropy_queries queries; /* without values once they are ranked */
    int64_t count;
    struct found *found; /* (count, FORMATS); NULL: not ranked yet */
};

struct state {
    struct results results[POPULATIONS];
};

static enum status prepare(struct entropy_source *s, void **out) {
    (void)s;
    *out = calloc(1, sizeof(struct state));
    return *out == NULL ? status_set(ST_SYSTEM, "out of memory") : ST_OK;
}

static void release(void *opaque) {
    struct state *state = opaque;
    for (int i = 0; i < POPULATIONS; i++) {
        entropy_queries_free(&state->results[i].queries);
        free(state->results[i].found);
    }
    free(state);
}

struct ranking_job {
    struct results *results;
    atomic_int failed;
};

static enum status rank_query(const struct rank_problem *p, const float *v, int format,
                              struct found *out) {
    const struct rank_impl *impl = kernel_find(kernel_names[format])->impl;
    const int64_t n = p->call.n;
    struct rank_result result;
    struct judge j;
    judge_begin(&j);
    const enum status st = rank_check(impl, p, &j, &result);
    out->verdict = j.verdict;
    memcpy(out->reason, j.reason, sizeof out->reason);
    if (st == ST_OK && j.verdict != VERDICT_FAIL) {
        out->order_changed = entropy_order_changed(result.by_projection, result.by_logit, n);
        for (int i = 0; i < KEPT; i++) {
            out->set_changed[i] =
                entropy_set_changed(result.by_projection, result.by_logit, n, kept[i]);
            out->diff[i] = entropy_chosen_diff(result.by_projection, result.by_logit, n, kept[i],
                                               p->logits, v, p->call.d);
        }
    }
    judge_end(&j);
    return st;
}

static void rank_item(void *arg, int64_t item) {
    struct ranking_job *job = arg;
    struct results *r = job->results;
    const struct entropy_query query = entropy_query_at(&r->queries, item);
    struct rank_problem p = {.call = {query.q, query.k, query.n, r->queries.d}};
    enum status st = rank_problem_solve(&p);
    for (int f = 0; f < FORMATS && st == ST_OK; f++) {
        st = rank_query(&p, query.v, f, &r->found[item * FORMATS + f]);
    }
    rank_problem_free(&p);
    if (st != ST_OK) {
        atomic_store(&job->failed, 1);
    }
}

static enum status load_model_queries(struct entropy_source *s, struct entropy_queries *out) {
    struct text_sequences texts;
    *out = size_of(s->run, lm_shape(s->lm.model)->context);
    enum status st = entropy_sequences(s, (int32_t)out->tokens, 1, &texts);
    if (st == ST_OK) {
        st = entropy_queries_model(out, s->lm.model, texts.ids, s->threads);
        text_sequences_free(&texts);
    }
    return st;
}

static enum status load_made_up(const struct entropy_source *s, struct entropy_queries *out) {
    const struct entropy_queries size = size_of(s->run, INT32_MAX);
    *out = made_up;
    out->tokens = size.tokens;
    out->rows = size.rows;
    return entropy_queries_gaussian(out, run_seed(s->run));
}

static enum status load_queries(struct entropy_source *s, enum population population,
                                struct entropy_queries *out) {
    switch (population) {
    case MODEL:
        return load_model_queries(s, out);
    case TRACE:
        return entropy_queries_trace(out, s->trace, TRACE_LEAST);
    case GAUSSIAN:
        return load_made_up(s, out);
    }
    return ST_SYSTEM;
}

static enum status rank_all(struct entropy_source *s, enum population population,
                            struct results *r) {
    const enum status st = load_queries(s, population, &r->queries);
    if (st != ST_OK) {
        return st;
    }
    r->count = r->queries.layers * r->queries.heads * r->queries.rows;
    r->found = calloc((size_t)r->count * FORMATS, sizeof *r->found);
    if (r->found == NULL) {
        return status_set(ST_SYSTEM, "out of memory");
    }
    struct ranking_job job = {.results = r};
    run_note(s->run, "entropy %s: ranking for %" PRId64 " queries", s->dataset, r->count);
    workers_run(s->threads, r->count, rank_item, &job);
    entropy_queries_free(&r->queries);
    return atomic_load(&job.failed) ? status_set(ST_SYSTEM, "ranking: out of memory") : ST_OK;
}

/* --- cells ------------------------------------------------------------------------------------ */

static int index_of(const char *const *names, int count, const char *name) {
    int i = 0;
    while (i + 1 < count && strcmp(names[i], name) != 0) {
        i++;
    }
    return i;
}

/* float64 decides what is right: a change there is rounding of its own. */
static void set_verdict(struct cell *c, const struct found *worst, bool float64, uint64_t orders,
                        uint64_t n) {
    cell_verdict(c, worst->verdict, "%s", worst->reason);
    if (worst->verdict == VERDICT_PASS && float64 && orders > 0) {
        cell_verdict(c, VERDICT_MARGINAL,
                     "float64 orders keys differently for %" PRIu64 " of %" PRIu64 " queries",
                     orders, n);
    }
}

static enum status check(struct entropy_source *s, void *opaque, struct cell *c) {
    struct state *state = opaque;
    const int population = index_of(population_names, POPULATIONS, c->arm);
    const int format = index_of(kernel_names, FORMATS, c->kernel);
    const int which = cell_integer(c, "k", 0) == kept[0] ? 0 : 1;
    struct results *r = &state->results[population];
    enum status st = r->found == NULL ? rank_all(s, (enum population)population, r) : ST_OK;
    if (st != ST_OK) {
        return st;
    }
    uint64_t orders = 0, sets = 0;
    double diff = 0;
    const uint64_t n = (uint64_t)r->count;
    const struct found *worst = &r->found[format];
    for (int64_t i = 0; i < r->count; i++) {
        const struct found *f = &r->found[i * FORMATS + format];
        orders += f->order_changed;
        sets += f->set_changed[which];
        diff = f->diff[which] <= diff || isnan(diff) ? diff : f->diff[which];
        worst = f->verdict > worst->verdict ? f : worst;
    }
    set_verdict(c, worst, format == RANK_F64, orders, n);
    if (c->verdict != VERDICT_FAIL) {
        cell_metric(c, "order_changed_share", "share", true, entropy_share(orders, n), n);
        cell_metric(c, "set_changed_share", "share", true, entropy_share(sets, n), n);
        cell_metric(c, "output_max_abs_diff", "value", true, diff, n);
    }
    return ST_OK;
}

const struct entropy_part entropy_ranking_part = {"ranking", plan, prepare, check, release};
