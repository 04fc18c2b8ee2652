/* The flat form of a record tree.  Reading trusts nothing: a length is compared with what is left
 * before it is used. */
#include "tree_pack.h"

#include <stdlib.h>
#include <string.h>

#include "record_format.h"

static const char magic[8] = {'a', 't', 't', 'r', 'e', 'e', '1', '\n'};

enum { KIND_GROUP = 0, KIND_DATASET = 1, RANK_NONE = 255 };

/* --- tree -> bytes -------------------------------------------------------------------------- */

struct sink {
    char *data;
    size_t size, capacity;
    bool failed; /* memory; nothing is added from then on */
};

static void put(struct sink *s, const void *data, size_t bytes) {
    if (s->failed || bytes == 0)
        return;
    if (bytes > s->capacity - s->size) {
        size_t wanted = 2 * (s->size + bytes);
        char *grown = realloc(s->data, wanted);
        if (grown == NULL) {
            s->failed = true;
            return;
        }
        s->data = grown;
        s->capacity = wanted;
    }
    memcpy(s->data + s->size, data, bytes);
    s->size += bytes;
}

static void put_u8(struct sink *s, unsigned v) {
    const unsigned char byte = (unsigned char)v;
    put(s, &byte, sizeof byte);
}

/* Numbers go as the machine has them: it is little-endian, see tree.c. */
static void put_u32(struct sink *s, size_t v) {
    const uint32_t short_v = (uint32_t)v;
    put(s, &short_v, sizeof short_v);
}

static void put_u64(struct sink *s, uint64_t v) { put(s, &v, sizeof v); }

static void put_name(struct sink *s, const char *name) {
    put_u32(s, strlen(name));
    put(s, name, strlen(name));
}

static void put_value(struct sink *s, const struct tree_value *v) {
    put_u8(s, v->type);
    put_u8(s, v->rank < 0 ? RANK_NONE : (unsigned)v->rank);
    for (int i = 0; i < v->rank; i++)
        put_u64(s, v->dims[i]);
    put_u64(s, v->bytes);
    put(s, v->data, v->bytes);
    if (v->type == TREE_STRING)
        put_u8(s, '\0');
}

static void put_node(struct sink *s, const struct tree *t) {
    put_u8(s, t->is_group ? KIND_GROUP : KIND_DATASET);
    put_u32(s, t->attribute_count);
    for (size_t i = 0; i < t->attribute_count; i++) {
        put_name(s, t->attributes[i].name);
        put_value(s, &t->attributes[i].value);
    }
    if (!t->is_group) {
        put_value(s, &t->value);
        return;
    }
    put_u32(s, t->child_count);
    for (size_t i = 0; i < t->child_count; i++) {
        put_name(s, t->children[i]->name);
        put_node(s, t->children[i]);
    }
}

enum status tree_pack(const struct tree *root, void **bytes, size_t *size) {
    *bytes = NULL;
    *size = 0;
    enum status st = record_check(root, "record");
    if (st != ST_OK)
        return st;
    struct sink s = {0};
    put(&s, magic, sizeof magic);
    put_node(&s, root);
    if (s.failed) {
        free(s.data);
        return status_set(ST_SYSTEM, "record: no memory to pack it");
    }
    *bytes = s.data;
    *size = s.size;
    return ST_OK;
}

/* --- bytes -> tree -------------------------------------------------------------------------- */

struct unpacker {
    const char *at;
    size_t left;
    const char *label; /* escaped */
    struct record_path path;
};

static enum status refuse(const struct unpacker *u, const char *what) {
    return status_set(ST_RECORD, "%s: refused: %s (packed tree, at %s)", u->label, what,
                      record_path_text(&u->path));
}

/* The next bytes, or NULL when so many are not left. */
static const char *take(struct unpacker *u, size_t bytes) {
    if (bytes > u->left)
        return NULL;
    const char *taken = u->at;
    u->at += bytes;
    u->left -= bytes;
    return taken;
}

/* The next `bytes` as a number; false when they are not left. */
static bool take_number(struct unpacker *u, size_t bytes, uint64_t *v) {
    const char *taken = take(u, bytes);
    *v = 0;
    if (taken != NULL)
        memcpy(v, taken, bytes);
    return taken != NULL;
}

/* The next name, which must be safe and come after `last`; NULL or why it is refused. */
static const char *take_name(struct unpacker *u, const char *last, char name[TREE_NAME_MAX + 1]) {
    uint64_t length;
    if (!take_number(u, sizeof(uint32_t), &length))
        return "truncated";
    if (length > TREE_NAME_MAX)
        return "name longer than 64 bytes";
    const char *text = take(u, (size_t)length);
    if (text == NULL)
        return "truncated";
    memcpy(name, text, (size_t)length);
    name[length] = '\0';
    if (strlen(name) != length || !tree_name_is_safe(name))
        return "name outside [a-z0-9._-]{1,64}";
    return strcmp(last, name) < 0 ? NULL : "names unsorted or repeated";
}

/* Rank and dims, whose product is what the value must have in bytes; NULL or why not. */
static const char *take_shape(struct unpacker *u, struct tree_value *v) {
    uint64_t type, rank;
    if (!take_number(u, 1, &type) || !take_number(u, 1, &rank))
        return "truncated";
    if (type > TREE_STRING)
        return "unknown type";
    if (rank > TREE_RANK_MAX && rank != RANK_NONE)
        return "rank above 4";
    v->type = (enum tree_type)type;
    v->rank = rank == RANK_NONE ? -1 : (int)rank;
    if (v->type == TREE_STRING && v->rank > 0)
        return "array of strings";
    v->bytes = v->rank < 0 ? 0 : tree_type_size(v->type);
    for (int i = 0; i < v->rank; i++) {
        if (!take_number(u, sizeof v->dims[i], &v->dims[i]))
            return "truncated";
        if (__builtin_mul_overflow(v->bytes, v->dims[i], &v->bytes))
            return "extent overflows";
    }
    return NULL;
}

/* A value whose data stay in the packed bytes; NULL or why it is refused. */
static const char *take_value(struct unpacker *u, struct tree_value *v) {
    *v = (struct tree_value){0};
    const char *why = take_shape(u, v);
    uint64_t length;
    if (why != NULL)
        return why;
    if (!take_number(u, sizeof length, &length))
        return "truncated";
    const bool is_string = v->type == TREE_STRING;
    if (length != v->bytes && !(is_string && v->rank == 0))
        return "length that does not fit its shape";
    v->bytes = (size_t)length;
    v->data = (void *)take(u, v->bytes);
    if (v->data == NULL)
        return "truncated";
    if (!is_string)
        return NULL;
    const char *end = take(u, 1);
    if (end == NULL)
        return "truncated";
    return memchr(v->data, '\0', v->bytes + 1) == end ? NULL : "string that is not terminated";
}

static enum status unpack_attributes(struct unpacker *u, struct tree *t) {
    uint64_t count;
    char names[2][TREE_NAME_MAX + 1] = {"", ""};
    if (!take_number(u, sizeof(uint32_t), &count))
        return refuse(u, "truncated");
    if (count > RECORD_ATTRIBUTES)
        return refuse(u, "too many attributes");
    for (uint64_t i = 0; i < count; i++) {
        struct tree_value v;
        char *name = names[i % 2];
        const char *why = take_name(u, names[(i + 1) % 2], name);
        if (why == NULL)
            why = take_value(u, &v);
        if (why == NULL && !tree_set(t, name, v.type, v.rank, v.dims, v.data))
            why = "no memory";
        if (why != NULL)
            return refuse(u, why);
    }
    return ST_OK;
}

static enum status unpack_children(struct unpacker *u, struct tree *t);

static enum status unpack_dataset(struct unpacker *u, struct tree *parent, const char *name) {
    /* The value comes last, the dataset is made with it: its attributes wait in a node aside. */
    struct tree *aside = tree_new();
    if (aside == NULL)
        return refuse(u, "no memory");
    struct tree_value v;
    enum status st = unpack_attributes(u, aside);
    const char *why = st == ST_OK ? take_value(u, &v) : NULL;
    if (why != NULL)
        st = refuse(u, why);
    if (st == ST_OK) {
        struct tree *t = tree_dataset(parent, name, v.type, v.rank, v.dims, v.data);
        if (t == NULL) {
            st = refuse(u, "no memory");
        } else {
            t->attributes = aside->attributes;
            t->attribute_count = aside->attribute_count;
            t->attribute_capacity = aside->attribute_capacity;
            aside->attributes = NULL;
            aside->attribute_count = 0;
        }
    }
    tree_free(aside);
    return st;
}

static enum status unpack_child(struct unpacker *u, struct tree *parent, const char *name) {
    uint64_t kind;
    const size_t length = u->path.length;
    if (!record_path_push(&u->path, name))
        return refuse(u, "nested deeper than 16 groups");
    if (!take_number(u, 1, &kind))
        return refuse(u, "truncated");
    enum status st;
    if (kind == KIND_DATASET) {
        st = unpack_dataset(u, parent, name);
    } else if (kind == KIND_GROUP) {
        struct tree *t = tree_group(parent, name);
        st = t == NULL ? refuse(u, "no memory") : unpack_attributes(u, t);
        if (st == ST_OK)
            st = unpack_children(u, t);
    } else {
        st = refuse(u, "neither group nor dataset");
    }
    if (st == ST_OK)
        record_path_pop(&u->path, length);
    return st;
}

static enum status unpack_children(struct unpacker *u, struct tree *t) {
    uint64_t count;
    char names[2][TREE_NAME_MAX + 1] = {"", ""};
    if (!take_number(u, sizeof(uint32_t), &count))
        return refuse(u, "truncated");
    if (count >= RECORD_OBJECTS)
        return refuse(u, "more than 65536 objects");
    for (uint64_t i = 0; i < count; i++) {
        char *name = names[i % 2];
        const char *why = take_name(u, names[(i + 1) % 2], name);
        const enum status st = why != NULL ? refuse(u, why) : unpack_child(u, t, name);
        if (st != ST_OK)
            return st;
    }
    return ST_OK;
}

static enum status unpack_root(struct unpacker *u, struct tree *root) {
    uint64_t kind;
    const char *start = take(u, sizeof magic);
    if (start == NULL || memcmp(start, magic, sizeof magic) != 0)
        return refuse(u, "not a packed tree");
    if (!take_number(u, 1, &kind) || kind != KIND_GROUP)
        return refuse(u, "root that is no group");
    enum status st = unpack_attributes(u, root);
    if (st == ST_OK)
        st = unpack_children(u, root);
    if (st == ST_OK && u->left > 0)
        st = refuse(u, "bytes after its end");
    /* Limits that count over the whole tree, and NaN. */
    return st == ST_OK ? record_check(root, u->label) : st;
}

enum status tree_unpack(const void *bytes, size_t size, const char *label, struct tree **root) {
    char shown[ESCAPE_LINE];
    escape_text(label, shown, sizeof shown);
    struct unpacker u = {.at = bytes, .left = size, .label = shown};
    *root = NULL;
    struct tree *t = tree_new();
    if (t == NULL)
        return status_set(ST_SYSTEM, "%s: no memory for its tree", shown);
    const enum status st = unpack_root(&u, t);
    if (st != ST_OK) {
        tree_free(t);
        return st;
    }
    *root = t;
    return ST_OK;
}
