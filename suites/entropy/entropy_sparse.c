#include "entropy_sparse.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../lm/lm_identity.h"
#include "entropy_sparse_losses.h"
#include "entropy_sparse_plug.h"

static const char topk[] = "attention/topk";

/* K as a share of the keys, or fixed. */
static const struct attention_params rules[] = {
    {.share = 0.05}, {.share = 0.15}, {.share = 0.3}, {.k = 64}, {.k = 128}, {.k = 256},
};

enum { RULES = sizeof rules / sizeof rules[0] };

/* --- plan ------------------------------------------------------------------------------------- */

struct cell *entropy_sized_cell(const struct entropy_plan *p, int64_t tokens, int64_t texts,
                                const char *arm, const char *kernel) {
    struct cell *c = entropy_cell(p, arm, kernel);
    if (c != NULL) {
        cell_param_integer(c, "tokens", tokens);
        cell_param_integer(c, "texts", texts);
    }
    return c;
}

/* context 0: the fit over all of them. */
static enum status add_cell(const struct entropy_plan *p, const struct entropy_sparse_size *size,
                            const struct attention_params *rule, int64_t context) {
    struct cell *c = entropy_sized_cell(p, size->tokens, size->texts, "topk", topk);
    if (c == NULL) {
        return ST_SYSTEM;
    }
    char name[CELL_NAME];
    snprintf(name, sizeof name, rule->k > 0 ? "K = %g" : "c = %g",
             rule->k > 0 ? (double)rule->k : rule->share);
    cell_param_text(c, "rule", name);
    if (rule->k > 0) {
        cell_param_integer(c, "k", rule->k);
    } else {
        cell_param_real(c, "share", rule->share);
    }
    if (context > 0) {
        cell_param_integer(c, "context", context);
    }
    return ST_OK;
}

static bool is_of_the_few(const struct attention_params *rule) {
    return rule->share == 0.15 || rule->k == 64;
}

static enum status plan(const struct entropy_plan *p) {
    struct entropy_sparse_size size;
    if (p->trace != NULL) {
        return ST_OK;
    }
    enum status st = entropy_sparse_size_of(p->run, p->model.context, &size);
    for (size_t r = 0; r < RULES && st == ST_OK; r++) {
        if (size.few && !is_of_the_few(&rules[r])) {
            continue;
        }
        for (size_t i = 0; i < size.contexts && st == ST_OK; i++) {
            st = add_cell(p, &size, &rules[r], size.context[i]);
        }
        st = st == ST_OK ? add_cell(p, &size, &rules[r], 0) : st;
    }
    if (st == ST_OK && entropy_sized_cell(p, size.compared, 1, "all_keys", topk) == NULL) {
        st = ST_SYSTEM;
    }
    return st;
}

bool entropy_is_identity(const struct cell *c) {
    return strcmp(c->arm, "all_keys") == 0 || strcmp(c->arm, "flag_off") == 0;
}

static bool is_topk(const struct cell *c) {
    return entropy_part_is(c, entropy_sparse_part.name) && strcmp(c->arm, "topk") == 0;
}

bool entropy_sparse_is_context(const struct cell *c) {
    return is_topk(c) && cell_param(c, "context") != NULL;
}

bool entropy_sparse_is_fit(const struct cell *c) {
    return is_topk(c) && cell_param(c, "context") == NULL;
}

/* --- cells ------------------------------------------------------------------------------------ */

/* What the first text says of a rule's outputs. */
struct compared {
    bool known;
    enum verdict verdict;
    char reason[CELL_REASON];
    struct entropy_likeness likeness;
};

struct state {
    struct entropy_losses *losses;
    struct compared compared[RULES];
};

static enum status prepare(struct entropy_source *s, void **out) {
    struct state *state = calloc(1, sizeof *state);
    *out = state;
    return state == NULL ? status_set(ST_SYSTEM, "out of memory")
                         : entropy_losses_open(s, &state->losses);
}

static size_t rule_of(const struct cell *c) {
    const struct param *share = cell_param(c, "share");
    const int64_t k = cell_integer(c, "k", 0);
    size_t r = 0;
    while (r + 1 < RULES &&
           !(rules[r].k == k && (share == NULL || rules[r].share == share->real))) {
        r++;
    }
    return r;
}

static enum status compare(const struct entropy_source *s, struct state *state, size_t rule,
                           int64_t length) {
    struct compared *out = &state->compared[rule];
    struct entropy_plug plug;
    struct judge j;
    if (out->known) {
        return ST_OK;
    }
    enum status st = entropy_plug_open(topk, &rules[rule], lm_shape(s->lm.model), length, &plug);
    if (st != ST_OK) {
        return st;
    }
    judge_begin(&j);
    st = entropy_plug_compare(&plug, s->lm.model, entropy_losses_ids(state->losses, 0), length,
                              s->threads, &j, &out->likeness);
    entropy_plug_close(&plug);
    out->known = st == ST_OK;
    out->verdict = j.verdict;
    memcpy(out->reason, j.reason, sizeof out->reason);
    judge_end(&j);
    return st;
}

enum status entropy_check_identity(struct entropy_source *s, const int32_t *ids, int64_t tokens,
                                   bool off, struct cell *c) {
    const struct attention_params params = {.k = tokens};
    struct entropy_plug plug;
    struct lm_identity found;
    enum status st = entropy_plug_open(c->kernel, &params, lm_shape(s->lm.model), tokens, &plug);
    if (st != ST_OK) {
        return st;
    }
    plug.off = off;
    const struct lm_attention attention = entropy_plug_attention(&plug);
    st = lm_identity(&attention, s->lm.model, ids, tokens, s->threads, &found);
    entropy_plug_close(&plug);
    if (st == ST_OK) {
        cell_metric(c, "logit_max_abs_diff", "logits", true, found.largest, found.logits);
        cell_verdict(c, found.same_bits ? VERDICT_PASS : VERDICT_FAIL, "%s",
                     found.same_bits ? "" : "logits differ from the plain path's in their bits");
    }
    return st;
}

static void add_context(const struct entropy_losses_view *v, int64_t context, struct cell *c) {
    for (size_t i = 0; i < v->contexts; i++) {
        if (v->context[i] == context) {
            const struct interval dppl = entropy_dppl(v, i), gap = entropy_ppl_gap(v, i);
            const uint64_t n = (uint64_t)v->texts * (uint64_t)(context - 1);
            cell_metric(c, "ppl_full", "ppl", true, entropy_ppl(v->full, v->texts, i), n);
            cell_metric(c, "ppl_sparse", "ppl", true, entropy_ppl(v->sparse, v->texts, i), n);
            metric_interval(cell_metric(c, "dppl", "ppl", true, dppl.value, v->texts), dppl.lo,
                            dppl.hi);
            metric_interval(cell_metric(c, "ppl_gap", "share", true, gap.value, v->texts), gap.lo,
                            gap.hi);
        }
    }
}

/* Over the contexts that have keys to leave out. */
static void add_fit(const struct entropy_losses_view *all, const struct attention_params *rule,
                    double alpha, struct cell *c) {
    const struct entropy_losses_view cut = entropy_contexts_above(all, rule->k), *v = &cut;
    const struct interval slope = entropy_gap_exponent(v);
    const size_t points = entropy_gap_points(v);
    metric_interval(cell_metric(c, "dppl_exponent", "ratio", true, slope.value, v->texts), slope.lo,
                    slope.hi);
    cell_metric(c, "dppl_predicted", "ratio", true, entropy_predicted_exponent(alpha), 1);
    cell_metric(c, "dppl_points", "points", true, (double)points, v->contexts);
    if (points < v->contexts && c->verdict == VERDICT_PASS) {
        cell_verdict(c, VERDICT_MARGINAL, "no exponent: the gap is above 0 at %zu of %zu contexts",
                     points, v->contexts);
    }
}

static enum status check(struct entropy_source *s, void *opaque, struct cell *c) {
    struct state *state = opaque;
    const struct attention_params all = {.k = 0};
    const int64_t tokens = cell_integer(c, "tokens", 0), context = cell_integer(c, "context", 0);
    struct entropy_sparse_size size;
    struct entropy_losses_view v = {.texts = entropy_losses_texts(state->losses)};
    if (entropy_is_identity(c)) {
        return entropy_check_identity(s, entropy_losses_ids(state->losses, 0), tokens, false, c);
    }
    const size_t rule = rule_of(c);
    enum status st = entropy_sparse_size_of(s->run, lm_shape(s->lm.model)->context, &size);
    st = st == ST_OK ? compare(s, state, rule, size.compared) : st;
    if (st == ST_OK && state->compared[rule].verdict != VERDICT_FAIL) {
        st = entropy_losses_of(state->losses, "attention/full", &all, &v.full);
        st = st == ST_OK ? entropy_losses_of(state->losses, topk, &rules[rule], &v.sparse) : st;
    }
    if (st != ST_OK) {
        return st;
    }
    cell_verdict(c, state->compared[rule].verdict, "%s", state->compared[rule].reason);
    if (c->verdict == VERDICT_FAIL) {
        return ST_OK;
    }
    v.contexts = size.contexts;
    memcpy(v.context, size.context, sizeof v.context);
    cell_metric(c, "output_cosine", "cosine", true, state->compared[rule].likeness.cosine,
                state->compared[rule].likeness.count);
    if (context > 0) {
        add_context(&v, context, c);
    } else {
        add_fit(&v, &rules[rule], entropy_pooled_alpha(s), c);
    }
    return ST_OK;
}

static void release(void *state) { free(state); }

const struct entropy_part entropy_sparse_part = {"sparse", plan, prepare, check, release};
