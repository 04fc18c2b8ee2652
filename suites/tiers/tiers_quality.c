/* A language model without its early or its late layers, beside the whole one. */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "../../harness/base/memory.h"
#include "../lm/lm_source.h"
#include "tiers.h"
#include "tiers_quality_metrics.h"

/* --- plan ------------------------------------------------------------------------------------- */

enum { KEPT = 8 };

/* Layers kept: all but 1, 2, 3, 5 and 8, a half as S004's tier 1, a quarter, one. */
static int32_t kept_layers(int32_t layers, int point) {
    const int32_t kept[KEPT] = {layers - 1, layers - 2, layers - 3,       layers - 5,
                                layers - 8, layers / 2, (layers + 3) / 4, 1};
    return kept[point];
}

/* Texts, tokens of each, and which of these points; the first `late` of them without late layers
 * too. */
struct size {
    int64_t texts;
    int32_t tokens;
    int points[KEPT + 1], late; /* ends with -1 */
};

static const struct size sizes[] = {
    [PROFILE_SMOKE] = {1, 256, {0, 5, -1}, 1},
    [PROFILE_DEFAULT] = {4, 512, {0, 1, 3, 5, 7, -1}, 5},
    [PROFILE_FULL] = {16, 512, {0, 1, 2, 3, 4, 5, 6, 7, -1}, 8},
};

static int32_t tokens_of(const struct run *run, int32_t context) {
    const int32_t tokens = sizes[run_profile(run)].tokens;
    return tokens < context ? tokens : context;
}

static enum status add_cell(struct run *run, struct group *g, const struct lm_description *model,
                            const char *skip, int32_t kept) {
    struct cell *c = group_cell(run, g, "layers", "");
    if (c == NULL) {
        return ST_SYSTEM;
    }
    cell_param_text(c, "dataset", model->dataset);
    cell_param_text(c, "skip", skip);
    cell_param_integer(c, "layers_kept", kept);
    cell_param_integer(c, "texts", sizes[run_profile(run)].texts);
    cell_param_integer(c, "tokens", tokens_of(run, model->context));
    return ST_OK;
}

/* Points of a small model that fall together are planned once. */
static enum status add_points(struct run *run, struct group *g, const struct lm_description *model,
                              const char *skip, int count) {
    const struct size *size = &sizes[run_profile(run)];
    int32_t before = model->layers;
    enum status st = ST_OK;
    for (int i = 0; i < count && size->points[i] >= 0 && st == ST_OK; i++) {
        const int32_t kept = kept_layers(model->layers, size->points[i]);
        if (kept >= 1 && kept < before) {
            st = add_cell(run, g, model, skip, kept);
            before = kept;
        }
    }
    return st;
}

static enum status plan(struct run *run) {
    struct lm_description model;
    struct group *g = run_group(run, "quality", 0);
    enum status st = g != NULL ? lm_describe(run, &model) : ST_SYSTEM;
    st = st == ST_OK ? add_cell(run, g, &model, "none", model.layers) : st;
    st = st == ST_OK ? add_points(run, g, &model, "early", KEPT) : st;
    return st == ST_OK ? add_points(run, g, &model, "late", sizes[run_profile(run)].late) : st;
}

/* --- the whole model -------------------------------------------------------------------------- */

struct quality {
    struct run *run;
    struct lm_source lm;
    struct text_sequences texts;
    struct lm_session *session;
    float *full, *kept;       /* (texts, tokens, hidden), (tokens, hidden) */
    struct tiers_text *found; /* (texts) of the cell that is checked */
};

static int64_t text_values(const struct quality *q) {
    return (int64_t)q->texts.length * lm_shape(q->lm.model)->hidden;
}

static enum status forward(const struct quality *q, int64_t text, float *hidden) {
    const int32_t tokens = q->texts.length;
    lm_session_truncate(q->session, 0);
    return lm_forward(q->session, NULL, q->texts.ids + text * tokens, NULL, tokens, hidden);
}

static enum status open_texts(struct quality *q) {
    const struct text_plan plan = {
        .part = TEXT_EVALUATION,
        .length = tokens_of(q->run, lm_shape(q->lm.model)->context),
        .most = sizes[run_profile(q->run)].texts,
    };
    enum status st = lm_source_sequences(&q->lm, &plan, &q->texts);
    if (st != ST_OK) {
        return st;
    }
    const size_t values = (size_t)text_values(q), texts = (size_t)q->texts.count;
    q->full = mem_alloc_array(texts, values * sizeof *q->full);
    q->kept = mem_alloc_array(values, sizeof *q->kept);
    q->found = mem_alloc_array(texts, sizeof *q->found);
    return q->full != NULL && q->kept != NULL && q->found != NULL ? ST_OK : ST_SYSTEM;
}

static enum status open_model(struct quality *q) {
    int threads[2];
    const int count = run_threads(q->run, threads);
    enum status st = lm_source_open(q->run, threads[count - 1], &q->lm);
    st = st == ST_OK ? open_texts(q) : st;
    st =
        st == ST_OK ? lm_session_new(q->lm.model, q->texts.length, q->lm.threads, &q->session) : st;
    for (int64_t i = 0; i < q->texts.count && st == ST_OK; i++) {
        run_note(q->run, "quality: the whole model, text %" PRId64 " of %" PRId64, i + 1,
                 q->texts.count);
        st = forward(q, i, q->full + i * text_values(q));
    }
    return st;
}

static enum status prepare(struct run *run, struct group *g) {
    struct quality *q = calloc(1, sizeof *q);
    if (q == NULL) {
        return status_set(ST_SYSTEM, "out of memory");
    }
    q->run = run;
    g->state = q;
    const enum status st = open_model(q);
    if (st == ST_SKIP) {
        lm_source_skip(g, status_message());
        return ST_OK;
    }
    return st;
}

static void release(struct group *g) {
    struct quality *q = g->state;
    if (q == NULL) {
        return;
    }
    lm_session_free(q->session);
    mem_free(q->full);
    mem_free(q->kept);
    mem_free(q->found);
    text_sequences_free(&q->texts);
    lm_source_close(&q->lm);
    free(q);
    g->state = NULL;
}

/* --- fewer layers ----------------------------------------------------------------------------- */

static bool skips(const struct cell *c, const char *which) {
    return strcmp(cell_param(c, "skip")->text, which) == 0;
}

/* The first text is judged. */
static enum status read_texts(const struct quality *q, const struct cell *c, struct judge *j) {
    enum status st = ST_OK;
    for (int64_t i = 0; i < q->texts.count && st == ST_OK; i++) {
        run_note(q->run, "quality: %" PRId64 " layers, %s left out, text %" PRId64 " of %" PRId64,
                 cell_integer(c, "layers_kept", 0), cell_param(c, "skip")->text, i + 1,
                 q->texts.count);
        st = forward(q, i, q->kept);
        if (st == ST_OK) {
            st = tiers_compare(q->lm.model, q->full + i * text_values(q), q->kept,
                               q->texts.ids + i * q->texts.length, q->texts.length, q->lm.threads,
                               i == 0 ? j : NULL, &q->found[i]);
        }
    }
    return st;
}

/* Asked for by name, all layers are the whole model. */
static void check_all(const struct quality *q, const struct cell *c, struct judge *j) {
    const int64_t last = q->texts.count - 1;
    const size_t bytes = (size_t)text_values(q) * sizeof *q->kept;
    if (skips(c, "none") && memcmp(q->full + last * text_values(q), q->kept, bytes) != 0) {
        judge_fail(j, "all layers give other bits than the whole model");
    }
}

static void add_metric(struct cell *c, const char *name, const char *unit, struct interval v,
                       int64_t texts) {
    metric_interval(cell_metric(c, name, unit, true, v.value, (uint64_t)texts), v.lo, v.hi);
}

static enum status check(struct run *run, struct group *g, struct cell *c) {
    const struct quality *q = g->state;
    const size_t texts = (size_t)q->texts.count;
    const int32_t layers = lm_shape(q->lm.model)->layers;
    const int32_t kept = (int32_t)cell_integer(c, "layers_kept", 0);
    const int32_t first = skips(c, "early") ? layers - kept : 0;
    struct judge j;
    (void)run;
    judge_begin(&j);
    judge_watch(&j, "tokens", q->texts.ids, texts * (size_t)q->texts.length * sizeof *q->texts.ids);
    judge_watch(&j, "hidden", q->full, texts * (size_t)text_values(q) * sizeof *q->full);
    enum status st = lm_session_layers(q->session, first, first + kept);
    st = st == ST_OK ? read_texts(q, c, &j) : st;
    if (st == ST_OK) {
        judge_called(&j);
        check_all(q, c, &j);
        add_metric(c, "ppl", "ppl", tiers_ppl(q->found, texts), q->texts.count);
        add_metric(c, "ppl_gap", "share", tiers_ppl_gap(q->found, texts), q->texts.count);
        add_metric(c, "kl_nats", "nats", tiers_kl(q->found, texts), q->texts.count);
        add_metric(c, "top1_agreement", "share", tiers_top1_agreement(q->found, texts),
                   q->texts.count);
        cell_verdict(c, j.verdict, "%s", j.reason);
    }
    judge_end(&j);
    return st;
}

const struct tiers_part tiers_quality_part = {
    .name = "quality",
    .plan = plan,
    .prepare = prepare,
    .check = check,
    .release = release,
};

/* --- tables ----------------------------------------------------------------------------------- */

static bool keep(const struct cell *c) { return strcmp(c->arm, "layers") == 0; }

static const char *const split[] = {"dataset", "texts", "tokens", NULL};

static const struct column columns[] = {
    {"left out", "skip", NULL},
    {"layers kept", "layers_kept", NULL},
    {"PPL [95 %]", "ppl", "%.5g [%.5g, %.5g]"},
    {"PPL gap [95 %]", "ppl_gap", "%.4g [%.4g, %.4g]"},
    {"KL, nats [95 %]", "kl_nats", "%.4f [%.4f, %.4f]"},
    {"same first token [95 %]", "top1_agreement", "%.4f [%.4f, %.4f]"},
    {NULL, NULL, NULL},
};

const struct table tiers_quality_tables[] = {
    {
        .name = "quality",
        .title = "What a language model loses without some of its layers",
        .note =
            "S004 says \"0-2 % degradation\" of its tier 1, which runs the last half of the "
            "layers, and \"95-99 % quality retention\" overall; it measures neither. Early: the "
            "first layers are left out, as in tier 1; late: the last ones, as in early exit. "
            "Nothing is trained for it. PPL gap: over the whole model's PPL, minus 1; KL: from "
            "the whole model's next-token distribution; same first token: share of predictions "
            "in which both find the same token likeliest. Intervals over texts.",
        .split = split,
        .keep = keep,
        .columns = columns,
    },
    {.name = NULL},
};
