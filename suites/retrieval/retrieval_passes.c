#include "retrieval_passes.h"
#include "select_project.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Tokens of a set's first sequence over which the pass is judged. */
enum { JUDGED_TOKENS = 1024 };

struct pass {
    bool opened, measured;
    struct text_sequences texts;
    struct retrieval_arm arms[RETRIEVAL_METHODS];
    const struct retrieval_method *methods[RETRIEVAL_METHODS]; /* of the arms */
    struct retrieval_measured measures;
    enum verdict verdict;
    char reason[CELL_REASON];
};

struct retrieval_passes {
    struct pass sets[RETRIEVAL_SETS];
};

static const char *const set_names[RETRIEVAL_SETS] = {"single", "packed", "single", "held out"};

/* --- sequences -------------------------------------------------------------------------------- */

static enum status passes_of(struct retrieval_source *s, struct retrieval_passes **out) {
    if (s->passes == NULL) {
        s->passes = calloc(1, sizeof *s->passes);
    }
    *out = s->passes;
    return s->passes == NULL ? status_set(ST_SYSTEM, "out of memory") : ST_OK;
}

/* The held-out windows are those behind the first set's. */
int64_t retrieval_first_text(const struct retrieval_source *s, enum retrieval_set set) {
    return set == RETRIEVAL_HELD ? s->size.sets[RETRIEVAL_SINGLE].texts : 0;
}

int64_t retrieval_text_count(const struct retrieval_source *s, enum retrieval_set set) {
    return s->passes->sets[set].texts.count - retrieval_first_text(s, set);
}

static enum status open_texts(const struct retrieval_source *s, enum retrieval_set set,
                              struct text_sequences *out) {
    const struct retrieval_set_size *size = &s->size.sets[set];
    const struct text_plan plan = {.part = TEXT_EVALUATION,
                                   .length = (int32_t)size->tokens,
                                   .most = retrieval_first_text(s, set) + size->texts,
                                   .packed = set == RETRIEVAL_PACKED,
                                   .seed = run_seed(s->run)};
    const enum status st = lm_source_sequences(&s->lm, &plan, out);
    return st == ST_INPUT && set != RETRIEVAL_SINGLE ? status_set(ST_SKIP, "%s", status_message())
                                                     : st;
}

enum status retrieval_texts(struct retrieval_source *s, enum retrieval_set set,
                            const struct text_sequences **out) {
    struct retrieval_passes *p;
    enum status st = passes_of(s, &p);
    if (st != ST_OK) {
        return st;
    }
    struct pass *pass = &p->sets[set];
    if (!pass->opened) {
        st = open_texts(s, set, &pass->texts);
        pass->opened = st == ST_OK;
    }
    *out = &pass->texts;
    if (st == ST_OK && retrieval_text_count(s, set) < 1) {
        return status_set(ST_SKIP, "the text has no sequence of %d tokens to hold out",
                          pass->texts.length);
    }
    return st;
}

/* --- the pass --------------------------------------------------------------------------------- */

/* Whether a cell that is still to be checked is of the method; raw_qk is what others are compared
 * with. */
static bool is_wanted(const struct retrieval_source *s, const struct retrieval_method *m) {
    bool wanted = strcmp(m->arm, "raw_qk") == 0;
    for (size_t i = 0; i < s->group->cell_count && !wanted; i++) {
        const struct cell *c = &s->group->cells[i];
        wanted = !c->finished && c->verdict != VERDICT_SKIP && retrieval_method_of(c) == m;
    }
    return wanted;
}

/* Held-out texts order layers by methods that have losses with part of the layers substituted. */
static bool is_of_set(const struct retrieval_method *m, enum retrieval_set set) {
    const bool coverage = strcmp(m->arm, "quest") == 0 || strcmp(m->arm, "learned") == 0;
    return set == RETRIEVAL_SINGLE || (set == RETRIEVAL_HELD ? coverage && m->losses : !m->variant);
}

static enum status open_arms(const struct retrieval_source *s, enum retrieval_set set,
                             struct pass *p) {
    size_t n = 0;
    for (size_t i = 0; i < RETRIEVAL_METHODS; i++) {
        const struct retrieval_method *m = &retrieval_methods[i];
        const enum status st =
            is_of_set(m, set) && is_wanted(s, m)
                ? retrieval_method_open(s, m, &p->arms[n].method, &p->arms[n].params)
                : ST_SKIP;
        if (st == ST_OK) {
            p->methods[n++] = m;
        } else if (st != ST_SKIP) {
            return st;
        }
    }
    p->measures.arms = p->arms;
    p->measures.arm_count = n;
    return ST_OK;
}

static enum status judge_pass(struct pass *p, int64_t first, struct lm_session *session) {
    const int64_t at = first * p->texts.length;
    const int64_t count = p->texts.length < JUDGED_TOKENS ? p->texts.length : JUDGED_TOKENS;
    struct judge j;
    judge_begin(&j);
    const enum status st = retrieval_measure_judge(&p->measures, session, p->texts.ids + at,
                                                   p->texts.segments + at, count, &j);
    p->verdict = j.verdict;
    memcpy(p->reason, j.reason, sizeof p->reason);
    judge_end(&j);
    return st;
}

static enum status measure_texts(const struct retrieval_source *s, enum retrieval_set set,
                                 struct pass *p) {
    const int64_t first = retrieval_first_text(s, set), length = p->texts.length;
    struct lm_session *session;
    enum status st = lm_session_new(s->lm.model, length, s->lm.threads, &session);
    if (st != ST_OK) {
        return st;
    }
    for (int64_t i = 0; i < p->measures.sequences && st == ST_OK; i++) {
        const int64_t at = (first + i) * length;
        run_note(s->run, "retrieval: recall and mass, %s text %" PRId64 " of %" PRId64,
                 set_names[set], i + 1, p->measures.sequences);
        st = retrieval_measure(&p->measures, i, session, p->texts.ids + at, p->texts.segments + at,
                               length);
    }
    st = st == ST_OK ? judge_pass(p, first, session) : st;
    lm_session_free(session);
    return st;
}

static size_t count_budgets(const int64_t *budgets) {
    size_t n = 0;
    while (budgets[n] != 0) {
        n++;
    }
    return n;
}

static enum status measure(struct retrieval_source *s, enum retrieval_set set) {
    const struct text_sequences *texts;
    enum status st = retrieval_texts(s, set, &texts);
    if (st != ST_OK) {
        return st;
    }
    struct pass *p = &s->passes->sets[set];
    p->measures = (struct retrieval_measured){.budgets = s->size.budgets,
                                              .budget_count = count_budgets(s->size.budgets),
                                              .stride = s->size.sets[set].stride,
                                              .layers = lm_shape(s->lm.model)->layers,
                                              .sequences = retrieval_text_count(s, set)};
    st = open_arms(s, set, p);
    st = st == ST_OK ? retrieval_measured_new(&p->measures) : st;
    st = st == ST_OK ? measure_texts(s, set, p) : st;
    p->measured = st == ST_OK;
    return st;
}

void retrieval_pass_verdict(const struct retrieval_source *s, enum retrieval_set set,
                            struct cell *c) {
    const struct pass *p = &s->passes->sets[set];
    cell_verdict(c, p->verdict, "%s", p->reason);
}

void retrieval_passes_free(struct retrieval_passes *p) {
    for (size_t i = 0; p != NULL && i < RETRIEVAL_SETS; i++) {
        text_sequences_free(&p->sets[i].texts);
        retrieval_measured_free(&p->sets[i].measures);
    }
    free(p);
}

/* --- sums ------------------------------------------------------------------------------------- */

static size_t place_of(const struct pass *p, const struct retrieval_method *m) {
    size_t at = 0;
    while (at < p->measures.arm_count && p->methods[at] != m) {
        at++;
    }
    return at;
}

/* ST_SKIP with the reason why the pass could not have the method. */
static enum status why_not(const struct retrieval_source *s, const struct retrieval_method *m) {
    const struct selector *selector;
    struct selector_params params;
    const enum status st = retrieval_method_open(s, m, &selector, &params);
    return st == ST_OK ? status_set(ST_SYSTEM, "retrieval: %s was not measured", m->arm) : st;
}

static size_t budget_of(const struct retrieval_measured *m, const struct retrieval_question *q) {
    size_t budget = 0;
    while (budget + 1 < m->budget_count && m->budgets[budget] != q->budget) {
        budget++;
    }
    return budget;
}

static void add_sums(const struct retrieval_measured *m, const struct retrieval_question *q,
                     size_t arm, struct retrieval_sums *out) {
    const size_t budget = budget_of(m, q);
    for (int64_t i = 0; i < m->sequences; i++) {
        for (int32_t layer = 0; layer < m->layers; layer++) {
            if (q->layers.in[layer]) {
                retrieval_sum_add(&out->each[i],
                                  retrieval_sum_at(m, i, arm, budget, layer, q->population));
            }
        }
        retrieval_sum_add(&out->total, &out->each[i]);
    }
}

static void add_counts(const struct retrieval_measured *m, const struct retrieval_question *q,
                       size_t arm, struct selector_counts *out) {
    const size_t budget = budget_of(m, q);
    for (int64_t i = 0; i < m->sequences; i++) {
        for (int32_t layer = 0; layer < m->layers; layer++) {
            if (q->layers.in[layer]) {
                const struct selector_counts *from = retrieval_counts_at(m, i, arm, budget, layer);
                out->evaluated += from->evaluated;
                out->present += from->present;
            }
        }
    }
}

/* The question's pass, made if it was not, and the place of its method there. */
static enum status answering(struct retrieval_source *s, const struct retrieval_question *q,
                             const struct pass **pass, size_t *arm) {
    struct retrieval_passes *passes;
    enum status st = passes_of(s, &passes);
    if (st == ST_OK && !passes->sets[q->set].measured) {
        st = measure(s, q->set);
    }
    if (st != ST_OK) {
        return st;
    }
    const struct pass *p = *pass = &passes->sets[q->set];
    *arm = place_of(p, q->method);
    return *arm == p->measures.arm_count ? why_not(s, q->method)
           : q->method->d_search > 0     ? select_project_covers(p->arms[*arm].params.projections,
                                                                 q->layers.in, p->measures.layers)
                                         : ST_OK;
}

enum status retrieval_sums(struct retrieval_source *s, const struct retrieval_question *q,
                           struct retrieval_sums *out) {
    const struct pass *p;
    size_t arm;
    const enum status st = answering(s, q, &p, &arm);
    *out = (struct retrieval_sums){.count = 0};
    if (st == ST_OK) {
        out->count = (size_t)p->measures.sequences;
        add_sums(&p->measures, q, arm, out);
    }
    return st;
}

enum status retrieval_searched(struct retrieval_source *s, const struct retrieval_question *q,
                               struct selector_counts *out) {
    const struct pass *p;
    size_t arm;
    const enum status st = answering(s, q, &p, &arm);
    *out = (struct selector_counts){.present = 0};
    if (st == ST_OK) {
        add_counts(&p->measures, q, arm, out);
    }
    return st;
}
