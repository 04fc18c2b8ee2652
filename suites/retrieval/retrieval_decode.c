#include "retrieval_decode.h"

#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../../harness/base/clock.h"
#include "../../harness/base/memory.h"
#include "decode_plug.h"
#include "retrieval_decode_check.h"
#include "retrieval_decode_recall.h"
#include "retrieval_layers.h"
#include "retrieval_loss_metrics.h"
#include "retrieval_methods.h"
#include "retrieval_sets.h"

/* The prompt is forwarded, and an index grows, by PROMPT_STEP tokens at a time, then by one:
 * CHECKED tokens before timing, and in each round one, of the control two, and one that warms up.
 */
enum { ROUNDS = 30, PROMPT_STEP = 64, CHECKED = 16, GROWTH = CHECKED + 2 * (ROUNDS + 1) };

enum { CONTEXTS = 2, BUDGETS = 2 };
struct decode_size {
    int64_t contexts[CONTEXTS + 1], budgets[BUDGETS + 1]; /* each ends with 0 */
    bool few;                                             /* Quest, learned and one graph only */
};

static const struct decode_size sizes[] = {
    [PROFILE_SMOKE] = {{256}, {64}, true},
    [PROFILE_DEFAULT] = {{1024}, {64}, false},
    [PROFILE_FULL] = {{1024, 4096}, {64, 128}, false},
};

struct arm {
    struct lm_session *session;
    struct decode_plug *plug;
    struct decode_seconds before; /* of tokens that were not timed */
    double seconds;               /* of those that were */
    int64_t tokens;
    enum status status; /* of the first that failed */
};

struct retrieval_decode {
    struct text_sequences text; /* one window of context + GROWTH tokens */
    float *hidden, *logits;     /* of one token */
    size_t count;
    struct arm *arms; /* (count) as the group's cells */
};

/* --- plan ------------------------------------------------------------------------------------- */

static bool is_decoded(const struct retrieval_method *m, bool few) {
    const bool contender = m->page > 0 || (m->d_search > 0 && !m->variant);
    return few ? contender && m->losses
               : (contender && (m->losses || m->d_search > 0)) || strcmp(m->arm, "window") == 0;
}

static enum status state_sizes(struct cell *c, int64_t context, int64_t budget) {
    if (c == NULL) {
        return ST_SYSTEM;
    }
    cell_param_integer(c, "context", context);
    if (budget > 0) {
        cell_param_text(c, "layers", retrieval_headline);
        cell_param_integer(c, "kept", budget);
    }
    return ST_OK;
}

static enum status plan_context(const struct retrieval_plan *p, const struct decode_size *size,
                                int64_t context) {
    enum status st = state_sizes(retrieval_cell(p, "full", ""), context, 0);
    for (size_t b = 0; size->budgets[b] != 0; b++) {
        for (size_t i = 0; i < RETRIEVAL_METHODS && st == ST_OK; i++) {
            const struct retrieval_method *m = &retrieval_methods[i];
            st = is_decoded(m, size->few)
                     ? state_sizes(retrieval_method_cell(p, m), context, size->budgets[b])
                     : ST_OK;
        }
    }
    return st;
}

static enum status plan(const struct retrieval_plan *p) {
    const struct decode_size *size = &sizes[run_profile(p->run)];
    enum status st = ST_OK;
    for (size_t i = 0; size->contexts[i] != 0 && st == ST_OK; i++) {
        char name[CELL_NAME];
        struct retrieval_plan of_context = *p;
        if (size->contexts[i] + GROWTH > p->model.context) {
            continue;
        }
        snprintf(name, sizeof name, "decode-%" PRId64, size->contexts[i]);
        of_context.group = run_group(p->run, name, ROUNDS);
        st = of_context.group == NULL ? ST_SYSTEM
                                      : plan_context(&of_context, size, size->contexts[i]);
    }
    return st;
}

/* --- opening ---------------------------------------------------------------------------------- */

static enum status open_text(const struct retrieval_source *s, int64_t context,
                             struct text_sequences *out) {
    const struct text_plan text = {
        .part = TEXT_EVALUATION, .length = (int32_t)(context + GROWTH), .most = 1};
    const enum status st = lm_source_sequences(&s->lm, &text, out);
    return st == ST_INPUT ? status_set(ST_SKIP, "%s", status_message()) : st;
}

static enum status open_decode(struct retrieval_source *s, int64_t context) {
    const struct lm_shape *shape = lm_shape(s->lm.model);
    struct retrieval_decode *d = calloc(1, sizeof *d);
    s->decode = d;
    if (d == NULL) {
        return status_set(ST_SYSTEM, "out of memory");
    }
    d->count = s->group->cell_count;
    d->arms = mem_alloc_array(d->count, sizeof *d->arms);
    d->hidden = mem_alloc_array((size_t)shape->hidden, sizeof *d->hidden);
    d->logits = mem_alloc_array((size_t)shape->vocabulary, sizeof *d->logits);
    return d->arms == NULL || d->hidden == NULL || d->logits == NULL
               ? ST_SYSTEM
               : open_text(s, context, &d->text);
}

static void close_arm(struct arm *a) {
    decode_plug_close(a->plug);
    lm_session_free(a->session);
    *a = (struct arm){0};
}

void retrieval_decode_free(struct retrieval_decode *d) {
    if (d != NULL) {
        for (size_t i = 0; d->arms != NULL && i < d->count; i++) {
            close_arm(&d->arms[i]);
        }
        text_sequences_free(&d->text);
        mem_free(d->arms);
        mem_free(d->hidden);
        mem_free(d->logits);
        free(d);
    }
}

/* --- decoding --------------------------------------------------------------------------------- */

/* Forwards up to the prompt's end. */
static enum status read_prompt(const struct retrieval_decode *d, struct arm *a,
                               const struct lm_attention *attention, int64_t context) {
    enum status st = ST_OK;
    for (int64_t t = 0; t < context && st == ST_OK; t += PROMPT_STEP) {
        const int64_t count = PROMPT_STEP < context - t ? PROMPT_STEP : context - t;
        st = lm_forward(a->session, attention, d->text.ids + t, NULL, count, NULL);
    }
    return st;
}

static enum status decode_token(const struct retrieval_decode *d, struct arm *a,
                                const struct lm_attention *attention) {
    const int32_t *next = d->text.ids + lm_session_length(a->session);
    const enum status st = lm_forward(a->session, attention, next, NULL, 1, d->hidden);
    if (st == ST_OK) {
        lm_logits(lm_session_model(a->session), d->hidden, 1, lm_session_threads(a->session),
                  d->logits);
    }
    return st;
}

double retrieval_decode_time(struct group *g, struct cell *c, int round) {
    const struct retrieval_source *s = g->state;
    struct arm *a = &s->decode->arms[c - g->cells];
    const struct lm_attention attention = decode_plug_attention(a->plug);
    const double begun = clock_seconds();
    (void)round;
    const enum status st = decode_token(s->decode, a, &attention);
    a->seconds += clock_seconds() - begun;
    a->tokens++;
    a->status = a->status == ST_OK ? st : a->status;
    return -1;
}

/* --- check ------------------------------------------------------------------------------------ */

struct arm_setup {
    const struct retrieval_method *method; /* NULL: full */
    const struct selector *selector;
    struct selector_params params;
    struct retrieval_layer_set layers;
    int64_t context, budget;
};

static enum status open_arm(const struct retrieval_source *s, const struct arm_setup *setup,
                            struct arm *a) {
    const struct lm_shape *shape = lm_shape(s->lm.model);
    const int64_t capacity = setup->context + GROWTH;
    const enum status st = lm_session_new(s->lm.model, capacity, s->lm.threads, &a->session);
    return st == ST_OK ? decode_plug_open(setup->selector, &setup->params, setup->budget,
                                          setup->layers.in, shape, capacity, &a->plug)
                       : st;
}

/* The prompt and the tokens that are not timed, the first of them under the judge. */
static enum status decode_checked(const struct retrieval_decode *d, struct arm *a,
                                  const struct arm_setup *setup, struct decode_trace *trace,
                                  struct judge *j, struct selector_counts *searched) {
    struct decode_watch watch = {.plug = a->plug, .trace = trace, .budget = setup->budget};
    const struct lm_attention attention = decode_watch_attention(&watch);
    enum status st = read_prompt(d, a, &attention, setup->context);
    const struct selector_counts before = decode_plug_counts(a->plug);
    for (int64_t i = 0; i < CHECKED && st == ST_OK; i++) {
        watch.judge = i == 0 ? j : NULL;
        st = decode_token(d, a, &attention);
    }
    const struct selector_counts after = decode_plug_counts(a->plug);
    searched->evaluated = after.evaluated - before.evaluated;
    searched->present = after.present - before.present;
    decode_plug_count(a->plug, false); /* what is timed is the library's search, not its twin */
    a->before = decode_plug_seconds(a->plug);
    return st;
}

static enum status add_recall(const struct retrieval_source *s, const struct arm_setup *setup,
                              const struct decode_trace *trace, struct cell *c) {
    const struct selector *exact = selector_find("learned");
    struct decode_recall r;
    if (exact == NULL) {
        return status_set(ST_SYSTEM, "retrieval: no selector learned");
    }
    const enum status st = decode_recall_of(trace, setup->selector, exact, &setup->params,
                                            setup->budget, s->lm.threads, &r);
    if (st == ST_OK) {
        cell_metric(c, "recall_grown", "share", true, decode_recall_grown(&r), r.queries);
        cell_metric(c, "recall_rebuilt", "share", true, decode_recall_rebuilt(&r), r.queries);
    }
    return st;
}

static enum status check_arm(struct retrieval_source *s, const struct arm_setup *setup,
                             struct arm *a, struct cell *c) {
    const bool graph = setup->method != NULL && setup->method->graph[0] != '\0';
    const int64_t words = set_words(setup->context + GROWTH);
    struct decode_trace trace = {0};
    struct selector_counts searched;
    struct judge j;
    judge_begin(&j);
    enum status st = graph ? decode_trace_new(lm_shape(s->lm.model), setup->layers.in,
                                              setup->context, CHECKED, words, &trace)
                           : ST_OK;
    st = st == ST_OK ? decode_checked(s->decode, a, setup, graph ? &trace : NULL, &j, &searched)
                     : st;
    st = st == ST_OK && graph ? add_recall(s, setup, &trace, c) : st;
    if (st == ST_OK) {
        cell_metric(c, "evaluated_share", "share", true, retrieval_evaluated_share(&searched),
                    searched.present);
        cell_verdict(c, j.verdict, "%s", j.reason);
    }
    judge_end(&j);
    if (graph) {
        decode_trace_free(&trace);
    }
    return st;
}

static enum status check(struct retrieval_source *s, struct cell *c) {
    const int32_t layers = lm_shape(s->lm.model)->layers;
    struct arm_setup setup = {.method = retrieval_method_of(c),
                              .layers = retrieval_layers_headline(layers),
                              .context = cell_integer(c, "context", 0),
                              .budget = cell_integer(c, "kept", 0)};
    enum status st = s->decode == NULL ? open_decode(s, setup.context) : ST_OK;
    if (st == ST_OK && s->decode->text.count == 0) {
        st = status_set(ST_SKIP, "the text has no %" PRId64 " tokens", setup.context + GROWTH);
    }
    if (st == ST_OK && setup.method != NULL) {
        st = retrieval_method_open(s, setup.method, &setup.selector, &setup.params);
    }
    if (st != ST_OK) {
        return st;
    }
    struct arm *a = &s->decode->arms[c - s->group->cells];
    st = open_arm(s, &setup, a);
    return st == ST_OK ? check_arm(s, &setup, a, c) : st;
}

const struct retrieval_part retrieval_decode_part = {"decode", plan, check};

/* --- metrics ---------------------------------------------------------------------------------- */

struct interval retrieval_decode_rate(const double *seconds, size_t n) {
    if (n == 0) {
        return (struct interval){NAN, NAN, NAN};
    }
    const struct interval t = stats_mean_interval(seconds, n);
    return (struct interval){1 / t.value, 1 / t.hi, 1 / t.lo};
}

double retrieval_decode_share(double part, double whole) { return whole > 0 ? part / whole : NAN; }

static void summarise_arm(const struct arm *a, struct cell *c) {
    const struct decode_seconds after = decode_plug_seconds(a->plug);
    const uint64_t tokens = (uint64_t)a->tokens;
    const struct interval rate = retrieval_decode_rate(c->samples, c->sample_count);
    c->sample_units = 1;
    metric_interval(cell_metric(c, "tokens_per_s", "tokens/s", false, rate.value, c->sample_count),
                    rate.lo, rate.hi);
    cell_metric(c, "attention_share", "share", false,
                retrieval_decode_share(after.attention - a->before.attention, a->seconds), tokens);
    cell_metric(c, "insertion_share", "share", false,
                retrieval_decode_share(after.insertion - a->before.insertion, a->seconds), tokens);
}

enum status retrieval_decode_summarise(struct run *run, struct group *g) {
    const struct retrieval_source *s = g->state;
    (void)run;
    for (size_t i = 0; i < g->cell_count; i++) {
        const struct arm *a = s->decode == NULL ? NULL : &s->decode->arms[i];
        if (a != NULL && a->status != ST_OK) {
            return status_set(a->status, "retrieval: decoding failed in %s", g->cells[i].id);
        }
        if (a != NULL && g->cells[i].sample_count > 0) {
            summarise_arm(a, &g->cells[i]);
        }
    }
    return ST_OK;
}
