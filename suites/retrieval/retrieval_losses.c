#include "retrieval_losses.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "retrieval_passes.h"
#include "sparse_check.h"

/* What was computed, the latest first. */
struct retrieval_losses {
    struct retrieval_losses *next;
    struct retrieval_way way;
    int64_t texts;
    enum verdict verdict;
    char reason[CELL_REASON];
    struct lm_loss losses[];
};

void retrieval_losses_free(struct retrieval_losses *l) {
    while (l != NULL) {
        struct retrieval_losses *next = l->next;
        free(l);
        l = next;
    }
}

static bool same_way(const struct retrieval_way *a, const struct retrieval_way *b) {
    return a->set == b->set && a->method == b->method &&
           (a->method == NULL || (a->budget == b->budget &&
                                  memcmp(a->layers.in, b->layers.in, sizeof a->layers.in) == 0));
}

static const struct retrieval_losses *find(const struct retrieval_source *s,
                                           const struct retrieval_way *way, int64_t texts) {
    const struct retrieval_losses *l = s->losses;
    while (l != NULL && !(same_way(&l->way, way) && l->texts >= texts)) {
        l = l->next;
    }
    return l;
}

static void note(const struct retrieval_source *s, const struct retrieval_way *way, int64_t text,
                 const struct retrieval_losses *l) {
    run_note(s->run,
             "retrieval: losses of %s, K %" PRId64 ", %d layers, text %" PRId64 " of %" PRId64,
             way->method == NULL ? "full attention" : way->method->arm, way->budget,
             way->method == NULL ? 0 : retrieval_layers_count(&way->layers), text + 1, l->texts);
}

/* watch NULL: full attention.  Its judge sees the first text; if that fails, the others are not
 * read. */
static enum status read_texts(struct retrieval_source *s, const struct text_sequences *texts,
                              struct sparse_watch *watch, struct retrieval_losses *l) {
    struct lm_session *session;
    enum status st = lm_session_new(s->lm.model, texts->length, s->lm.threads, &session);
    if (st != ST_OK) {
        return st;
    }
    struct lm_attention attention = {lm_attention_full, NULL};
    const struct judge *judge = watch == NULL ? NULL : watch->judge;
    if (watch != NULL) {
        attention = sparse_watch_attention(watch);
    }
    for (int64_t i = 0;
         i < l->texts && st == ST_OK && (judge == NULL || judge->verdict != VERDICT_FAIL); i++) {
        const int64_t at = i * texts->length;
        note(s, &l->way, i, l);
        st = lm_sequence_loss(session, &attention, texts->ids + at, texts->segments + at,
                              texts->length, NULL, &l->losses[i]);
        if (watch != NULL) {
            watch->judge = NULL;
        }
    }
    lm_session_free(session);
    return st;
}

static enum status compute(struct retrieval_source *s, const struct text_sequences *texts,
                           struct retrieval_losses *l) {
    const struct retrieval_way *way = &l->way;
    const struct selector *selector;
    struct selector_params params;
    struct sparse_plug *plug;
    if (way->method == NULL) {
        return read_texts(s, texts, NULL, l);
    }
    enum status st = retrieval_method_open(s, way->method, &selector, &params);
    st = st == ST_OK ? sparse_plug_open(selector, &params, lm_shape(s->lm.model), texts->length,
                                        way->budget, way->layers.in, &plug)
                     : st;
    if (st == ST_OK) {
        struct judge j;
        judge_begin(&j);
        struct sparse_watch watch = {plug, way->layers.in, way->budget, &j};
        st = read_texts(s, texts, &watch, l);
        l->verdict = j.verdict;
        memcpy(l->reason, j.reason, sizeof l->reason);
        judge_end(&j);
        sparse_plug_close(plug);
    }
    return st;
}

static enum status add(struct retrieval_source *s, const struct retrieval_way *way, int64_t texts,
                       const struct text_sequences *of, const struct retrieval_losses **out) {
    struct retrieval_losses *l = calloc(1, sizeof *l + (size_t)texts * sizeof *l->losses);
    if (l == NULL) {
        return status_set(ST_SYSTEM, "out of memory");
    }
    l->way = *way;
    l->texts = texts;
    const enum status st = compute(s, of, l);
    if (st != ST_OK) {
        free(l);
        return st;
    }
    l->next = s->losses;
    *out = s->losses = l;
    return ST_OK;
}

enum status retrieval_losses_of(struct retrieval_source *s, const struct retrieval_way *way,
                                int64_t texts, struct retrieval_loss *out) {
    const struct retrieval_way full = {.set = way->set};
    const struct text_sequences *of;
    enum status st = retrieval_texts(s, way->set, &of);
    if (st != ST_OK) {
        return st;
    }
    const bool exact = way->method != NULL && way->method->graph[0] == '\0';
    if (way->method == NULL || (exact && way->budget >= of->length)) {
        way = &full;
    }
    texts = texts < of->count ? texts : of->count;
    const struct retrieval_losses *l = find(s, way, texts);
    st = l == NULL ? add(s, way, texts, of, &l) : ST_OK;
    if (st == ST_OK) {
        *out = (struct retrieval_loss){l->losses, (size_t)texts, l->verdict, l->reason};
    }
    return st;
}

bool retrieval_loss_verdict(const struct retrieval_loss *l, struct cell *c) {
    if (l->verdict > c->verdict) {
        cell_verdict(c, l->verdict, "%s", l->reason);
    }
    return l->verdict != VERDICT_FAIL;
}
