#include "entropy_source.h"

#include <stdio.h>
#include <string.h>

#include "../../datasets/manifest.h"
#include "../../harness/base/escape.h"
#include "../../harness/record/record.h"
#include "entropy_sparse_losses.h"

const char entropy_pinned[] = "smollm2", entropy_traced[] = "trace";

/* A user's model: its name may hold anything, so the record's plan has it as text. */
static const char own_model[] = "model";

/* Of the pinned file, which has one SHA-256. */
static const struct lm_shape pinned_shape = {.layers = 30, .heads = 9, .context = 8192};

/* --- what is planned -------------------------------------------------------------------------- */

static enum status read_shape(const struct gguf *g, struct entropy_plan *p) {
    static const char *const keys[] = {"llama.block_count", "llama.attention.head_count",
                                       "llama.context_length"};
    /* lm_load refuses more layers and heads too, but the plan comes first. */
    static const int64_t most[] = {1024, 1024, INT32_MAX};
    int32_t *const out[] = {&p->layers, &p->heads, &p->context};
    enum status st = ST_OK;
    for (size_t i = 0; i < sizeof keys / sizeof keys[0] && st == ST_OK; i++) {
        int64_t value = 0;
        st = gguf_integer(g, keys[i], 1, most[i], &value);
        *out[i] = (int32_t)value;
    }
    return st;
}

enum status entropy_describe_model(const struct run *run, struct entropy_plan *p) {
    if (run_model(run) == NULL) {
        p->dataset = entropy_pinned;
        p->layers = pinned_shape.layers;
        p->heads = pinned_shape.heads;
        p->context = pinned_shape.context;
        return ST_OK;
    }
    struct gguf *g;
    enum status st = gguf_open(run_model(run), NULL, &g);
    if (st == ST_OK) {
        p->dataset = own_model;
        st = read_shape(g, p);
        gguf_close(g);
    }
    return st;
}

/* --- the model -------------------------------------------------------------------------------- */

static enum status no_memory(void) { return status_set(ST_SYSTEM, "out of memory"); }

/* What stands in the record's plan of the weights.  The digest of a user's file is ours, that of
 * the pinned one the manifest's SHA-256. */
static enum status state_model(struct run *run, const struct gguf *g, const char *source,
                               const char *licence, const char *digest) {
    const char *slash = strrchr(gguf_label(g), '/'); /* no path of this machine */
    struct tree *node = run_plan_dataset(run, run_model(run) != NULL ? own_model : entropy_pinned);
    return node != NULL && tree_set_string(node, "source", source) &&
                   tree_set_string(node, "file", slash == NULL ? gguf_label(g) : slash + 1) &&
                   tree_set_string(node, "licence", licence) &&
                   tree_set_string(node, "digest", digest)
               ? ST_OK
               : no_memory();
}

static enum status open_own(struct run *run, struct gguf **g) {
    char digest[DIGEST_HEX];
    enum status st = gguf_open(run_model(run), NULL, g);
    st = st == ST_OK ? digest_file(run_model(run), digest) : st;
    return st == ST_OK ? state_model(run, *g, "--model", "the user's", digest) : st;
}

static enum status open_pinned(struct run *run, struct gguf **g) {
    struct manifest_row row;
    char path[4096];
    if (!manifest_find(entropy_pinned, "weights", &row)) {
        return status_set(ST_SYSTEM, "the manifest has no weights of %s", entropy_pinned);
    }
    if (manifest_locate(&row, path, sizeof path) != ST_OK) {
        return ST_SKIP;
    }
    enum status st = gguf_open(path, row.sha256, g);
    return st == ST_OK ? state_model(run, *g, row.source, row.licence, row.sha256) : st;
}

static enum status load_model(struct run *run, struct entropy_source *s) {
    struct gguf *g = NULL;
    enum status st = run_model(run) != NULL ? open_own(run, &g) : open_pinned(run, &g);
    st = st == ST_OK ? tokenizer_new(g, &s->tokenizer) : st;
    if (st == ST_OK) {
        run_note(run, "entropy %s: loading weights", s->dataset);
        st = lm_load(g, s->threads, &s->model);
    }
    gguf_close(g);
    return st;
}

enum status entropy_open_model(struct run *run, struct entropy_source *s) {
    const char *own = run_text(run);
    enum status st = own != NULL ? text_corpus_file(own, &s->corpus) : text_corpus_open(&s->corpus);
    return st == ST_OK ? load_model(run, s) : st;
}

enum status entropy_open_trace(struct run *run, struct entropy_source *s) {
    enum status st = trace_committed(&s->held);
    if (st != ST_OK) {
        return st;
    }
    const struct trace *t = s->trace = &s->held;
    struct tree *node = run_plan_dataset(run, entropy_traced);
    return node != NULL && tree_set_string(node, "source", t->model) &&
                   tree_set_string(node, "source_digest", t->model_digest) &&
                   tree_set_string(node, "text", t->text) &&
                   tree_set_string(node, "text_digest", t->text_digest) &&
                   tree_set_string(node, "digest", t->digest)
               ? ST_OK
               : no_memory();
}

void entropy_close(struct entropy_source *s) {
    trace_free(&s->held);
    s->trace = NULL;
    entropy_losses_free(s->losses);
    s->losses = NULL;
    lm_free(s->model);
    tokenizer_free(s->tokenizer);
    text_corpus_close(&s->corpus);
    s->model = NULL;
    s->tokenizer = NULL;
}

/* --- texts ------------------------------------------------------------------------------------ */

static enum status state_text(const struct entropy_source *s, const struct text_sequences *t) {
    char name[CELL_NAME];
    snprintf(name, sizeof name, "text-%d-%lld", t->length, (long long)t->count);
    const bool own = run_text(s->run) != NULL;
    struct tree *node = run_plan_dataset(s->run, name);
    return node != NULL && tree_set_string(node, "source", own ? "--text" : "datasets/texts.tsv") &&
                   tree_set_string(node, "digest", t->digest) &&
                   tree_set_i64(node, "sequences", t->count) &&
                   tree_set_i64(node, "tokens", t->length)
               ? ST_OK
               : no_memory();
}

enum status entropy_sequences(const struct entropy_source *s, int32_t length, int64_t most,
                              struct text_sequences *out) {
    const struct text_plan plan = {.part = TEXT_EVALUATION, .length = length, .most = most};
    enum status st = text_sequences(&s->corpus, s->tokenizer, &plan, out);
    if (st == ST_OK) {
        st = state_text(s, out);
        if (st != ST_OK) {
            text_sequences_free(out);
        }
    }
    return st;
}
