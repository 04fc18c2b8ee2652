#include "lm_source.h"

#include <stdio.h>
#include <string.h>

#include "../../datasets/manifest.h"
#include "../../harness/record/record.h"

/* The pinned model's name in cells and in the record's plan. */
static const char pinned[] = "smollm2";

/* A user's model: its name may hold anything, so the record's plan has it as text. */
static const char own[] = "model";

/* Of the pinned file, which has one SHA-256. */
static const struct lm_description pinned_description = {
    .dataset = pinned, .layers = 30, .heads = 9, .context = 8192};

static const char *dataset_of(const struct run *run) {
    return run_model(run) != NULL ? own : pinned;
}

/* --- what is planned -------------------------------------------------------------------------- */

static enum status read_description(const struct gguf *g, struct lm_description *out) {
    static const char *const keys[] = {"llama.block_count", "llama.attention.head_count",
                                       "llama.context_length"};
    /* lm_load refuses more layers and heads too, but the plan comes first. */
    static const int64_t most[] = {1024, 1024, INT32_MAX};
    int32_t *const fields[] = {&out->layers, &out->heads, &out->context};
    enum status st = ST_OK;
    for (size_t i = 0; i < sizeof keys / sizeof keys[0] && st == ST_OK; i++) {
        int64_t value = 0;
        st = gguf_integer(g, keys[i], 1, most[i], &value);
        *fields[i] = (int32_t)value;
    }
    return st;
}

enum status lm_describe(const struct run *run, struct lm_description *out) {
    if (run_model(run) == NULL) {
        *out = pinned_description;
        return ST_OK;
    }
    struct gguf *g;
    enum status st = gguf_open(run_model(run), NULL, &g);
    if (st == ST_OK) {
        out->dataset = own;
        st = read_description(g, out);
        gguf_close(g);
    }
    return st;
}

/* --- the model -------------------------------------------------------------------------------- */

static enum status no_memory(void) { return status_set(ST_SYSTEM, "out of memory"); }

/* What stands in the record's plan of the weights.  The digest of a user's file is ours, that of
 * the pinned one the manifest's SHA-256. */
static enum status state_model(struct lm_source *s, const struct gguf *g, const char *source,
                               const char *licence, const char *digest) {
    const char *slash = strrchr(gguf_label(g), '/'); /* no path of this machine */
    struct tree *node = run_plan_dataset(s->run, s->dataset);
    snprintf(s->digest, sizeof s->digest, "%s", digest);
    return node != NULL && tree_set_string(node, "source", source) &&
                   tree_set_string(node, "file", slash == NULL ? gguf_label(g) : slash + 1) &&
                   tree_set_string(node, "licence", licence) &&
                   tree_set_string(node, "digest", digest)
               ? ST_OK
               : no_memory();
}

static enum status open_own(struct lm_source *s, struct gguf **g) {
    char digest[DIGEST_HEX];
    enum status st = gguf_open(run_model(s->run), NULL, g);
    st = st == ST_OK ? digest_file(run_model(s->run), digest) : st;
    return st == ST_OK ? state_model(s, *g, "--model", "the user's", digest) : st;
}

static enum status open_pinned(struct lm_source *s, struct gguf **g) {
    struct manifest_row row;
    char path[4096];
    if (!manifest_find(pinned, "weights", &row)) {
        return status_set(ST_SYSTEM, "the manifest has no weights of %s", pinned);
    }
    if (manifest_locate(&row, path, sizeof path) != ST_OK) {
        return ST_SKIP;
    }
    enum status st = gguf_open(path, row.sha256, g);
    return st == ST_OK ? state_model(s, *g, row.source, row.licence, row.sha256) : st;
}

static enum status load_model(struct lm_source *s) {
    struct gguf *g = NULL;
    enum status st = run_model(s->run) != NULL ? open_own(s, &g) : open_pinned(s, &g);
    st = st == ST_OK ? tokenizer_new(g, &s->tokenizer) : st;
    if (st == ST_OK) {
        run_note(s->run, "%s: loading weights", s->dataset);
        st = lm_load(g, s->threads, &s->model);
    }
    gguf_close(g);
    return st;
}

enum status lm_source_open(struct run *run, int threads, struct lm_source *out) {
    const char *text = run_text(run);
    *out = (struct lm_source){.run = run, .dataset = dataset_of(run), .threads = threads};
    enum status st =
        text != NULL ? text_corpus_file(text, &out->corpus) : text_corpus_open(&out->corpus);
    st = st == ST_OK ? load_model(out) : st;
    if (st != ST_OK) {
        lm_source_close(out);
    }
    return st;
}

void lm_source_close(struct lm_source *s) {
    lm_free(s->model);
    tokenizer_free(s->tokenizer);
    text_corpus_close(&s->corpus);
    s->model = NULL;
    s->tokenizer = NULL;
}

/* --- texts ------------------------------------------------------------------------------------ */

static enum status state_text(const struct lm_source *s, const struct text_plan *plan,
                              const struct text_sequences *t) {
    char name[CELL_NAME];
    snprintf(name, sizeof name, "%s-%d-%lld", plan->packed ? "packed" : "text", t->length,
             (long long)t->count);
    const bool own_text = run_text(s->run) != NULL;
    struct tree *node = run_plan_dataset(s->run, name);
    return node != NULL &&
                   tree_set_string(node, "source", own_text ? "--text" : "datasets/texts.tsv") &&
                   tree_set_string(node, "digest", t->digest) &&
                   tree_set_i64(node, "sequences", t->count) &&
                   tree_set_i64(node, "tokens", t->length)
               ? ST_OK
               : no_memory();
}

enum status lm_source_sequences(const struct lm_source *s, const struct text_plan *plan,
                                struct text_sequences *out) {
    enum status st = text_sequences(&s->corpus, s->tokenizer, plan, out);
    if (st == ST_OK) {
        st = state_text(s, plan, out);
        if (st != ST_OK) {
            text_sequences_free(out);
        }
    }
    return st;
}

/* --- without it ------------------------------------------------------------------------------- */

void lm_source_skip(struct group *g, const char *reason) {
    for (size_t i = 0; i < g->cell_count; i++) {
        if (!g->cells[i].finished) {
            cell_verdict(&g->cells[i], VERDICT_SKIP, "%s", reason);
        }
    }
}
