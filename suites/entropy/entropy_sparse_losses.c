#include "entropy_sparse_losses.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../../harness/judge/kernel.h"
#include "../../harness/base/memory.h"
#include "entropy_sparse_plug.h"

enum { ARMS = 16 };

struct arm {
    char kernel[CELL_NAME];
    struct attention_params params;
    double *means; /* (texts, ENTROPY_CONTEXTS) */
};

struct entropy_losses {
    struct entropy_source *source;
    struct entropy_sparse_size size;
    struct text_sequences texts;
    struct arm arms[ARMS];
    size_t arm_count;
};

/* --- size ------------------------------------------------------------------------------------- */

enum status entropy_sparse_size_of(const struct run *run, int64_t context,
                                   struct entropy_sparse_size *out) {
    static const struct entropy_sparse_size sizes[] = {
        [PROFILE_SMOKE] = {.tokens = 512, .texts = 2, .compared = 256, .few = true},
        [PROFILE_DEFAULT] = {.tokens = 2048, .texts = 3, .compared = 1024},
        [PROFILE_FULL] = {.tokens = 4096, .texts = 5, .compared = 1024},
    };
    enum { LEAST = 128, LONG = 512 };
    *out = sizes[run_profile(run)];
    enum status st = ST_OK;
    if (run_setting(run, "sparse_tokens")[0] != '\0') {
        st = run_setting_integer(run, "sparse_tokens", LEAST, 1 << 20, &out->tokens);
    }
    if (st == ST_OK && run_setting(run, "sparse_texts")[0] != '\0') {
        st = run_setting_integer(run, "sparse_texts", 1, 256, &out->texts);
    }
    out->tokens = out->tokens < context ? out->tokens : context;
    if (st == ST_OK && out->tokens < LEAST) {
        st = status_set(ST_INPUT,
                        "entropy: sparse attention is compared over %d tokens or more, the "
                        "model's context has %" PRId64,
                        LEAST, context);
    }
    int64_t whole = LEAST;
    while (whole * 2 <= out->tokens) {
        whole *= 2;
    }
    out->tokens = whole;
    out->compared = out->compared < out->tokens ? out->compared : out->tokens;
    for (int64_t n = whole >= LONG ? LONG / 2 : LEAST / 2; n <= out->tokens; n *= 2) {
        out->context[out->contexts++] = n;
    }
    return st;
}

/* --- what is shared --------------------------------------------------------------------------- */

enum status entropy_losses_open(struct entropy_source *s, struct entropy_losses **out) {
    *out = s->losses;
    if (s->losses != NULL) {
        return ST_OK;
    }
    struct entropy_losses *l = calloc(1, sizeof *l);
    if (l == NULL) {
        return status_set(ST_SYSTEM, "out of memory");
    }
    l->source = s;
    enum status st = entropy_sparse_size_of(s->run, lm_shape(s->lm.model)->context, &l->size);
    if (st == ST_OK) {
        st = entropy_sequences(s, (int32_t)l->size.tokens, l->size.texts, &l->texts);
    }
    if (st != ST_OK) {
        free(l);
        return st;
    }
    *out = s->losses = l;
    return ST_OK;
}

void entropy_losses_free(struct entropy_losses *l) {
    if (l == NULL) {
        return;
    }
    for (size_t i = 0; i < l->arm_count; i++) {
        free(l->arms[i].means);
    }
    text_sequences_free(&l->texts);
    free(l);
}

size_t entropy_losses_texts(const struct entropy_losses *l) { return (size_t)l->texts.count; }

const int32_t *entropy_losses_ids(const struct entropy_losses *l, size_t text) {
    return l->texts.ids + (int64_t)text * l->texts.length;
}

/* --- one arm ---------------------------------------------------------------------------------- */

/* Space for one text. */
struct reading {
    struct lm_session *session;
    float *hidden;   /* (tokens, hidden) */
    int32_t *target; /* (tokens - 1) */
    double *nll;     /* (tokens - 1) */
};

static void reading_free(struct reading *r) {
    lm_session_free(r->session);
    mem_free(r->hidden);
    mem_free(r->target);
    mem_free(r->nll);
}

static enum status reading_new(const struct entropy_losses *l, struct reading *r) {
    const struct entropy_source *s = l->source;
    const size_t tokens = (size_t)l->size.tokens;
    *r = (struct reading){
        .hidden = mem_alloc_array(tokens, (size_t)lm_shape(s->lm.model)->hidden * sizeof(float)),
        .target = mem_alloc_array(tokens, sizeof *r->target),
        .nll = mem_alloc_array(tokens, sizeof *r->nll)};
    return r->hidden == NULL || r->target == NULL || r->nll == NULL
               ? ST_SYSTEM
               : lm_session_new(s->lm.model, l->size.tokens, s->threads, &r->session);
}

/* A plug that needs a pass before gets it from the same text. */
static enum status read_text(const struct entropy_losses *l, struct entropy_plug *plug, size_t text,
                             struct reading *r, double *means) {
    const struct entropy_source *s = l->source;
    const int32_t *ids = entropy_losses_ids(l, text);
    const int64_t tokens = l->size.tokens;
    enum status st = entropy_plug_observe(plug, r->session, ids, tokens);
    if (st == ST_OK) {
        lm_session_truncate(r->session, 0);
        const struct lm_attention attention = entropy_plug_attention(plug);
        st = lm_forward(r->session, &attention, ids, NULL, tokens, r->hidden);
    }
    memcpy(r->target, ids + 1, (size_t)(tokens - 1) * sizeof *ids);
    if (st == ST_OK) {
        st = lm_nll(s->lm.model, r->hidden, r->target, tokens - 1, s->threads, r->nll);
    }
    for (size_t i = 0; i < l->size.contexts && st == ST_OK; i++) {
        means[i] = entropy_mean_nll(r->nll, l->size.context[i]);
    }
    return st;
}

static enum status read_texts(const struct entropy_losses *l, struct arm *arm) {
    const struct entropy_source *s = l->source;
    struct entropy_plug plug;
    struct reading r = {.session = NULL};
    enum status st =
        entropy_plug_open(arm->kernel, &arm->params, lm_shape(s->lm.model), l->size.tokens, &plug);
    if (st == ST_OK) {
        st = reading_new(l, &r);
        for (size_t i = 0; i < entropy_losses_texts(l) && st == ST_OK; i++) {
            run_note(s->run, "entropy %s: %s, text %zu of %zu, %" PRId64 " tokens", s->dataset,
                     arm->kernel, i + 1, entropy_losses_texts(l), l->size.tokens);
            st = read_text(l, &plug, i, &r, arm->means + i * ENTROPY_CONTEXTS);
        }
        reading_free(&r);
        entropy_plug_close(&plug);
    }
    return st;
}

static bool is_arm(const struct arm *a, const char *kernel, const struct attention_params *params) {
    return strcmp(a->kernel, kernel) == 0 && a->params.k == params->k &&
           a->params.share == params->share;
}

enum status entropy_losses_of(struct entropy_losses *l, const char *kernel,
                              const struct attention_params *params, const double **means) {
    for (size_t i = 0; i < l->arm_count; i++) {
        if (is_arm(&l->arms[i], kernel, params)) {
            *means = l->arms[i].means;
            return ST_OK;
        }
    }
    if (l->arm_count == ARMS) {
        return status_set(ST_SYSTEM, "entropy: more than %d ways of attention", ARMS);
    }
    struct arm *arm = &l->arms[l->arm_count];
    *arm = (struct arm){.params = *params};
    snprintf(arm->kernel, sizeof arm->kernel, "%s", kernel);
    arm->means = calloc(entropy_losses_texts(l) * ENTROPY_CONTEXTS, sizeof *arm->means);
    enum status st =
        arm->means == NULL ? status_set(ST_SYSTEM, "out of memory") : read_texts(l, arm);
    if (st != ST_OK) {
        free(arm->means);
        return st;
    }
    l->arm_count++;
    *means = arm->means;
    return ST_OK;
}
