/* attest train: search projections of a language model, written as a record. */
#include <errno.h>
#include <getopt.h>
#include <inttypes.h>
#include <math.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../../datasets/text.h"
#include "../../datasets/tokenizer.h"
#include "../../suites/retrieval/train.h"
#include "../base/cpu.h"
#include "../base/workers.h"
#include "../record/record.h"
#include "commands.h"
#include "model_file.h"
#include "progress.h"

enum { LIST = PROJECTIONS_LAYERS };

/* Whole numbers with commas between them. */
struct list {
    int64_t at[LIST];
    int count;
};

struct options {
    const char *model, *text, *out;
    struct list widths, seeds, layers; /* layers empty: all */
    int64_t steps, batch, tokens, sequences, threads;
    double rate;
    bool quiet, help;
};

/* --- command line ----------------------------------------------------------------------------- */

static enum status refuse(const char *name, const char *what, const char *text) {
    return status_set(ST_USAGE, "train: --%s wants %s, not \"%s\"", name, what, text);
}

static enum status read_number(const char *name, const char *text, int64_t least, int64_t most,
                               int64_t *out) {
    char *end;
    errno = 0;
    const long long value = strtoll(text, &end, 10);
    if (end == text || *end != '\0' || errno != 0 || value < least || value > most) {
        char what[96];
        snprintf(what, sizeof what, "a number of %" PRId64 " to %" PRId64, least, most);
        return refuse(name, what, text);
    }
    *out = value;
    return ST_OK;
}

/* Numbers above -1. */
static enum status read_list(const char *name, const char *text, int64_t most, struct list *out) {
    const char *at = text;
    out->count = 0;
    for (;;) {
        char *end;
        errno = 0;
        const long long value = *at >= '0' && *at <= '9' ? strtoll(at, &end, 10) : -1;
        if (value < 0 || value > most || errno != 0 || out->count == LIST ||
            (*end != ',' && *end != '\0')) {
            char what[96];
            snprintf(what, sizeof what, "numbers up to %" PRId64 " with commas between them", most);
            return refuse(name, what, text);
        }
        out->at[out->count++] = value;
        if (*end == '\0') {
            return ST_OK;
        }
        at = end + 1;
    }
}

static enum status read_rate(const char *text, double *out) {
    char *end;
    *out = strtod(text, &end);
    return end != text && *end == '\0' && *out > 0 && *out <= 1
               ? ST_OK
               : refuse("rate", "a number above 0, at most 1", text);
}

static int by_value(const void *a, const void *b) {
    const int64_t x = *(const int64_t *)a, y = *(const int64_t *)b;
    return x < y ? -1 : x > y;
}

static enum status read_layers(const char *text, struct list *out) {
    out->count = 0;
    if (strcmp(text, "all") == 0) {
        return ST_OK;
    }
    const enum status st = read_list("layers", text, INT32_MAX, out);
    qsort(out->at, (size_t)out->count, sizeof out->at[0], by_value);
    for (int i = 1; i < out->count && st == ST_OK; i++) {
        if (out->at[i] == out->at[i - 1]) {
            return refuse("layers", "each layer once", text);
        }
    }
    return st;
}

static enum status take_option(enum option_id id, const char *value, struct options *o) {
    switch (id) {
    case OPTION_TRAIN_BATCH:
        return read_number("batch", value, 1, 1024, &o->batch);
    case OPTION_TRAIN_D_SEARCH:
        return read_list("d-search", value, 4096, &o->widths);
    case OPTION_TRAIN_LAYERS:
        return read_layers(value, &o->layers);
    case OPTION_TRAIN_MODEL:
        o->model = value;
        return ST_OK;
    case OPTION_TRAIN_OUT:
        o->out = value;
        return ST_OK;
    case OPTION_TRAIN_QUIET:
        o->quiet = true;
        return ST_OK;
    case OPTION_TRAIN_RATE:
        return read_rate(value, &o->rate);
    case OPTION_TRAIN_SEED:
        return read_list("seed", value, INT64_MAX, &o->seeds);
    case OPTION_TRAIN_SEQUENCES:
        return read_number("sequences", value, 1, INT32_MAX, &o->sequences);
    case OPTION_TRAIN_STEPS:
        return read_number("steps", value, 1, INT32_MAX, &o->steps);
    case OPTION_TRAIN_TEXT:
        o->text = value;
        return ST_OK;
    case OPTION_TRAIN_THREADS:
        return read_number("threads", value, 1, WORKERS_MAX, &o->threads);
    case OPTION_TRAIN_TOKENS:
        return read_number("tokens", value, 2, 1 << 15, &o->tokens);
    default:
        o->help = true;
        return ST_OK;
    }
}

/* Width and seed of set `index`: a single one goes with all of the others. */
static int64_t pick(const struct list *l, int index) { return l->at[l->count == 1 ? 0 : index]; }

static int set_count(const struct options *o) {
    return o->widths.count > o->seeds.count ? o->widths.count : o->seeds.count;
}

static enum status check_sets(const struct options *o) {
    const int count = set_count(o);
    if ((o->widths.count != count && o->widths.count != 1) ||
        (o->seeds.count != count && o->seeds.count != 1) || count > PROJECTIONS_SETS) {
        return status_set(ST_USAGE,
                          "train: give as many widths as seeds, or one of either; at most %d",
                          (int)PROJECTIONS_SETS);
    }
    for (int i = 0; i < count; i++) {
        bool ok = pick(&o->widths, i) > 0;
        for (int k = 0; k < i; k++) {
            ok = ok && (pick(&o->widths, k) != pick(&o->widths, i) ||
                        pick(&o->seeds, k) != pick(&o->seeds, i));
        }
        if (!ok) {
            return status_set(ST_USAGE, "train: a width of 0, or the same width and seed twice");
        }
    }
    return ST_OK;
}

static enum status read_options(int argc, char **argv, struct options *o) {
    const char *value;
    *o = (struct options){.widths = {{128}, 1},
                          .seeds = {{1}, 1},
                          .steps = 1000,
                          .batch = 1,
                          .tokens = 1024,
                          .sequences = 192,
                          .rate = 1e-4};
    optind = 0; /* a new scan */
    for (enum option_id id; (id = options_next("train", argc, argv, &value)) != OPTION_END;) {
        const enum status st = id == OPTION_ERROR ? ST_USAGE : take_option(id, value, o);
        if (st != ST_OK || o->help) {
            return st;
        }
    }
    if (optind < argc) {
        return status_set(ST_USAGE, "train: \"%s\" is no option; see attest train --help",
                          argv[optind]);
    }
    if (o->out == NULL) {
        return status_set(ST_USAGE, "train: name the file: attest train --out FILE");
    }
    return check_sets(o);
}

/* --- training --------------------------------------------------------------------------------- */

/* What is open while training. */
struct work {
    const struct options *o;
    struct gguf *g;
    struct lm_model *model;
    struct lm_session *session;
    struct text_corpus corpus;
    struct text_sequences texts;
    struct projections p;
    int threads;
};

/* A user's file is one document, and all of it is for training. */
static enum status cut_texts(struct work *w) {
    const struct options *o = w->o;
    const struct text_plan plan = {.part = o->text == NULL ? TEXT_TRAINING : TEXT_EVALUATION,
                                   .length = (int32_t)o->tokens,
                                   .most = o->sequences};
    struct tokenizer *t;
    enum status st =
        o->text == NULL ? text_corpus_open(&w->corpus) : text_corpus_file(o->text, &w->corpus);
    st = st == ST_OK ? tokenizer_new(w->g, &t) : st;
    if (st == ST_OK) {
        st = text_sequences(&w->corpus, t, &plan, &w->texts);
        tokenizer_free(t);
    }
    return st;
}

static enum status open_all(struct work *w) {
    const struct options *o = w->o;
    w->threads = o->threads > 0 ? (int)o->threads : cpu_count();
    enum status st = record_check_free(o->out);
    st = st == ST_OK ? model_file_open(o->model, &w->g) : st;
    st = st == ST_OK ? cut_texts(w) : st;
    st = st == ST_OK ? lm_load(w->g, w->threads, &w->model) : st;
    return st == ST_OK ? lm_session_new(w->model, o->tokens, w->threads, &w->session) : st;
}

static void close_all(struct work *w) {
    projections_free(&w->p);
    text_sequences_free(&w->texts);
    text_corpus_close(&w->corpus);
    lm_session_free(w->session);
    lm_free(w->model);
    gguf_close(w->g);
}

static enum status set_plan(struct work *w) {
    const struct options *o = w->o;
    struct projection_plan *plan = &w->p.plan;
    train_plan(plan, o->steps);
    plan->batch = o->batch;
    plan->rate = o->rate;
    snprintf(plan->text, sizeof plan->text, "%s",
             o->text == NULL ? "training documents" : w->corpus.documents[0].name);
    snprintf(plan->text_digest, sizeof plan->text_digest, "%s", w->texts.digest);
    w->p.set_count = set_count(o);
    for (int i = 0; i < w->p.set_count; i++) {
        w->p.sets[i] = (struct projection_set){.d_search = (int32_t)pick(&o->widths, i),
                                               .seed = (uint64_t)pick(&o->seeds, i)};
    }
    return model_file_name(o->model, w->g, plan->model, sizeof plan->model, plan->model_digest);
}

static int32_t choose_layers(const struct work *w, int32_t layers[PROJECTIONS_LAYERS]) {
    const struct list *asked = &w->o->layers;
    const int32_t all = lm_shape(w->model)->layers;
    const int32_t count = asked->count > 0           ? asked->count
                          : all < PROJECTIONS_LAYERS ? all
                                                     : PROJECTIONS_LAYERS;
    for (int32_t i = 0; i < count; i++) {
        layers[i] = asked->count > 0 ? (int32_t)asked->at[i] : i;
    }
    return count;
}

static void tell(void *context, double share, const char *what) {
    (void)context;
    progress_update(share, what);
}

static enum status train(struct work *w) {
    int32_t layers[PROJECTIONS_LAYERS];
    char line[128];
    const struct train_job job = {.session = w->session,
                                  .threads = w->threads,
                                  .texts = &w->texts,
                                  .layers = layers,
                                  .layer_count = choose_layers(w, layers),
                                  .progress = tell};
    snprintf(line, sizeof line, "%" PRId64 " sequences, %.1f GB of memory", w->texts.count,
             train_bytes(&job, lm_shape(w->model)) / 1e9);
    progress_start(w->o->quiet, PROGRESS_AUTO);
    progress_line(line);
    const enum status st = train_projections(&job, &w->p);
    progress_end();
    return st;
}

static void print_losses(const struct projections *p) {
    for (int32_t i = 0; i < p->set_count; i++) {
        const struct projection_set *s = &p->sets[i];
        for (int32_t k = 0; k < s->layer_count; k++) {
            const float *curve = s->loss + k * s->points;
            printf("layer %2" PRId32 "  d_search %" PRId32 "  seed %" PRIu64
                   "  loss %.4f to step %" PRId64 ", %.4f to step %" PRId64 "\n",
                   s->layers[k], s->d_search, s->seed, (double)curve[0], s->step[0],
                   (double)curve[s->points - 1], s->step[s->points - 1]);
        }
    }
}

static enum status write_all(const struct work *w) {
    struct tree *root = NULL;
    enum status st = projections_to_tree(&w->p, &root);
    st = st == ST_OK ? record_write(root, w->o->out, NULL) : st;
    tree_free(root);
    if (st == ST_OK) {
        print_losses(&w->p);
        printf("%s\n", w->o->out);
    }
    return st;
}

enum status args_train(int argc, char **argv) {
    struct options o;
    return read_options(argc, argv, &o);
}

enum status cmd_train(int argc, char **argv) {
    struct options o;
    struct work w = {.o = &o};
    enum status st = read_options(argc, argv, &o);
    if (st == ST_OK && o.help) {
        options_help(stdout, "train");
        return ST_OK;
    }
    st = st == ST_OK ? open_all(&w) : st;
    st = st == ST_OK ? set_plan(&w) : st;
    st = st == ST_OK ? train(&w) : st;
    st = st == ST_OK ? write_all(&w) : st;
    close_all(&w);
    return st;
}
