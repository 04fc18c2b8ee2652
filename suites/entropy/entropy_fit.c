#include "entropy_fit.h"

#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../lm/lm_capture.h"
#include "entropy_gather.h"

/* Sizes of a profile; "tokens" and "texts" change them. */
struct size {
    int64_t tokens, texts;
};

static enum status size_of(const struct run *run, int32_t context, struct size *out) {
    static const struct size sizes[] = {
        [PROFILE_SMOKE] = {1024, 2}, [PROFILE_DEFAULT] = {8192, 4}, [PROFILE_FULL] = {8192, 8}};
    *out = sizes[run_profile(run)];
    enum status st = ST_OK;
    if (run_setting(run, "tokens")[0] != '\0') {
        st = run_setting_integer(run, "tokens", 2 * ENTROPY_SHORTEST, INT32_MAX, &out->tokens);
    }
    if (st == ST_OK && run_setting(run, "texts")[0] != '\0') {
        st = run_setting_integer(run, "texts", 1, ENTROPY_TEXTS, &out->texts);
    }
    out->tokens = out->tokens < context ? out->tokens : context;
    if (st == ST_OK && out->tokens < 2 * ENTROPY_SHORTEST) {
        st = status_set(ST_INPUT, "entropy: a fit needs %d tokens, the model's context has %d",
                        2 * ENTROPY_SHORTEST, context);
    }
    return st;
}

/* --- plan ------------------------------------------------------------------------------------- */

/* A model with more heads than this has cells of its layers only: a record has its limits. */
enum { NONE = -1, HEADS_MOST = 1024 };

/* A cell of a series over heads: of one head, of a layer's, or of all; at one point, or a fit. */
struct point {
    size_t series;
    int64_t layer, head, context; /* NONE: all layers, all heads, a fit */
};

static enum status add_cell(const struct entropy_plan *p, const struct size *size,
                            const struct point *at) {
    struct cell *c = entropy_cell(p, entropy_keys_names[entropy_series_keys(at->series)], "");
    if (c == NULL) {
        return ST_SYSTEM;
    }
    cell_param_integer(c, "tokens", size->tokens);
    cell_param_integer(c, "texts", size->texts);
    cell_param_text(c, "population",
                    entropy_population_names[entropy_series_population(at->series)]);
    cell_param_text(c, "over", at->layer == NONE ? "model" : at->head == NONE ? "layer" : "head");
    if (at->layer != NONE) {
        cell_param_integer(c, "layer", at->layer);
    }
    if (at->head != NONE) {
        cell_param_integer(c, "head", at->head);
    }
    if (at->context != NONE) {
        cell_param_integer(c, "context", at->context);
    }
    return ST_OK;
}

static enum status plan_model(const struct entropy_plan *p, const struct size *size,
                              size_t series) {
    struct point at = {series, NONE, NONE, NONE};
    enum status st = add_cell(p, size, &at);
    for (size_t i = 0; i < entropy_point_count(size->tokens) && st == ST_OK; i++) {
        at.context = entropy_context(i);
        st = add_cell(p, size, &at);
    }
    return st;
}

static enum status plan_layers(const struct entropy_plan *p, const struct size *size,
                               size_t series) {
    enum status st = ST_OK;
    const int32_t layers = p->trace != NULL ? p->trace->layer_count : p->model.layers;
    const int32_t heads = p->trace != NULL ? p->trace->heads : p->model.heads;
    for (int32_t i = 0; i < layers && st == ST_OK; i++) {
        const int32_t layer = p->trace != NULL ? p->trace->layers[i] : i;
        struct point at = {series, layer, NONE, NONE};
        st = add_cell(p, size, &at);
        const bool each = series < ENTROPY_SERIES_FEW && layers * heads <= HEADS_MOST;
        for (int32_t head = 0; each && head < heads && st == ST_OK; head++) {
            at.head = head;
            st = add_cell(p, size, &at);
        }
    }
    return st;
}

/* The trace has the queries of some rows only. */
static bool has_series(const struct entropy_plan *p, size_t series) {
    return p->trace == NULL || series != ENTROPY_SERIES_ALL;
}

static enum status plan(const struct entropy_plan *p) {
    struct size size = {p->trace != NULL ? p->trace->tokens : 0, 1};
    enum status st = p->trace != NULL ? ST_OK : size_of(p->run, p->model.context, &size);
    for (size_t series = 0; series < ENTROPY_SERIES && st == ST_OK; series++) {
        st = has_series(p, series) ? plan_model(p, &size, series) : ST_OK;
    }
    for (size_t series = 0; series < ENTROPY_SERIES && st == ST_OK; series++) {
        st = has_series(p, series) ? plan_layers(p, &size, series) : ST_OK;
    }
    return st;
}

/* --- computing -------------------------------------------------------------------------------- */

static enum status run_texts(const struct entropy_source *s, const struct text_sequences *texts,
                             struct entropy_results *r) {
    struct lm_session *session;
    enum status st = lm_session_new(s->lm.model, r->length, s->threads, &session);
    for (size_t i = 0; i < r->texts && st == ST_OK; i++) {
        run_note(s->run, "entropy %s: text %zu of %zu, %" PRId64 " tokens", s->dataset, i + 1,
                 r->texts, r->length);
        st = entropy_gather_text(r, i, session, lm_shape(s->lm.model),
                                 texts->ids + (int64_t)i * r->length);
    }
    lm_session_free(session);
    return st;
}

static enum status run_sequences(const struct entropy_source *s, struct entropy_results *r) {
    struct text_sequences texts;
    struct size size;
    enum status st = size_of(s->run, lm_shape(s->lm.model)->context, &size);
    st = st == ST_OK ? entropy_sequences(s, (int32_t)size.tokens, size.texts, &texts) : st;
    if (st != ST_OK) {
        return st;
    }
    const struct lm_shape *shape = lm_shape(s->lm.model);
    r->texts = (size_t)texts.count;
    r->layers = (size_t)shape->layers;
    r->heads = (size_t)shape->heads;
    r->length = size.tokens;
    r->points = entropy_point_count(size.tokens);
    st = entropy_results_new(r);
    st = st == ST_OK ? run_texts(s, &texts, r) : st;
    text_sequences_free(&texts);
    return st;
}

_Static_assert((int)LM_CAPTURE_SHORTEST == (int)ENTROPY_SHORTEST &&
                   (int)LM_CAPTURE_CONTEXTS == (int)ENTROPY_POINTS &&
                   (int)LM_CAPTURE_TAIL == (int)ENTROPY_TAIL,
               "a trace has the queries of the rows that a fit is made of");

/* The trace's queries stand in the order in which entropy_layer wants them. */
static enum status run_trace(const struct trace *t, struct entropy_results *r) {
    r->texts = 1;
    r->layers = (size_t)t->layer_count;
    r->heads = (size_t)t->heads;
    r->numbers = t->layers;
    r->length = t->tokens;
    r->points = entropy_point_count(t->tokens);
    enum status st = lm_capture_check(t);
    st = st == ST_OK ? entropy_results_new(r) : st;
    for (int64_t i = 0; i < t->layer_count && st == ST_OK; i++) {
        const struct entropy_layer l = {.layer = (size_t)i,
                                        .kv_heads = t->kv_heads,
                                        .d = t->head_dim,
                                        .capacity = t->tokens,
                                        .k = t->k + i * t->kv_heads * t->tokens * t->head_dim,
                                        .q = t->q + i * t->heads * t->position_count * t->head_dim};
        st = entropy_gather_layer(r, &l);
    }
    return st;
}

static void release(void *state) {
    entropy_results_free(state);
    free(state);
}

static enum status prepare(struct entropy_source *s, void **state) {
    struct entropy_results *r = calloc(1, sizeof *r);
    *state = r;
    if (r == NULL) {
        return status_set(ST_SYSTEM, "out of memory");
    }
    r->seed = run_seed(s->run);
    r->threads = s->threads;
    return s->trace != NULL ? run_trace(s->trace, r) : run_sequences(s, r);
}

/* --- cells ------------------------------------------------------------------------------------ */

static size_t series_of(const struct cell *c) {
    const char *population = cell_param(c, "population")->text;
    size_t series = 0;
    while (series < ENTROPY_SERIES &&
           (strcmp(entropy_keys_names[entropy_series_keys(series)], c->arm) != 0 ||
            strcmp(entropy_population_names[entropy_series_population(series)], population) != 0)) {
        series++;
    }
    return series;
}

static void add_point(const struct entropy_view *v, size_t point, struct cell *c) {
    const uint64_t n = entropy_rows_behind(v, point);
    cell_metric(c, "entropy_nats", "nats", true, entropy_at(v, point).h, n);
    cell_metric(c, "k_eff_exp_mean", "keys", true, entropy_keys_exp_mean(v, point), n);
    cell_metric(c, "k_eff_mean_exp", "keys", true, entropy_keys_mean_exp(v, point), n);
    cell_metric(c, "local_slope", "ratio", true, entropy_local_slope(v, point), n);
}

static void add_fit(const struct entropy_view *v, struct cell *c) {
    const struct stats_line line = entropy_line(v);
    const struct interval alpha = entropy_alpha(v);
    metric_interval(cell_metric(c, "alpha", "ratio", true, alpha.value, v->texts), alpha.lo,
                    alpha.hi);
    cell_metric(c, "alpha_ci_lo", "ratio", true, alpha.lo, v->texts);
    cell_metric(c, "alpha_ci_hi", "ratio", true, alpha.hi, v->texts);
    cell_metric(c, "alpha_se", "ratio", true, line.slope_se, v->points);
    cell_metric(c, "beta", "nats", true, line.intercept, v->points);
    add_point(v, v->points - 1, c);
}

/* The worst of the layers that the cell is over. */
static void set_verdict(const struct entropy_results *r, int64_t layer, struct cell *c) {
    const struct judge *worst = &r->judges[layer == NONE ? 0 : layer];
    for (size_t i = 0; layer == NONE && i < r->layers; i++) {
        worst = r->judges[i].verdict > worst->verdict ? &r->judges[i] : worst;
    }
    cell_verdict(c, worst->verdict, "%s", worst->reason);
}

/* Place of a layer in the results. */
static int64_t slot_of(const struct entropy_results *r, int64_t layer) {
    int64_t slot = layer;
    for (size_t i = 0; r->numbers != NULL && i < r->layers; i++) {
        slot = r->numbers[i] == layer ? (int64_t)i : slot;
    }
    return slot;
}

static enum status check(struct entropy_source *s, void *state, struct cell *c) {
    const struct entropy_results *r = state;
    const int64_t layer = slot_of(r, cell_integer(c, "layer", NONE));
    const int64_t head = cell_integer(c, "head", NONE);
    const int64_t context = cell_integer(c, "context", NONE);
    const int64_t heads = (int64_t)r->heads;
    (void)s;
    const struct entropy_view v = entropy_view_of(
        r, series_of(c), layer == NONE ? 0 : (size_t)(layer * heads + (head == NONE ? 0 : head)),
        layer == NONE  ? r->layers * r->heads
        : head == NONE ? r->heads
                       : 1);
    set_verdict(r, layer, c);
    if (c->verdict == VERDICT_FAIL) {
        return ST_OK;
    }
    if (context == NONE) {
        add_fit(&v, c);
        return ST_OK;
    }
    for (size_t i = 0; i < r->points; i++) {
        if (entropy_context(i) == context) {
            add_point(&v, i, c);
        }
    }
    return ST_OK;
}

bool entropy_fit_is(const struct cell *c, const char *over, bool one_context) {
    const struct param *p = cell_param(c, "over");
    return entropy_part_is(c, entropy_fit_part.name) && p != NULL && strcmp(p->text, over) == 0 &&
           (cell_param(c, "context") != NULL) == one_context;
}

const struct entropy_part entropy_fit_part = {"fit", plan, prepare, check, release};
