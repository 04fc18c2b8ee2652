#include <inttypes.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "../harness/base/memory.h"
#include "gguf_index.h"

static int by_key(const void *a, const void *b) {
    const struct gguf_entry *left = a, *right = b;
    return gguf_text_compare(&left->key, &right->key);
}

static const struct gguf_entry *find(const struct gguf *g, const char *key) {
    const struct gguf_entry wanted = {.key = {key, strlen(key)}};
    return bsearch(&wanted, g->entries, g->entry_count, sizeof *g->entries, by_key);
}

static enum status wrong_kind(const struct gguf *g, const char *key, const char *kind) {
    return status_set(ST_INPUT, "%s: metadata key '%s' is missing or not %s; use another model",
                      g->label, key, kind);
}

/* The entry of a key, as a plain value or an array as asked; NULL: absent or the other. */
static const struct gguf_entry *find_kind(const struct gguf *g, const char *key, bool array) {
    const struct gguf_entry *e = find(g, key);
    return e != NULL && e->array == array && !e->nested ? e : NULL;
}

bool gguf_has(const struct gguf *g, const char *key) { return find(g, key) != NULL; }

size_t gguf_key_count(const struct gguf *g) { return g->entry_count; }

struct gguf_text gguf_key_at(const struct gguf *g, size_t index) {
    return g->entries[index].key;
}

static struct gguf_text text_at(const unsigned char *bytes) {
    return (struct gguf_text){(const char *)bytes + 8, (size_t)gguf_unsigned(bytes, 8)};
}

enum status gguf_string(const struct gguf *g, const char *key, struct gguf_text *out) {
    const struct gguf_entry *e = find_kind(g, key, false);
    if (e == NULL || e->type != VALUE_STRING) {
        return wrong_kind(g, key, "a string");
    }
    *out = text_at(e->bytes);
    return ST_OK;
}

/* False: not an integer type, or above INT64_MAX. */
static bool integer_at(uint32_t type, const unsigned char *bytes, int64_t *out) {
    const size_t width = gguf_value_width(type);
    const uint64_t value = gguf_unsigned(bytes, width);
    switch (type) {
    case VALUE_U8:
    case VALUE_U16:
    case VALUE_U32:
    case VALUE_U64:
        *out = (int64_t)value;
        return value <= INT64_MAX;
    case VALUE_I8:
    case VALUE_I16:
    case VALUE_I32:
    case VALUE_I64: {
        const uint64_t sign = (uint64_t)1 << (8 * width - 1);
        *out = (int64_t)((value ^ sign) - sign);
        return true;
    }
    default:
        return false;
    }
}

enum status gguf_integer(const struct gguf *g, const char *key, int64_t lo, int64_t hi,
                         int64_t *out) {
    const struct gguf_entry *e = find_kind(g, key, false);
    int64_t value = 0;
    if (e == NULL || !integer_at(e->type, e->bytes, &value)) {
        return wrong_kind(g, key, "an integer");
    }
    if (value < lo || value > hi) {
        return status_set(ST_INPUT,
                          "%s: metadata key '%s' is %" PRId64 ", outside %" PRId64 " to %" PRId64
                          "; use another model",
                          g->label, key, value, lo, hi);
    }
    *out = value;
    return ST_OK;
}

enum status gguf_real(const struct gguf *g, const char *key, double *out) {
    const struct gguf_entry *e = find_kind(g, key, false);
    double value = NAN;
    if (e != NULL && e->type == VALUE_F32) {
        float narrow;
        memcpy(&narrow, e->bytes, sizeof narrow);
        value = (double)narrow;
    } else if (e != NULL && e->type == VALUE_F64) {
        memcpy(&value, e->bytes, sizeof value);
    }
    if (!isfinite(value)) {
        return wrong_kind(g, key, "a finite number");
    }
    *out = value;
    return ST_OK;
}

enum status gguf_bool(const struct gguf *g, const char *key, bool *out) {
    const struct gguf_entry *e = find_kind(g, key, false);
    if (e == NULL || e->type != VALUE_BOOL) {
        return wrong_kind(g, key, "a truth value");
    }
    *out = e->bytes[0] != 0;
    return ST_OK;
}

enum status gguf_strings(const struct gguf *g, const char *key, struct gguf_text **out,
                         size_t *count) {
    const struct gguf_entry *e = find_kind(g, key, true);
    *out = NULL;
    *count = 0;
    if (e == NULL || e->type != VALUE_STRING) {
        return wrong_kind(g, key, "an array of strings");
    }
    struct gguf_text *texts = mem_alloc_array((size_t)e->count, sizeof *texts);
    if (texts == NULL) {
        return ST_SYSTEM;
    }
    const unsigned char *at = e->bytes;
    for (uint64_t i = 0; i < e->count; i++) {
        texts[i] = text_at(at);
        at += 8 + texts[i].size;
    }
    *out = texts;
    *count = (size_t)e->count;
    return ST_OK;
}

enum status gguf_integers(const struct gguf *g, const char *key, int64_t **out, size_t *count) {
    const struct gguf_entry *e = find_kind(g, key, true);
    *out = NULL;
    *count = 0;
    int64_t probe;
    if (e == NULL || (e->count > 0 && !integer_at(e->type, e->bytes, &probe))) {
        return wrong_kind(g, key, "an array of integers");
    }
    int64_t *values = mem_alloc_array((size_t)e->count, sizeof *values);
    if (values == NULL) {
        return ST_SYSTEM;
    }
    const size_t width = gguf_value_width(e->type);
    for (uint64_t i = 0; i < e->count; i++) {
        if (!integer_at(e->type, e->bytes + i * width, &values[i])) {
            mem_free(values);
            return wrong_kind(g, key, "an array of integers below 2^63");
        }
    }
    *out = values;
    *count = (size_t)e->count;
    return ST_OK;
}
