#include "tokenizer.h"

#include <string.h>

#include "../harness/base/memory.h"
#include "tokenizer_inner.h"

struct tokenizer {
    struct vocabulary vocabulary;
    struct splitter *splitter;
};

enum status tokenizer_make(const struct tokenizer_parts *parts, struct tokenizer **out) {
    *out = NULL;
    struct tokenizer *t = mem_alloc(sizeof *t);
    if (t == NULL) {
        return ST_SYSTEM;
    }
    enum status st = splitter_new(parts->label, parts->pre, &t->splitter);
    if (st == ST_OK) {
        st = vocabulary_init(&t->vocabulary, parts);
    }
    if (st != ST_OK) {
        tokenizer_free(t);
        return st;
    }
    *out = t;
    return ST_OK;
}

/* A key whose absence has a meaning is read only if it is there. */
static enum status read_parts(const struct gguf *g, struct tokenizer_parts *parts,
                              struct gguf_text **tokens, int64_t **types,
                              struct gguf_text **merges) {
    struct gguf_text model = {0};
    size_t type_count = 0;
    enum status st = gguf_string(g, "tokenizer.ggml.model", &model);
    if (st == ST_OK && (model.size != 4 || memcmp(model.data, "gpt2", 4) != 0)) {
        st = status_set(ST_INPUT,
                        "%s: tokenizer.ggml.model is not gpt2; only byte-level BPE is read",
                        parts->label);
    }
    if (st == ST_OK) {
        st = gguf_string(g, "tokenizer.ggml.pre", &parts->pre);
    }
    if (st == ST_OK) {
        st = gguf_strings(g, "tokenizer.ggml.tokens", tokens, &parts->token_count);
    }
    if (st == ST_OK) {
        st = gguf_strings(g, "tokenizer.ggml.merges", merges, &parts->merge_count);
    }
    if (st == ST_OK && gguf_has(g, "tokenizer.ggml.token_type")) {
        st = gguf_integers(g, "tokenizer.ggml.token_type", types, &type_count);
        if (st == ST_OK && type_count != parts->token_count) {
            st = status_set(ST_INPUT, "%s: %zu tokens but %zu token types; convert the model again",
                            parts->label, parts->token_count, type_count);
        }
    }
    parts->tokens = *tokens;
    parts->types = *types;
    parts->merges = *merges;
    return st;
}

enum status tokenizer_new(const struct gguf *g, struct tokenizer **out) {
    struct tokenizer_parts parts = {.label = gguf_label(g)};
    struct gguf_text *tokens = NULL, *merges = NULL;
    int64_t *types = NULL;
    *out = NULL;
    enum status st = read_parts(g, &parts, &tokens, &types, &merges);
    if (st == ST_OK) {
        st = tokenizer_make(&parts, out);
    }
    mem_free(tokens);
    mem_free(types);
    mem_free(merges);
    return st;
}

void tokenizer_free(struct tokenizer *t) {
    if (t != NULL) {
        splitter_free(t->splitter);
        vocabulary_free(&t->vocabulary);
        mem_free(t);
    }
}

int32_t tokenizer_size(const struct tokenizer *t) { return t->vocabulary.count; }

/* --- encoding --------------------------------------------------------------------------------- */

struct encoding {
    const struct tokenizer *tokenizer;
    bool keep_bytes;
    struct word_scratch scratch;
    int32_t *ids;
    size_t count;
};

static enum status encode_word(void *context, const unsigned char *word, size_t size) {
    struct encoding *e = context;
    return word_encode(&e->tokenizer->vocabulary, word, size, e->keep_bytes, &e->scratch,
                       e->ids + e->count, &e->count);
}

/* Where the next special token starts, and which it is; `size` and NO_TOKEN if there is none. */
static size_t next_special(const struct vocabulary *v, const unsigned char *text, size_t size,
                           bool control, int32_t *id) {
    for (size_t at = 0; v->special_count > 0 && at < size; at++) {
        if (v->special_first[text[at]]) {
            *id = vocabulary_special(v, text + at, size - at, control);
            if (*id != NO_TOKEN) {
                return at;
            }
        }
    }
    *id = NO_TOKEN;
    return size;
}

static enum status encode_text(struct encoding *e, const unsigned char *text, size_t size,
                               bool control) {
    const struct vocabulary *v = &e->tokenizer->vocabulary;
    enum status st = ST_OK;
    while (st == ST_OK && size > 0) {
        int32_t special = NO_TOKEN;
        size_t length = next_special(v, text, size, control, &special);
        st = splitter_run(e->tokenizer->splitter, text, length, encode_word, e);
        if (st == ST_OK && special != NO_TOKEN) {
            e->ids[e->count++] = special;
            length += v->starts[special + 1] - v->starts[special];
        }
        text += length;
        size -= length;
    }
    return st;
}

enum status tokenizer_encode(const struct tokenizer *t, const void *bytes, size_t size,
                             unsigned flags, int32_t **ids, size_t *count) {
    *ids = NULL;
    *count = 0;
    if (size > TOKENIZER_MAX_BYTES) {
        return status_set(ST_INPUT, "a text of %zu bytes; the limit is %zu: tokenise it in parts",
                          size, TOKENIZER_MAX_BYTES);
    }
    /* No token stands for less than a byte. */
    struct encoding e = {.tokenizer = t,
                         .keep_bytes = (flags & TOKENIZER_KEEP_BYTES) != 0,
                         .ids = mem_alloc_array(size, sizeof *e.ids)};
    if (e.ids == NULL) {
        return ST_SYSTEM;
    }
    const enum status st = encode_text(&e, bytes, size, (flags & TOKENIZER_SPECIAL) != 0);
    word_scratch_free(&e.scratch);
    if (st != ST_OK) {
        mem_free(e.ids);
        return st;
    }
    *ids = e.ids;
    *count = e.count;
    return ST_OK;
}

size_t tokenizer_missing(const struct tokenizer *t, const void *bytes, size_t size) {
    const unsigned char *b = bytes;
    size_t missing = 0;
    for (size_t i = 0; i < size; i++) {
        missing += t->vocabulary.of_byte[b[i]] == NO_TOKEN;
    }
    return missing;
}

/* --- decoding --------------------------------------------------------------------------------- */

/* Bytes of an id, and where they lie; *kept holds the byte of a negative id. */
static size_t bytes_of(const struct vocabulary *v, int32_t id, unsigned char *kept,
                       const unsigned char **bytes) {
    if (id < 0) {
        *kept = (unsigned char)(-1 - id);
        *bytes = kept;
        return 1;
    }
    *bytes = v->bytes + v->starts[id];
    return v->starts[id + 1] - v->starts[id];
}

enum status tokenizer_decode(const struct tokenizer *t, const int32_t *ids, size_t count,
                             char **bytes, size_t *size) {
    const struct vocabulary *v = &t->vocabulary;
    const unsigned char *from;
    unsigned char kept;
    size_t total = 0;
    *bytes = NULL;
    *size = 0;
    for (size_t i = 0; i < count; i++) {
        if (ids[i] < -256 || ids[i] >= v->count) {
            return status_set(ST_INPUT, "token %zu has the id %d; the vocabulary ends at %d", i,
                              ids[i], v->count - 1);
        }
        total += bytes_of(v, ids[i], &kept, &from);
    }
    char *out = mem_alloc(total + 1);
    if (out == NULL) {
        return ST_SYSTEM;
    }
    for (size_t i = 0, at = 0; i < count; i++) {
        const size_t length = bytes_of(v, ids[i], &kept, &from);
        memcpy(out + at, from, length);
        at += length;
    }
    *bytes = out;
    *size = total;
    return ST_OK;
}
