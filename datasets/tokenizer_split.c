/* Text to words: stretches of well-formed UTF-8, then the pre-tokenizer's expressions one after
 * another, each cutting the pieces that the one before has left into its matches and the gaps
 * between them. */
#define PCRE2_CODE_UNIT_WIDTH 8
#include "tokenizer_inner.h"

#include <stdlib.h>
#include <string.h>

#include <pcre2.h>

#include "utf8.h"

/* White space as Unicode's property has it; PCRE2's \s would add U+180E. */
#define SPACE "\\t-\\r\\x{85}\\p{Z}"

#define NUMBER "\\p{N}"
#define GPT2                                                                                       \
    "'s|'t|'re|'ve|'m|'ll|'d| ?\\p{L}+| ?\\p{N}+| ?[^" SPACE "\\p{L}\\p{N}]+"                      \
    "|[" SPACE "]+(?![^" SPACE "])|[" SPACE "]+"

enum { LEVELS_MAX = 2 };

/* Sources: GPT-2's encoder; for smollm its tokenizer file (digits one by one, then GPT-2). */
static const struct {
    const char *name;
    const char *expressions[LEVELS_MAX]; /* NULL behind the last */
} pre_tokenizers[] = {{"gpt-2", {GPT2, NULL}}, {"smollm", {NUMBER, GPT2}}};

struct splitter {
    pcre2_code *levels[LEVELS_MAX];
    size_t count;
};

void splitter_free(struct splitter *s) {
    if (s != NULL) {
        for (size_t i = 0; i < s->count; i++) {
            pcre2_code_free(s->levels[i]);
        }
        free(s);
    }
}

static enum status compile(struct splitter *s, const char *expression) {
    int error = 0;
    size_t offset = 0;
    pcre2_code *code = pcre2_compile((PCRE2_SPTR)expression, PCRE2_ZERO_TERMINATED, PCRE2_UTF,
                                     &error, &offset, NULL);
    if (code == NULL) {
        return status_set(ST_SYSTEM,
                          "PCRE2 refuses a pre-tokenizer's expression (error %d at %zu); install "
                          "one built with Unicode",
                          error, offset);
    }
    /* Speed only: matching goes on without, for example where pages may not be executable. */
    (void)pcre2_jit_compile(code, PCRE2_JIT_COMPLETE);
    s->levels[s->count++] = code;
    return ST_OK;
}

enum status splitter_new(const char *label, struct gguf_text pre, struct splitter **out) {
    *out = NULL;
    size_t kind = 0;
    const size_t kinds = sizeof pre_tokenizers / sizeof *pre_tokenizers;
    while (kind < kinds && (strlen(pre_tokenizers[kind].name) != pre.size ||
                            memcmp(pre_tokenizers[kind].name, pre.data, pre.size) != 0)) {
        kind++;
    }
    if (kind == kinds) {
        return status_set(ST_INPUT,
                          "%s: tokenizer.ggml.pre names a pre-tokenizer that is not built in; "
                          "gpt-2 and smollm are",
                          label);
    }
    struct splitter *s = calloc(1, sizeof *s);
    if (s == NULL) {
        return status_set(ST_SYSTEM, "%s: out of memory for its pre-tokenizer; free some", label);
    }
    enum status st = ST_OK;
    for (size_t i = 0; st == ST_OK && i < LEVELS_MAX; i++) {
        const char *expression = pre_tokenizers[kind].expressions[i];
        st = expression == NULL ? ST_OK : compile(s, expression);
    }
    if (st != ST_OK) {
        splitter_free(s);
        return st;
    }
    *out = s;
    return ST_OK;
}

/* --- running ---------------------------------------------------------------------------------- */

struct run {
    const struct splitter *splitter;
    pcre2_match_data *matches[LEVELS_MAX];
    word_function *word;
    void *context;
};

static enum status run_level(struct run *r, size_t level, const unsigned char *piece, size_t size);

/* Hands [from, to) to the next level. */
static enum status pass_on(struct run *r, size_t level, const unsigned char *from,
                           const unsigned char *to) {
    return from == to ? ST_OK : run_level(r, level + 1, from, (size_t)(to - from));
}

static enum status run_level(struct run *r, size_t level, const unsigned char *piece, size_t size) {
    if (level == r->splitter->count) {
        return r->word(r->context, piece, size);
    }
    const unsigned char *at = piece, *end = piece + size;
    enum status st = ST_OK;
    while (st == ST_OK && at < end) {
        /* The subject begins at `at`: no expression looks behind. */
        const int found = pcre2_match(r->splitter->levels[level], at, (size_t)(end - at), 0,
                                      PCRE2_NO_UTF_CHECK, r->matches[level], NULL);
        if (found == PCRE2_ERROR_NOMATCH) {
            return pass_on(r, level, at, end);
        }
        if (found < 0) {
            return status_set(ST_SYSTEM,
                              "PCRE2 gives up splitting the text (error %d); shorten its longest "
                              "stretch without a space",
                              found);
        }
        const size_t *bounds = pcre2_get_ovector_pointer(r->matches[level]);
        const unsigned char *from = at + bounds[0], *to = at + bounds[1];
        st = pass_on(r, level, at, from);
        if (st == ST_OK) {
            st = pass_on(r, level, from, to);
        }
        at = to;
    }
    return st;
}

/* Bytes from the start that are all well formed, or none of them. */
static size_t stretch(const unsigned char *text, size_t size, bool *well_formed) {
    uint32_t code = 0;
    size_t at = 0, length = utf8_take(text, size, &code);
    *well_formed = length > 0;
    do {
        at += *well_formed ? length : 1;
        length = utf8_take(text + at, size - at, &code);
    } while (at < size && (length > 0) == *well_formed);
    return at;
}

static enum status run_text(struct run *r, const unsigned char *text, size_t size) {
    enum status st = ST_OK;
    while (st == ST_OK && size > 0) {
        bool well_formed = true;
        const size_t length = stretch(text, size, &well_formed);
        st = well_formed ? run_level(r, 0, text, length) : r->word(r->context, text, length);
        text += length;
        size -= length;
    }
    return st;
}

enum status splitter_run(const struct splitter *s, const unsigned char *text, size_t size,
                         word_function *word, void *context) {
    struct run r = {.splitter = s, .word = word, .context = context};
    enum status st = ST_OK;
    for (size_t i = 0; i < s->count; i++) {
        r.matches[i] = pcre2_match_data_create_from_pattern(s->levels[i], NULL);
        if (r.matches[i] == NULL) {
            st = status_set(ST_SYSTEM, "out of memory for splitting text; free some");
        }
    }
    if (st == ST_OK) {
        st = run_text(&r, text, size);
    }
    for (size_t i = 0; i < s->count; i++) {
        pcre2_match_data_free(r.matches[i]);
    }
    return st;
}
