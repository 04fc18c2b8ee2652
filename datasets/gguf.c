#include "gguf.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../harness/base/escape.h"
#include "../harness/base/memory.h"
#include "gguf_dequant.h"
#include "gguf_index.h"

/* Bounds beyond what the file's size already implies; today's largest models have a few thousand
 * tensors and about a hundred keys. */
enum {
    VERSION_LEAST = 2,
    VERSION_MOST = 3,
    HEADER = 24,
    KEY_MAX = 65535,
    NAME_MAX_BYTES = 64,
    COUNT_MAX = 65536,
    ENTRY_LEAST = 8 + 1 + 4 + 1,          /* length, key, type, value */
    TENSOR_LEAST = 8 + 1 + 4 + 8 + 4 + 8, /* length, name, rank, one dimension, type, offset */
    ALIGNMENT_DEFAULT = 32,
    ALIGNMENT_MOST = 65536,
    NESTING_MAX = 4
};

/* Reads forward and never beyond the end. */
struct cursor {
    const char *label;
    const unsigned char *start, *at, *end;
};

int gguf_text_compare(const struct gguf_text *a, const struct gguf_text *b) {
    const size_t common = a->size < b->size ? a->size : b->size;
    const int order = common == 0 ? 0 : memcmp(a->data, b->data, common);
    return order != 0 ? order : (a->size > b->size) - (a->size < b->size);
}

const char *gguf_text_shown(const struct gguf_text *text) {
    enum { SHOWN = 80 };
    static _Thread_local char buffers[2][4 * SHOWN];
    static _Thread_local unsigned turn;
    char plain[SHOWN + 1];
    const size_t size = text->size < SHOWN ? text->size : SHOWN;
    for (size_t i = 0; i < size; i++) {
        plain[i] = text->data[i] == '\0' ? '?' : text->data[i];
    }
    plain[size] = '\0';
    char *out = buffers[turn++ % 2];
    escape_text(plain, out, sizeof buffers[0]);
    return out;
}

uint64_t gguf_unsigned(const unsigned char *bytes, size_t width) {
    uint64_t value = 0;
    for (size_t i = 0; i < width; i++) {
        value |= (uint64_t)bytes[i] << 8 * i;
    }
    return value;
}

size_t gguf_value_width(uint32_t type) {
    static const unsigned char widths[VALUE_TYPES] = {
        [VALUE_U8] = 1,  [VALUE_I8] = 1,  [VALUE_U16] = 2, [VALUE_I16] = 2,
        [VALUE_U32] = 4, [VALUE_I32] = 4, [VALUE_F32] = 4, [VALUE_BOOL] = 1,
        [VALUE_U64] = 8, [VALUE_I64] = 8, [VALUE_F64] = 8};
    return type < VALUE_TYPES ? widths[type] : 0;
}

/* --- forward reading ------------------------------------------------------------------------ */

static uint64_t left(const struct cursor *c) { return (uint64_t)(c->end - c->at); }

static enum status truncated(const struct cursor *c, const char *what) {
    return status_set(ST_INPUT, "%s: truncated in %s at byte %zu; fetch it again", c->label, what,
                      (size_t)(c->at - c->start));
}

static enum status take_number(struct cursor *c, size_t width, const char *what, uint64_t *out) {
    if (left(c) < width) {
        return truncated(c, what);
    }
    *out = gguf_unsigned(c->at, width);
    c->at += width;
    return ST_OK;
}

static enum status take_text(struct cursor *c, const char *what, struct gguf_text *out) {
    uint64_t size = 0;
    const enum status st = take_number(c, 8, what, &size);
    if (st != ST_OK) {
        return st;
    }
    if (size > left(c)) {
        return truncated(c, what);
    }
    *out = (struct gguf_text){(const char *)c->at, (size_t)size};
    c->at += size;
    return ST_OK;
}

/* --- metadata ------------------------------------------------------------------------------- */

static enum status skip_array(struct cursor *c, int depth, uint32_t *type, uint64_t *count,
                              const unsigned char **first);

/* Steps over `count` values of a type; the label of a fault is the caller's. */
static enum status skip_values(struct cursor *c, uint32_t type, uint64_t count, int depth) {
    const size_t width = gguf_value_width(type);
    if (width > 0) {
        if (count > left(c) / width) {
            return truncated(c, "the metadata");
        }
        for (uint64_t i = 0; type == VALUE_BOOL && i < count; i++) {
            if (c->at[i] > 1) {
                return status_set(ST_INPUT, "%s: a truth value of %d at byte %zu; fetch it again",
                                  c->label, c->at[i], (size_t)(c->at + i - c->start));
            }
        }
        c->at += count * width;
        return ST_OK;
    }
    enum status st = ST_OK;
    for (uint64_t i = 0; i < count && st == ST_OK; i++) {
        struct gguf_text text;
        uint32_t inner = 0;
        uint64_t inner_count = 0;
        const unsigned char *first = NULL;
        st = type == VALUE_STRING ? take_text(c, "the metadata", &text)
                                  : skip_array(c, depth + 1, &inner, &inner_count, &first);
    }
    return st;
}

static enum status check_value_type(const struct cursor *c, uint64_t type) {
    return type < VALUE_TYPES
               ? ST_OK
               : status_set(ST_INPUT,
                            "%s: unknown metadata type %" PRIu64 " at byte %zu; fetch it again",
                            c->label, type, (size_t)(c->at - c->start));
}

/* Steps over an array behind its value type: element type, count, elements. */
static enum status skip_array(struct cursor *c, int depth, uint32_t *type, uint64_t *count,
                              const unsigned char **first) {
    uint64_t element = 0;
    if (depth > NESTING_MAX) {
        return status_set(ST_INPUT, "%s: arrays nested deeper than %d; not a model's metadata",
                          c->label, (int)NESTING_MAX);
    }
    enum status st = take_number(c, 4, "an array", &element);
    if (st == ST_OK) {
        st = check_value_type(c, element);
    }
    if (st == ST_OK) {
        st = take_number(c, 8, "an array", count);
    }
    if (st != ST_OK) {
        return st;
    }
    *type = (uint32_t)element;
    *first = c->at;
    return skip_values(c, *type, *count, depth);
}

static enum status take_entry(struct cursor *c, struct gguf_entry *out) {
    uint64_t type = 0;
    enum status st = take_text(c, "the metadata", &out->key);
    if (st == ST_OK && (out->key.size == 0 || out->key.size > KEY_MAX)) {
        st = status_set(ST_INPUT, "%s: a metadata key of %zu bytes; 1 to %d are allowed", c->label,
                        out->key.size, (int)KEY_MAX);
    }
    if (st == ST_OK) {
        st = take_number(c, 4, "the metadata", &type);
    }
    if (st == ST_OK) {
        st = check_value_type(c, type);
    }
    if (st != ST_OK) {
        return st;
    }
    out->type = (uint32_t)type;
    out->count = 1;
    out->bytes = c->at;
    if (type != VALUE_ARRAY) {
        return skip_values(c, out->type, 1, 0);
    }
    out->array = true;
    st = skip_array(c, 0, &out->type, &out->count, &out->bytes);
    out->nested = out->type == VALUE_ARRAY;
    return st;
}

static int by_key(const void *a, const void *b) {
    const struct gguf_entry *left_entry = a, *right_entry = b;
    return gguf_text_compare(&left_entry->key, &right_entry->key);
}

static enum status read_entries(struct cursor *c, struct gguf *g) {
    g->entries = mem_alloc_array(g->entry_count, sizeof *g->entries);
    if (g->entries == NULL) {
        return ST_SYSTEM;
    }
    for (size_t i = 0; i < g->entry_count; i++) {
        const enum status st = take_entry(c, &g->entries[i]);
        if (st != ST_OK) {
            return st;
        }
    }
    qsort(g->entries, g->entry_count, sizeof *g->entries, by_key);
    for (size_t i = 1; i < g->entry_count; i++) {
        if (by_key(&g->entries[i - 1], &g->entries[i]) == 0) {
            return status_set(ST_INPUT, "%s: metadata key '%s' appears twice; fetch it again",
                              g->label, gguf_text_shown(&g->entries[i].key));
        }
    }
    return ST_OK;
}

/* --- tensors -------------------------------------------------------------------------------- */

/* Bytes of a tensor out of its dimensions and type. */
static enum status measure(const struct cursor *c, struct gguf_tensor *t, uint64_t type) {
    const struct gguf_format *format = type <= UINT32_MAX ? gguf_format((uint32_t)type) : NULL;
    if (format == NULL) {
        return status_set(ST_INPUT,
                          "%s: tensor '%s' is of type %" PRIu64
                          ", which is not read; convert the model to F16 or Q8_0",
                          c->label, gguf_text_shown(&t->name), type);
    }
    uint64_t size = t->dims[0] / format->values;
    bool fits = t->dims[0] > 0 && t->dims[0] % format->values == 0 &&
                !__builtin_mul_overflow(size, format->bytes, &size);
    for (uint32_t i = 1; i < GGUF_RANK_MAX; i++) {
        fits = fits && t->dims[i] > 0 && !__builtin_mul_overflow(size, t->dims[i], &size);
    }
    if (!fits || size > (uint64_t)(c->end - c->start)) {
        return status_set(ST_INPUT,
                          "%s: tensor '%s' of %" PRIu64 " x %" PRIu64 " x %" PRIu64 " x %" PRIu64
                          " %s values is no whole number of blocks inside the file; fetch it again",
                          c->label, gguf_text_shown(&t->name), t->dims[0], t->dims[1], t->dims[2],
                          t->dims[3], format->name);
    }
    t->type = (enum gguf_type)type;
    t->size = (size_t)size;
    return ST_OK;
}

static enum status take_shape(struct cursor *c, struct gguf_tensor *t) {
    uint64_t rank = 0;
    enum status st = take_number(c, 4, "the tensor table", &rank);
    if (st == ST_OK && (rank < 1 || rank > GGUF_RANK_MAX)) {
        st = status_set(ST_INPUT, "%s: tensor '%s' has %" PRIu64 " dimensions; 1 to %d are read",
                        c->label, gguf_text_shown(&t->name), rank, (int)GGUF_RANK_MAX);
    }
    t->rank = (uint32_t)rank;
    for (uint64_t i = 0; i < GGUF_RANK_MAX; i++) {
        t->dims[i] = 1;
        if (st == ST_OK && i < rank) {
            st = take_number(c, 8, "the tensor table", &t->dims[i]);
        }
    }
    return st;
}

static enum status take_tensor(struct cursor *c, struct gguf_tensor *t) {
    uint64_t type = 0;
    enum status st = take_text(c, "the tensor table", &t->name);
    if (st == ST_OK && (t->name.size == 0 || t->name.size > NAME_MAX_BYTES)) {
        st = status_set(ST_INPUT, "%s: a tensor name of %zu bytes; 1 to %d are allowed", c->label,
                        t->name.size, (int)NAME_MAX_BYTES);
    }
    if (st == ST_OK) {
        st = take_shape(c, t);
    }
    if (st == ST_OK) {
        st = take_number(c, 4, "the tensor table", &type);
    }
    if (st == ST_OK) {
        st = take_number(c, 8, "the tensor table", &t->offset);
    }
    return st != ST_OK ? st : measure(c, t, type);
}

static int by_name(const void *a, const void *b) {
    const struct gguf_tensor *left_tensor = a, *right_tensor = b;
    return gguf_text_compare(&left_tensor->name, &right_tensor->name);
}

static int by_offset(const void *a, const void *b) {
    const struct gguf_tensor *left_tensor = a, *right_tensor = b;
    return (left_tensor->offset > right_tensor->offset) -
           (left_tensor->offset < right_tensor->offset);
}

/* With the tensors in the order of their offsets: each is aligned, lies inside the data section and
 * behind the one before, and no more than padding follows the last. */
static enum status place_tensors(const struct cursor *c, struct gguf *g, const unsigned char *data,
                                 uint64_t alignment) {
    const uint64_t room = (uint64_t)(c->end - data);
    uint64_t used = 0;
    for (size_t i = 0; i < g->tensor_count; i++) {
        struct gguf_tensor *t = &g->tensors[i];
        const char *fault = t->offset % alignment != 0 ? "is not aligned"
                            : t->offset > room || t->size > room - t->offset
                                ? "ends beyond the file"
                            : t->offset < used ? "overlaps another"
                                               : NULL;
        if (fault != NULL) {
            return status_set(ST_INPUT, "%s: tensor '%s' at offset %" PRIu64 " %s; fetch it again",
                              g->label, gguf_text_shown(&t->name), t->offset, fault);
        }
        t->bytes = data + t->offset;
        used = t->offset + t->size;
    }
    return room - used < alignment
               ? ST_OK
               : status_set(ST_INPUT, "%s: %" PRIu64 " trailing bytes; fetch it again", g->label,
                            room - used);
}

static enum status find_data(const struct cursor *c, const struct gguf *g,
                             const unsigned char **data, uint64_t *alignment) {
    int64_t stated = ALIGNMENT_DEFAULT;
    if (gguf_has(g, "general.alignment")) {
        const enum status st = gguf_integer(g, "general.alignment", 8, ALIGNMENT_MOST, &stated);
        if (st != ST_OK) {
            return st;
        }
        if ((stated & (stated - 1)) != 0) {
            return status_set(ST_INPUT, "%s: alignment %" PRId64 " is no power of two", g->label,
                              stated);
        }
    }
    const uint64_t head = (uint64_t)(c->at - c->start);
    const uint64_t padding = (0 - head) & ((uint64_t)stated - 1);
    /* A file without tensors may end before the padding. */
    if (padding > left(c) && g->tensor_count > 0) {
        return truncated(c, "the padding before the data");
    }
    *data = padding > left(c) ? c->end : c->at + padding;
    *alignment = (uint64_t)stated;
    return ST_OK;
}

static enum status read_tensors(struct cursor *c, struct gguf *g) {
    g->tensors = mem_alloc_array(g->tensor_count, sizeof *g->tensors);
    if (g->tensors == NULL) {
        return ST_SYSTEM;
    }
    enum status st = ST_OK;
    for (size_t i = 0; i < g->tensor_count && st == ST_OK; i++) {
        st = take_tensor(c, &g->tensors[i]);
    }
    const unsigned char *data = NULL;
    uint64_t alignment = 0;
    if (st == ST_OK) {
        st = find_data(c, g, &data, &alignment);
    }
    if (st == ST_OK) {
        qsort(g->tensors, g->tensor_count, sizeof *g->tensors, by_offset);
        st = place_tensors(c, g, data, alignment);
    }
    if (st != ST_OK) {
        return st;
    }
    qsort(g->tensors, g->tensor_count, sizeof *g->tensors, by_name);
    for (size_t i = 1; i < g->tensor_count; i++) {
        if (by_name(&g->tensors[i - 1], &g->tensors[i]) == 0) {
            return status_set(ST_INPUT, "%s: tensor '%s' appears twice; fetch it again", g->label,
                              gguf_text_shown(&g->tensors[i].name));
        }
    }
    return ST_OK;
}

/* --- the file ------------------------------------------------------------------------------- */

static enum status check_version(const struct cursor *c, uint64_t version) {
    if (version >= VERSION_LEAST && version <= VERSION_MOST) {
        return ST_OK;
    }
    if ((version & 0xffff) == 0) {
        return status_set(ST_INPUT, "%s: big-endian GGUF; convert it to little-endian", c->label);
    }
    return status_set(ST_INPUT, "%s: GGUF version %" PRIu64 "; versions %d and %d are read",
                      c->label, version, (int)VERSION_LEAST, (int)VERSION_MOST);
}

/* Each entry and tensor takes up some bytes, so the size of the file bounds how many there are. */
static enum status read_header(struct cursor *c, struct gguf *g) {
    if (left(c) < 4 || memcmp(c->at, "GGUF", 4) != 0) {
        return status_set(ST_INPUT, "%s: does not start like GGUF; give a model file", c->label);
    }
    if (left(c) < HEADER) {
        return truncated(c, "its header of 24 bytes");
    }
    const uint64_t version = gguf_unsigned(c->at + 4, 4);
    const uint64_t tensors = gguf_unsigned(c->at + 8, 8);
    const uint64_t entries = gguf_unsigned(c->at + 16, 8);
    const enum status st = check_version(c, version);
    if (st != ST_OK) {
        return st;
    }
    c->at += HEADER;
    if (entries > COUNT_MAX || tensors > COUNT_MAX ||
        entries * ENTRY_LEAST + tensors * TENSOR_LEAST > left(c)) {
        return status_set(ST_INPUT,
                          "%s: %" PRIu64 " keys and %" PRIu64
                          " tensors do not fit into %zu bytes or are above %d; fetch it again",
                          c->label, entries, tensors, (size_t)(c->end - c->start), (int)COUNT_MAX);
    }
    g->entry_count = (size_t)entries;
    g->tensor_count = (size_t)tensors;
    return ST_OK;
}

enum status gguf_parse(const void *bytes, size_t size, const char *label, struct gguf **out) {
    *out = NULL;
    struct gguf *g = mem_alloc(sizeof *g);
    if (g == NULL) {
        return ST_SYSTEM;
    }
    snprintf(g->label, sizeof g->label, "%s", label);
    const unsigned char *start = bytes;
    struct cursor c = {g->label, start, start, start + size};
    enum status st = read_header(&c, g);
    if (st == ST_OK) {
        st = read_entries(&c, g);
    }
    if (st == ST_OK) {
        st = read_tensors(&c, g);
    }
    if (st != ST_OK) {
        gguf_close(g);
        return st;
    }
    *out = g;
    return ST_OK;
}

enum status gguf_open(const char *path, const char *sha256, struct gguf **out) {
    struct mapped file;
    *out = NULL;
    enum status st = map_file(path, sha256, "a GGUF model file", &file);
    if (st != ST_OK) {
        return st;
    }
    st = gguf_parse(file.bytes, file.size, file.label, out);
    if (st != ST_OK) {
        unmap_file(&file);
        return st;
    }
    (*out)->file = file;
    return ST_OK;
}

void gguf_close(struct gguf *g) {
    if (g != NULL) {
        unmap_file(&g->file);
        mem_free(g->entries);
        mem_free(g->tensors);
        mem_free(g);
    }
}

const char *gguf_label(const struct gguf *g) { return g->label; }

size_t gguf_tensor_count(const struct gguf *g) { return g->tensor_count; }

const struct gguf_tensor *gguf_tensor_at(const struct gguf *g, size_t index) {
    return &g->tensors[index];
}

const struct gguf_tensor *gguf_tensor_find(const struct gguf *g, const char *name) {
    const struct gguf_tensor wanted = {.name = {name, strlen(name)}};
    return bsearch(&wanted, g->tensors, g->tensor_count, sizeof *g->tensors, by_name);
}
