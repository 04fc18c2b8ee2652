#include <ctype.h>
#include <inttypes.h>
#include <string.h>

#include "formats.h"

enum { MAGIC = 6, HEADER_MAX = 4096 };

/* The header is a Python dict literal: {'descr': '<f4', 'fortran_order': False, 'shape': (3, 4), }
 */
struct header {
    enum element element;
    bool has_type, has_order, has_shape;
    uint64_t n, d;
};

/* A place in the header's text. */
struct cursor {
    const char *at, *end;
};

static void skip_space(struct cursor *c) {
    while (c->at < c->end && isspace((unsigned char)*c->at)) {
        c->at++;
    }
}

/* Takes the next character after space if it is `wanted`. */
static bool take(struct cursor *c, char wanted) {
    skip_space(c);
    if (c->at == c->end || *c->at != wanted) {
        return false;
    }
    c->at++;
    return true;
}

static bool take_word(struct cursor *c, const char *word) {
    const size_t length = strlen(word);
    skip_space(c);
    if ((size_t)(c->end - c->at) < length || memcmp(c->at, word, length) != 0) {
        return false;
    }
    c->at += length;
    return true;
}

/* A quoted string without escapes, of at most size - 1 characters. */
static bool take_string(struct cursor *c, char *out, size_t size) {
    char quote = '\'';
    if (!take(c, quote)) {
        quote = '"';
        if (!take(c, quote)) {
            return false;
        }
    }
    size_t length = 0;
    while (c->at < c->end && *c->at != quote) {
        if (length + 1 == size || !isprint((unsigned char)*c->at)) {
            return false;
        }
        out[length++] = *c->at++;
    }
    out[length] = '\0';
    return take(c, quote);
}

static bool take_number(struct cursor *c, uint64_t *out) {
    uint64_t value = 0;
    skip_space(c);
    const char *start = c->at;
    for (; c->at < c->end && isdigit((unsigned char)*c->at); c->at++) {
        if (__builtin_mul_overflow(value, 10U, &value) ||
            __builtin_add_overflow(value, (uint64_t)(*c->at - '0'), &value)) {
            return false;
        }
    }
    *out = value;
    return c->at > start;
}

static enum status malformed(const char *label) {
    return status_set(ST_INPUT,
                      "%s: the .npy header is not what NumPy writes; save it again with "
                      "numpy.save()",
                      label);
}

static enum status read_type(struct cursor *c, const char *label, struct header *h) {
    static const struct {
        const char *name;
        enum element element;
    } types[] = {{"<f4", ELEMENT_F32}, {"<f8", ELEMENT_F64}, {"|u1", ELEMENT_U8}};
    char name[16];
    if (h->has_type) {
        return malformed(label);
    }
    if (!take_string(c, name, sizeof name)) {
        return status_set(ST_INPUT, "%s: structured or unknown dtype; save it as numpy.float32",
                          label);
    }
    for (size_t i = 0; i < sizeof types / sizeof *types; i++) {
        if (strcmp(types[i].name, name) == 0) {
            h->element = types[i].element;
            h->has_type = true;
            return ST_OK;
        }
    }
    return status_set(ST_INPUT,
                      "%s: dtype '%s' is not read, only <f4, <f8 and |u1; convert it with "
                      "astype('<f4')",
                      label, name);
}

static enum status read_order(struct cursor *c, const char *label, struct header *h) {
    if (take_word(c, "True")) {
        return status_set(ST_INPUT, "%s: Fortran order; save numpy.ascontiguousarray() of it",
                          label);
    }
    if (h->has_order || !take_word(c, "False")) {
        return malformed(label);
    }
    h->has_order = true;
    return ST_OK;
}

static enum status read_shape(struct cursor *c, const char *label, struct header *h) {
    uint64_t sizes[2] = {0, 0};
    int rank = 0;
    if (h->has_shape || !take(c, '(')) {
        return malformed(label);
    }
    while (!take(c, ')')) {
        uint64_t size = 0;
        if (!take_number(c, &size)) {
            return malformed(label);
        }
        if (rank < 2) {
            sizes[rank] = size;
        }
        rank++;
        if (!take(c, ',')) {
            if (!take(c, ')')) {
                return malformed(label);
            }
            break;
        }
    }
    if (rank != 2) {
        return status_set(ST_INPUT, "%s: an array of %d dimension%s; vectors need 2 (rows, values)",
                          label, rank, rank == 1 ? "" : "s");
    }
    h->n = sizes[0];
    h->d = sizes[1];
    h->has_shape = true;
    return ST_OK;
}

static enum status read_item(struct cursor *c, const char *label, struct header *h) {
    char key[16];
    if (!take_string(c, key, sizeof key) || !take(c, ':')) {
        return malformed(label);
    }
    if (strcmp(key, "descr") == 0) {
        return read_type(c, label, h);
    }
    if (strcmp(key, "fortran_order") == 0) {
        return read_order(c, label, h);
    }
    if (strcmp(key, "shape") == 0) {
        return read_shape(c, label, h);
    }
    return malformed(label);
}

static enum status read_header(struct cursor c, const char *label, struct header *h) {
    if (!take(&c, '{')) {
        return malformed(label);
    }
    while (!take(&c, '}')) {
        const enum status st = read_item(&c, label, h);
        if (st != ST_OK) {
            return st;
        }
        if (!take(&c, ',')) {
            if (!take(&c, '}')) {
                return malformed(label);
            }
            break;
        }
    }
    skip_space(&c);
    if (c.at != c.end || !h->has_type || !h->has_order || !h->has_shape) {
        return malformed(label);
    }
    return view_limits(label, h->n, h->d);
}

/* Where the header's text lies. */
static enum status find_header(const unsigned char *b, size_t size, const char *label,
                               size_t *start, size_t *length) {
    if (size == 0) {
        return status_set(ST_INPUT, "%s: the file is empty; give one with vectors", label);
    }
    if (size < MAGIC + 4) {
        return status_set(ST_INPUT, "%s: truncated in its .npy header; fetch it again", label);
    }
    if (memcmp(b, "\x93NUMPY", MAGIC) != 0) {
        return status_set(ST_INPUT, "%s: does not start like .npy (\\x93NUMPY)", label);
    }
    if (b[MAGIC] == 1) {
        *start = MAGIC + 4;
        *length = (size_t)b[8] | (size_t)b[9] << 8;
    } else if (b[MAGIC] == 2 && size >= MAGIC + 6) {
        *start = MAGIC + 6;
        *length = (size_t)b[8] | (size_t)b[9] << 8 | (size_t)b[10] << 16 | (size_t)b[11] << 24;
    } else if (b[MAGIC] != 2) {
        return status_set(ST_INPUT, "%s: .npy version %u; versions 1 and 2 are read", label,
                          b[MAGIC]);
    } else {
        return status_set(ST_INPUT, "%s: truncated in its .npy header; fetch it again", label);
    }
    if (*length > size - *start) {
        return status_set(ST_INPUT, "%s: truncated in its .npy header; fetch it again", label);
    }
    return *length > HEADER_MAX ? malformed(label) : ST_OK;
}

enum status npy_parse(const void *bytes, size_t size, const char *label, struct view *out) {
    *out = (struct view){0};
    size_t start = 0, length = 0;
    enum status st = find_header(bytes, size, label, &start, &length);
    if (st != ST_OK) {
        return st;
    }
    const char *text = (const char *)bytes + start;
    struct header h = {0};
    st = read_header((struct cursor){.at = text, .end = text + length}, label, &h);
    if (st != ST_OK) {
        return st;
    }
    const uint64_t expected = h.n * h.d * element_size(h.element);
    const uint64_t found = size - start - length;
    if (found != expected) {
        return status_set(ST_INPUT,
                          "%s: %s: %" PRIu64 " bytes of values, but %" PRIu64 " x %" PRIu64
                          " need %" PRIu64 "; fetch it again",
                          label, found < expected ? "truncated" : "trailing bytes", found, h.n, h.d,
                          expected);
    }
    *out = (struct view){.rows = (const unsigned char *)text + length,
                         .stride = (size_t)h.d * element_size(h.element),
                         .n = (int64_t)h.n,
                         .d = (int32_t)h.d,
                         .element = h.element};
    return ST_OK;
}
