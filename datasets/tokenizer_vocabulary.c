/* Tables of a vocabulary, made once: bytes of each token, token of each byte, special tokens, and
 * the merges as pairs of token numbers. */
#include "tokenizer_inner.h"

#include <stdlib.h>
#include <string.h>

#include "../harness/base/memory.h"
#include "utf8.h"

/* GPT-2 writes each byte as a printable character: the printable ones of Latin-1 as themselves, the
 * rest in order from U+0100 on. */
enum { ALPHABET_END = 0x144 };

struct alphabet {
    int16_t byte_of[ALPHABET_END]; /* -1: no byte's character */
};

static bool is_own_character(unsigned byte) {
    return (byte >= 0x21 && byte <= 0x7e) || (byte >= 0xa1 && byte <= 0xac) || byte >= 0xae;
}

static void alphabet_fill(struct alphabet *a) {
    memset(a->byte_of, 0xff, sizeof a->byte_of);
    uint32_t next = 0x100;
    for (unsigned byte = 0; byte < 256; byte++) {
        a->byte_of[is_own_character(byte) ? byte : next++] = (int16_t)byte;
    }
}

/* Writes the bytes that an ordinary token stands for; a text that is not all in the alphabet stands
 * for itself.  Never more bytes than the text has. */
static size_t put_token(const struct alphabet *a, struct gguf_text text, unsigned char *out) {
    const unsigned char *in = (const unsigned char *)text.data;
    size_t written = 0;
    for (size_t i = 0; i < text.size;) {
        uint32_t code = 0;
        const size_t length = utf8_take(in + i, text.size - i, &code);
        if (length == 0 || code >= ALPHABET_END || a->byte_of[code] < 0) {
            memcpy(out, in, text.size);
            return text.size;
        }
        out[written++] = (unsigned char)a->byte_of[code];
        i += length;
    }
    return written;
}

static bool is_special(const struct tokenizer_parts *parts, size_t i) {
    return parts->types != NULL &&
           (parts->types[i] == TOKEN_CONTROL || parts->types[i] == TOKEN_USER_DEFINED);
}

static enum status fill_bytes(struct vocabulary *v, const struct tokenizer_parts *parts) {
    size_t total = 0;
    for (size_t i = 0; i < parts->token_count; i++) {
        total += parts->tokens[i].size;
    }
    v->starts = mem_alloc_array(parts->token_count + 1, sizeof *v->starts);
    v->bytes = mem_alloc(total);
    if (v->starts == NULL || v->bytes == NULL) {
        return ST_SYSTEM;
    }
    struct alphabet alphabet;
    alphabet_fill(&alphabet);
    for (size_t i = 0; i < parts->token_count; i++) {
        unsigned char *out = v->bytes + v->starts[i];
        const struct gguf_text text = parts->tokens[i];
        if (is_special(parts, i)) {
            memcpy(out, text.data, text.size);
        }
        v->starts[i + 1] =
            v->starts[i] + (is_special(parts, i) ? text.size : put_token(&alphabet, text, out));
    }
    return ST_OK;
}

static void fill_single_bytes(struct vocabulary *v, const struct tokenizer_parts *parts) {
    for (size_t b = 0; b < 256; b++) {
        v->of_byte[b] = NO_TOKEN;
    }
    for (int32_t i = 0; i < v->count; i++) {
        if (v->starts[i + 1] - v->starts[i] == 1 && !is_special(parts, (size_t)i)) {
            v->of_byte[v->bytes[v->starts[i]]] = i;
        }
    }
}

/* --- looking tokens up by their text: only while the tables are made -------------------------- */

struct by_text {
    const struct gguf_text *text;
    int32_t id;
};

static int compare_texts(struct gguf_text a, struct gguf_text b) {
    const size_t shorter = a.size < b.size ? a.size : b.size;
    const int order = shorter == 0 ? 0 : memcmp(a.data, b.data, shorter);
    return order != 0 ? order : (a.size > b.size) - (a.size < b.size);
}

static int compare_entries(const void *a, const void *b) {
    return compare_texts(*((const struct by_text *)a)->text, *((const struct by_text *)b)->text);
}

static enum status index_texts(const struct tokenizer_parts *parts, struct by_text **out) {
    struct by_text *index = mem_alloc_array(parts->token_count, sizeof *index);
    *out = index;
    if (index == NULL) {
        return ST_SYSTEM;
    }
    for (size_t i = 0; i < parts->token_count; i++) {
        index[i] = (struct by_text){.text = &parts->tokens[i], .id = (int32_t)i};
    }
    qsort(index, parts->token_count, sizeof *index, compare_entries);
    for (size_t i = 1; i < parts->token_count; i++) {
        if (compare_entries(&index[i - 1], &index[i]) == 0) {
            return status_set(ST_INPUT,
                              "%s: tokens %d and %d have the same text; a vocabulary names each "
                              "once: convert the model again",
                              parts->label, index[i - 1].id, index[i].id);
        }
    }
    return ST_OK;
}

static int32_t find_text(const struct by_text *index, size_t count, struct gguf_text text) {
    const struct by_text wanted = {.text = &text};
    const struct by_text *found = bsearch(&wanted, index, count, sizeof *index, compare_entries);
    return found == NULL ? NO_TOKEN : found->id;
}

/* --- special tokens --------------------------------------------------------------------------- */

/* The index is sorted by text, and a special token's bytes are its text. */
static enum status fill_special(struct vocabulary *v, const struct tokenizer_parts *parts,
                                const struct by_text *index) {
    v->special = mem_alloc_array(parts->token_count, sizeof *v->special);
    v->control = mem_alloc_array(parts->token_count, sizeof *v->control);
    if (v->special == NULL || v->control == NULL) {
        return ST_SYSTEM;
    }
    for (size_t i = 0; i < parts->token_count; i++) {
        const size_t id = (size_t)index[i].id;
        if (is_special(parts, id) && index[i].text->size > 0) {
            v->special_first[(unsigned char)index[i].text->data[0]] = true;
            v->control[v->special_count] = parts->types[id] == TOKEN_CONTROL;
            v->special[v->special_count++] = index[i].id;
        }
    }
    return ST_OK;
}

/* First special token of [lo, hi) whose byte at `depth` is >= wanted; all are longer than depth. */
static size_t special_bound(const struct vocabulary *v, size_t lo, size_t hi, size_t depth,
                            unsigned wanted) {
    while (lo < hi) {
        const size_t middle = lo + (hi - lo) / 2;
        if (v->bytes[v->starts[v->special[middle]] + depth] < wanted) {
            lo = middle + 1;
        } else {
            hi = middle;
        }
    }
    return lo;
}

int32_t vocabulary_special(const struct vocabulary *v, const unsigned char *bytes, size_t size,
                           bool control) {
    int32_t found = NO_TOKEN;
    size_t lo = 0, hi = v->special_count;
    for (size_t depth = 0; depth < size && lo < hi; depth++) {
        lo = special_bound(v, lo, hi, depth, bytes[depth]);
        hi = special_bound(v, lo, hi, depth, bytes[depth] + 1U);
        /* Sorted: the one that ends here, if any, is the first. */
        if (lo < hi && v->starts[v->special[lo] + 1] - v->starts[v->special[lo]] == depth + 1) {
            found = control || !v->control[lo] ? v->special[lo] : found;
            lo++;
        }
    }
    return found;
}

/* --- merges ----------------------------------------------------------------------------------- */

/* `joined` has room for the two parts without the space. */
static enum status add_merge(struct vocabulary *v, const struct tokenizer_parts *parts,
                             const struct by_text *index, size_t rank, char *joined) {
    const struct gguf_text merge = parts->merges[rank];
    /* The alphabet has no space, so the first one separates. */
    const char *space = merge.size == 0 ? NULL : memchr(merge.data, ' ', merge.size);
    if (space == NULL) {
        return status_set(ST_INPUT, "%s: merge %zu is not two tokens with a space between them",
                          parts->label, rank);
    }
    const size_t left_size = (size_t)(space - merge.data), right_size = merge.size - left_size - 1;
    memcpy(joined, merge.data, left_size);
    memcpy(joined + left_size, space + 1, right_size);
    const int32_t left =
        find_text(index, parts->token_count, (struct gguf_text){merge.data, left_size});
    const int32_t right =
        find_text(index, parts->token_count, (struct gguf_text){space + 1, right_size});
    const int32_t merged =
        find_text(index, parts->token_count, (struct gguf_text){joined, left_size + right_size});
    if (left == NO_TOKEN || right == NO_TOKEN || merged == NO_TOKEN) {
        return status_set(ST_INPUT,
                          "%s: merge %zu has a part or a result that is no token; the vocabulary "
                          "is not that of the merges: convert the model again",
                          parts->label, rank);
    }
    if (!merges_add(&v->merges, left, right, merged, (uint32_t)rank)) {
        return status_set(ST_INPUT, "%s: merge %zu is there twice; convert the model again",
                          parts->label, rank);
    }
    return ST_OK;
}

static enum status fill_merges(struct vocabulary *v, const struct tokenizer_parts *parts,
                               const struct by_text *index) {
    enum status st = merges_init(&v->merges, parts->merge_count);
    size_t longest = 0;
    for (size_t i = 0; i < parts->merge_count; i++) {
        longest = parts->merges[i].size > longest ? parts->merges[i].size : longest;
    }
    char *joined = st == ST_OK ? mem_alloc(longest) : NULL;
    if (joined == NULL) {
        return ST_SYSTEM;
    }
    for (size_t i = 0; st == ST_OK && i < parts->merge_count; i++) {
        st = add_merge(v, parts, index, i, joined);
    }
    mem_free(joined);
    return st;
}

/* --- all of it -------------------------------------------------------------------------------- */

enum status vocabulary_init(struct vocabulary *v, const struct tokenizer_parts *parts) {
    *v = (struct vocabulary){0};
    if (parts->token_count == 0 || parts->token_count > INT32_MAX ||
        parts->merge_count >= NO_RANK) {
        return status_set(ST_INPUT, "%s: %zu tokens and %zu merges; a vocabulary has 1 .. %d",
                          parts->label, parts->token_count, parts->merge_count, INT32_MAX);
    }
    v->count = (int32_t)parts->token_count;
    struct by_text *index = NULL;
    enum status st = fill_bytes(v, parts);
    if (st == ST_OK) {
        st = index_texts(parts, &index);
    }
    if (st == ST_OK) {
        fill_single_bytes(v, parts);
        st = fill_special(v, parts, index);
    }
    if (st == ST_OK) {
        st = fill_merges(v, parts, index);
    }
    mem_free(index);
    if (st != ST_OK) {
        vocabulary_free(v);
    }
    return st;
}

void vocabulary_free(struct vocabulary *v) {
    mem_free(v->starts);
    mem_free(v->bytes);
    mem_free(v->special);
    mem_free(v->control);
    merges_free(&v->merges);
    *v = (struct vocabulary){0};
}
