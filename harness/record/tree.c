/* A record in memory: sorted arrays, looked up by bisection. */
#include "tree.h"

#include <stdlib.h>
#include <string.h>

#if __BYTE_ORDER__ != __ORDER_LITTLE_ENDIAN__
#error "a tree holds little-endian values as the machine stores them"
#endif

size_t tree_type_size(enum tree_type type) {
    static const size_t sizes[] = {[TREE_U8] = 1,  [TREE_I32] = 4, [TREE_I64] = 8,   [TREE_U64] = 8,
                                   [TREE_F32] = 4, [TREE_F64] = 8, [TREE_STRING] = 1};
    return sizes[type];
}

bool tree_name_is_safe(const char *name) {
    if (strcmp(name, ".") == 0 || strcmp(name, "..") == 0)
        return false;
    size_t n = strspn(name, "abcdefghijklmnopqrstuvwxyz0123456789._-");
    return n > 0 && n <= TREE_NAME_MAX && name[n] == '\0';
}

/* --- values --------------------------------------------------------------------------------- */

/* Bytes of a value; false when the shape is not allowed or the product overflows. */
static bool value_bytes(enum tree_type type, int rank, const uint64_t *dims, const void *data,
                        size_t *bytes) {
    *bytes = 0;
    if (rank == -1)
        return true;
    if (rank < 0 || rank > TREE_RANK_MAX)
        return false;
    if (type == TREE_STRING) {
        if (rank != 0 || data == NULL)
            return false;
        *bytes = strlen(data);
        return true;
    }
    size_t total = tree_type_size(type);
    for (int i = 0; i < rank; i++) {
        if (__builtin_mul_overflow(total, dims[i], &total))
            return false;
    }
    *bytes = total;
    return total == 0 || data != NULL;
}

/* Fills *v with a copy of data; one spare byte keeps strings terminated. */
static bool value_copy(struct tree_value *v, enum tree_type type, int rank, const uint64_t *dims,
                       const void *data) {
    size_t bytes;
    if (!value_bytes(type, rank, dims, data, &bytes) || bytes == SIZE_MAX)
        return false;
    char *copy = malloc(bytes + 1);
    if (copy == NULL)
        return false;
    if (bytes > 0)
        memcpy(copy, data, bytes);
    copy[bytes] = '\0';
    *v = (struct tree_value){.type = type, .rank = rank, .bytes = bytes, .data = copy};
    for (int i = 0; i < rank; i++)
        v->dims[i] = dims[i];
    return true;
}

/* --- nodes ---------------------------------------------------------------------------------- */

struct tree *tree_new(void) {
    struct tree *t = calloc(1, sizeof *t);
    if (t != NULL)
        t->is_group = true;
    return t;
}

void tree_free(struct tree *t) {
    if (t == NULL)
        return;
    for (size_t i = 0; i < t->child_count; i++)
        tree_free(t->children[i]);
    for (size_t i = 0; i < t->attribute_count; i++)
        free(t->attributes[i].value.data);
    free(t->children);
    free(t->attributes);
    free(t->value.data);
    free(t);
}

/* Room for one more element in an array of `count`; false when memory is refused. */
static bool grow(void **array, size_t count, size_t *capacity, size_t size) {
    if (count < *capacity)
        return true;
    size_t wanted = *capacity == 0 ? 8 : *capacity * 2;
    void *grown = reallocarray(*array, wanted, size);
    if (grown == NULL)
        return false;
    *array = grown;
    *capacity = wanted;
    return true;
}

/* Index of the child of that name, or where it belongs. */
static size_t child_place(const struct tree *t, const char *name, size_t length, bool *found) {
    size_t lo = 0, hi = t->child_count;
    *found = false;
    while (lo < hi) {
        size_t mid = lo + (hi - lo) / 2;
        const char *other = t->children[mid]->name;
        int order = strncmp(other, name, length);
        if (order == 0 && other[length] != '\0')
            order = 1;
        if (order == 0) {
            *found = true;
            return mid;
        }
        if (order < 0)
            lo = mid + 1;
        else
            hi = mid;
    }
    return lo;
}

/* Hangs a new empty node into parent at `place`; NULL when memory is refused. */
static struct tree *child_insert(struct tree *parent, size_t place, const char *name) {
    void *children = parent->children;
    if (!grow(&children, parent->child_count, &parent->child_capacity, sizeof(struct tree *)))
        return NULL;
    parent->children = children;
    struct tree *t = tree_new();
    if (t == NULL)
        return NULL;
    memcpy(t->name, name, strlen(name) + 1);
    memmove(parent->children + place + 1, parent->children + place,
            (parent->child_count - place) * sizeof(struct tree *));
    parent->children[place] = t;
    parent->child_count++;
    return t;
}

struct tree *tree_group(struct tree *parent, const char *name) {
    if (parent == NULL || !parent->is_group || !tree_name_is_safe(name))
        return NULL;
    bool found;
    size_t place = child_place(parent, name, strlen(name), &found);
    if (!found)
        return child_insert(parent, place, name);
    return parent->children[place]->is_group ? parent->children[place] : NULL;
}

struct tree *tree_dataset(struct tree *parent, const char *name, enum tree_type type, int rank,
                          const uint64_t *dims, const void *data) {
    if (parent == NULL || !parent->is_group || !tree_name_is_safe(name))
        return NULL;
    bool found;
    size_t place = child_place(parent, name, strlen(name), &found);
    struct tree_value value;
    if (found || !value_copy(&value, type, rank, dims, data))
        return NULL;
    struct tree *t = child_insert(parent, place, name);
    if (t == NULL) {
        free(value.data);
        return NULL;
    }
    t->is_group = false;
    t->value = value;
    return t;
}

/* --- attributes ----------------------------------------------------------------------------- */

/* Index of the attribute of that name, or where it belongs. */
static size_t attribute_place(const struct tree *t, const char *name, bool *found) {
    size_t lo = 0, hi = t->attribute_count;
    *found = false;
    while (lo < hi) {
        size_t mid = lo + (hi - lo) / 2;
        int order = strcmp(t->attributes[mid].name, name);
        if (order == 0) {
            *found = true;
            return mid;
        }
        if (order < 0)
            lo = mid + 1;
        else
            hi = mid;
    }
    return lo;
}

bool tree_set(struct tree *node, const char *name, enum tree_type type, int rank,
              const uint64_t *dims, const void *data) {
    struct tree_value value;
    if (node == NULL || !tree_name_is_safe(name) || !value_copy(&value, type, rank, dims, data))
        return false;
    bool found;
    size_t place = attribute_place(node, name, &found);
    if (found) {
        free(node->attributes[place].value.data);
        node->attributes[place].value = value;
        return true;
    }
    void *attributes = node->attributes;
    if (!grow(&attributes, node->attribute_count, &node->attribute_capacity,
              sizeof *node->attributes)) {
        free(value.data);
        return false;
    }
    node->attributes = attributes;
    struct tree_attribute *a = node->attributes + place;
    memmove(a + 1, a, (node->attribute_count - place) * sizeof *a);
    memset(a, 0, sizeof *a);
    memcpy(a->name, name, strlen(name) + 1);
    a->value = value;
    node->attribute_count++;
    return true;
}

bool tree_set_string(struct tree *node, const char *name, const char *text) {
    return tree_set(node, name, TREE_STRING, 0, NULL, text);
}

bool tree_set_i64(struct tree *node, const char *name, int64_t v) {
    return tree_set(node, name, TREE_I64, 0, NULL, &v);
}

bool tree_set_f64(struct tree *node, const char *name, double v) {
    return tree_set(node, name, TREE_F64, 0, NULL, &v);
}

bool tree_set_f64s(struct tree *node, const char *name, const double *v, size_t n) {
    const uint64_t dims[1] = {n};
    return tree_set(node, name, TREE_F64, 1, dims, v);
}

bool tree_set_null(struct tree *node, const char *name) {
    return tree_set(node, name, TREE_F64, -1, NULL, NULL);
}

/* --- copies --------------------------------------------------------------------------------- */

static bool copy_attributes(struct tree *into, const struct tree *from) {
    if (into == NULL)
        return false;
    for (size_t i = 0; i < from->attribute_count; i++) {
        const struct tree_attribute *a = &from->attributes[i];
        const struct tree_value *v = &a->value;
        if (!tree_set(into, a->name, v->type, v->rank, v->dims, v->data))
            return false;
    }
    return true;
}

bool tree_merge(struct tree *into, const struct tree *from) {
    if (into == NULL || from == NULL || !into->is_group || !from->is_group ||
        !copy_attributes(into, from))
        return false;
    for (size_t i = 0; i < from->child_count; i++) {
        const struct tree *child = from->children[i];
        const struct tree_value *v = &child->value;
        if (child->is_group
                ? !tree_merge(tree_group(into, child->name), child)
                : !copy_attributes(
                      tree_dataset(into, child->name, v->type, v->rank, v->dims, v->data), child))
            return false;
    }
    return true;
}

/* --- look-ups ------------------------------------------------------------------------------- */

struct tree *tree_find(const struct tree *root, const char *path) {
    const struct tree *t = root;
    while (t != NULL && *path != '\0') {
        size_t length = strcspn(path, "/");
        bool found;
        size_t place = child_place(t, path, length, &found);
        t = found ? t->children[place] : NULL;
        path += length;
        if (*path == '/')
            path++;
    }
    return (struct tree *)t;
}

const struct tree_value *tree_get(const struct tree *node, const char *attribute) {
    if (node == NULL)
        return NULL;
    bool found;
    size_t place = attribute_place(node, attribute, &found);
    return found ? &node->attributes[place].value : NULL;
}

/* The attribute if it is a scalar of that type. */
static const struct tree_value *get_scalar(const struct tree *node, const char *attribute,
                                           enum tree_type type) {
    const struct tree_value *v = tree_get(node, attribute);
    return v != NULL && v->type == type && v->rank == 0 ? v : NULL;
}

const char *tree_get_string(const struct tree *node, const char *attribute) {
    const struct tree_value *v = get_scalar(node, attribute, TREE_STRING);
    return v != NULL ? v->data : NULL;
}

int64_t tree_get_i64(const struct tree *node, const char *attribute, int64_t fallback) {
    const struct tree_value *v = get_scalar(node, attribute, TREE_I64);
    if (v != NULL)
        memcpy(&fallback, v->data, sizeof fallback);
    return fallback;
}

double tree_get_f64(const struct tree *node, const char *attribute, double fallback) {
    const struct tree_value *v = get_scalar(node, attribute, TREE_F64);
    if (v != NULL)
        memcpy(&fallback, v->data, sizeof fallback);
    return fallback;
}
