/* attest lm: tokens, perplexity, logits and entropies of a text under a language model. */
#include <getopt.h>
#include <inttypes.h>
#include <jansson.h>
#include <math.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../../datasets/mapped.h"
#include "../../datasets/text.h"
#include "../../datasets/tokenizer.h"
#include "cmd_lm.h"
#include "commands.h"
#include "model_file.h"
#include "../base/cpu.h"
#include "../base/memory.h"
#include "progress.h"
#include "../record/record.h"
#include "../base/workers.h"

enum { CONTEXT_DEFAULT = 2048 };

/* --- model and text -------------------------------------------------------------------------- */

static enum status encode(const struct tokenizer *t, struct lm_job *job) {
    struct mapped text;
    enum status st = map_file(job->o->text, NULL, "a text file", &text);
    if (st != ST_OK) {
        return st;
    }
    st = tokenizer_encode(t, text.bytes, text.size, job->o->special ? TOKENIZER_SPECIAL : 0,
                          &job->ids, &job->count);
    const size_t missing = st == ST_OK ? tokenizer_missing(t, text.bytes, text.size) : 0;
    if (missing > 0) {
        fprintf(stderr, "attest: %s: %zu bytes have no token in this model and are left out\n",
                text.label, missing);
    }
    const char *slash = strrchr(text.label, '/'); /* no path of this machine */
    snprintf(job->text, sizeof job->text, "%s", slash == NULL ? text.label : slash + 1);
    unmap_file(&text);
    return st;
}

static enum status take_sequence(const struct tokenizer *t, const struct text_corpus *corpus,
                                 struct lm_job *job) {
    const struct text_plan plan = {
        .part = TEXT_EVALUATION,
        .length = (int32_t)(job->o->context > 0 ? job->o->context : CONTEXT_DEFAULT),
        .most = 1};
    struct text_sequences texts;
    const enum status st = text_sequences(corpus, t, &plan, &texts);
    if (st != ST_OK) {
        return st;
    }
    job->count = (size_t)texts.length;
    job->ids = mem_alloc_array(job->count, sizeof *job->ids);
    if (job->ids != NULL) {
        memcpy(job->ids, texts.ids, job->count * sizeof *job->ids);
    }
    snprintf(job->text, sizeof job->text, "%s", corpus->documents[texts.documents[0]].name);
    text_sequences_free(&texts);
    return job->ids != NULL ? ST_OK : ST_SYSTEM;
}

static enum status take_pinned(const struct tokenizer *t, struct lm_job *job) {
    struct text_corpus corpus;
    enum status st = text_corpus_open(&corpus);
    if (st == ST_OK) {
        st = take_sequence(t, &corpus, job);
        text_corpus_close(&corpus);
    }
    return st;
}

static enum status read_text(struct lm_job *job) {
    struct tokenizer *t;
    enum status st = tokenizer_new(job->g, &t);
    if (st == ST_OK) {
        st = job->o->text != NULL ? encode(t, job) : take_pinned(t, job);
        tokenizer_free(t);
    }
    if (st == ST_OK) {
        digest_hex(job->ids, job->count * sizeof *job->ids, job->text_digest);
    }
    return st;
}

/* A text shorter than one window is one; what is left behind the last whole window is not used. */
static enum status cut_windows(struct lm_job *job, int64_t least) {
    const struct lm_options *o = job->o;
    const int64_t context = lm_shape(job->model)->context, count = (int64_t)job->count;
    const int64_t usual = context < CONTEXT_DEFAULT ? context : CONTEXT_DEFAULT;
    job->window = o->context > 0 ? o->context : usual;
    if (job->window > context) {
        return status_set(ST_INPUT, "lm: --context %" PRId64 " is above the model's %" PRId64,
                          job->window, context);
    }
    if (count < least) {
        return status_set(ST_INPUT, "lm: %" PRId64 " tokens are too few; give a longer text",
                          count);
    }
    job->window = count < job->window ? count : job->window;
    job->windows = count / job->window;
    if (o->sequences > 0 && o->sequences < job->windows) {
        job->windows = o->sequences;
    }
    return ST_OK;
}

enum status lm_job_load(struct lm_job *job, int64_t least_tokens) {
    const int threads = job->o->threads > 0 ? (int)job->o->threads : cpu_count();
    enum status st = lm_load(job->g, threads, &job->model);
    if (st == ST_OK) {
        st = cut_windows(job, least_tokens);
    }
    return st == ST_OK ? lm_session_new(job->model, job->window, threads, &job->session) : st;
}

/* --- actions --------------------------------------------------------------------------------- */

static enum status tokenize(struct lm_job *job) {
    fputs(job->o->json ? "{\"ids\":[" : "", stdout);
    for (size_t i = 0; i < job->count; i++) {
        printf("%s%" PRId32, i == 0 ? "" : job->o->json ? "," : "\n", job->ids[i]);
    }
    fputs(job->o->json ? "]}\n" : job->count > 0 ? "\n" : "", stdout);
    return ST_OK;
}

static void print_losses(const struct lm_job *job, const double *nll) {
    double sum = 0;
    json_t *list = json_array();
    for (int64_t i = 0; i < job->windows; i++) {
        sum += nll[i];
        json_array_append_new(list, json_real(nll[i]));
        if (!job->o->json) {
            printf("sequence %" PRId64 "  nll %.6f\n", i, nll[i]);
        }
    }
    const double ppl = exp(sum / (double)job->windows);
    const int64_t tokens = job->windows * job->window;
    json_t *object = json_pack("{s:I,s:o,s:f}", "tokens", (json_int_t)tokens, "nll_per_sequence",
                               list, "ppl", ppl);
    if (job->o->json) {
        json_dumpf(object, stdout, JSON_PRESERVE_ORDER);
        printf("\n");
    } else {
        printf("ppl %.6f over %" PRId64 " tokens\n", ppl, tokens);
    }
    json_decref(object);
}

static enum status perplexity(struct lm_job *job) {
    enum status st = lm_job_load(job, 2);
    double *nll = st == ST_OK ? mem_alloc_array((size_t)job->windows, sizeof *nll) : NULL;
    if (nll == NULL) {
        return st == ST_OK ? ST_SYSTEM : st;
    }
    progress_start(job->o->quiet, PROGRESS_AUTO);
    for (int64_t i = 0; i < job->windows && st == ST_OK; i++) {
        struct lm_loss loss;
        progress_update((double)i / (double)job->windows, "sequences");
        st = lm_sequence_loss(job->session, NULL, job->ids + i * job->window, NULL, job->window,
                              NULL, &loss);
        nll[i] = st == ST_OK ? loss.sum / (double)loss.predictions : NAN;
    }
    progress_end();
    if (st == ST_OK) {
        print_losses(job, nll);
    }
    mem_free(nll);
    return st;
}

static void print_logits(const struct lm_job *job, const float *z) {
    const int32_t count = lm_shape(job->model)->vocabulary;
    fputs(job->o->json ? "{\"logits\":[" : "", stdout);
    for (int32_t i = 0; i < count; i++) { /* 9 digits read back as the same float32 */
        if (job->o->json) {
            printf("%s%.9g", i == 0 ? "" : ",", (double)z[i]);
        } else {
            printf("%" PRId32 "  %.9g\n", i, (double)z[i]);
        }
    }
    fputs(job->o->json ? "]}\n" : "", stdout);
}

/* JSON has no word for infinity. */
static enum status check_finite(const float *z, int32_t count) {
    for (int32_t i = 0; i < count; i++) {
        if (!isfinite(z[i])) {
            return status_set(ST_INPUT,
                              "lm: the logit of token %" PRId32
                              " is not finite; the model's weights are broken",
                              i);
        }
    }
    return ST_OK;
}

static enum status last_logits(struct lm_job *job, float *hidden, float *z) {
    const struct lm_shape *s = lm_shape(job->model);
    enum status st = lm_forward(job->session, NULL, job->ids, NULL, job->window, hidden);
    if (st == ST_OK) {
        lm_logits(job->model, hidden + (job->window - 1) * s->hidden, 1,
                  lm_session_threads(job->session), z);
        st = check_finite(z, s->vocabulary);
    }
    if (st == ST_OK) {
        print_logits(job, z);
    }
    return st;
}

static enum status logits(struct lm_job *job) {
    enum status st = lm_job_load(job, 1);
    if (st != ST_OK) {
        return st;
    }
    const struct lm_shape *s = lm_shape(job->model);
    float *hidden = mem_alloc_array((size_t)job->window, (size_t)s->hidden * sizeof *hidden);
    float *z = mem_alloc_array((size_t)s->vocabulary, sizeof *z);
    st = hidden == NULL || z == NULL ? ST_SYSTEM : last_logits(job, hidden, z);
    mem_free(hidden);
    mem_free(z);
    return st;
}

/* --- command line ---------------------------------------------------------------------------- */

static enum status read_number(const char *name, const char *text, int64_t least, int64_t most,
                               int64_t *out) {
    char *end;
    const long long value = strtoll(text, &end, 10);
    if (end == text || *end != '\0' || value < least || value > most) {
        return status_set(ST_USAGE,
                          "lm: --%s wants a number of %" PRId64 " to %" PRId64 ", not \"%s\"", name,
                          least, most, text);
    }
    *out = value;
    return ST_OK;
}

static enum status take_option(enum option_id id, const char *value, struct lm_options *o) {
    switch (id) {
    case OPTION_LM_CONTEXT:
        return read_number("context", value, 2, INT32_MAX, &o->context);
    case OPTION_LM_SEQUENCES:
        return read_number("sequences", value, 1, INT32_MAX, &o->sequences);
    case OPTION_LM_THREADS:
        return read_number("threads", value, 1, WORKERS_MAX, &o->threads);
    case OPTION_LM_MODEL:
        o->model = value;
        return ST_OK;
    case OPTION_LM_TEXT:
        o->text = value;
        return ST_OK;
    case OPTION_LM_OUT:
        o->out = value;
        return ST_OK;
    case OPTION_LM_JSON:
        o->json = true;
        return ST_OK;
    case OPTION_LM_QUIET:
        o->quiet = true;
        return ST_OK;
    case OPTION_LM_SPECIAL:
        o->special = true;
        return ST_OK;
    default:
        o->help = true;
        return ST_OK;
    }
}

static const struct lm_action actions[] = {{"entropy", lm_entropy, false},
                                           {"logits", logits, false},
                                           {"ppl", perplexity, false},
                                           {"tokenize", tokenize, false},
                                           {"trace", lm_trace, true}};

static const struct lm_action *find_action(const char *name) {
    for (size_t i = 0; i < sizeof actions / sizeof *actions; i++) {
        if (strcmp(actions[i].name, name) == 0) {
            return &actions[i];
        }
    }
    return NULL;
}

static enum status read_options(int argc, char **argv, struct lm_options *o) {
    const char *value;
    optind = 0; /* a new scan */
    for (enum option_id id; (id = options_next("lm", argc, argv, &value)) != OPTION_END;) {
        const enum status st = id == OPTION_ERROR ? ST_USAGE : take_option(id, value, o);
        if (st != ST_OK || o->help) {
            return st;
        }
    }
    o->action = argc - optind == 1 ? find_action(argv[optind]) : NULL;
    if (o->action == NULL) {
        return status_set(
            ST_USAGE,
            "lm: say what to do: attest lm tokenize|ppl|logits|entropy|trace --text FILE");
    }
    return o->text != NULL || o->action->pinned_text
               ? ST_OK
               : status_set(ST_USAGE, "lm: name a text: attest lm %s --text FILE", o->action->name);
}

static enum status act(struct lm_job *job) {
    enum status st = model_file_open(job->o->model, &job->g);
    if (st == ST_OK) {
        st = read_text(job);
    }
    return st == ST_OK ? job->o->action->run(job) : st;
}

enum status args_lm(int argc, char **argv) {
    struct lm_options o = {.action = NULL};
    return read_options(argc, argv, &o);
}

enum status cmd_lm(int argc, char **argv) {
    struct lm_options o = {.action = NULL};
    struct lm_job job = {.o = &o};
    enum status st = read_options(argc, argv, &o);
    if (st == ST_OK && o.help) {
        options_help(stdout, "lm");
        return ST_OK;
    }
    if (st == ST_OK) {
        st = act(&job);
    }
    lm_session_free(job.session);
    lm_free(job.model);
    mem_free(job.ids);
    gguf_close(job.g);
    return st;
}
