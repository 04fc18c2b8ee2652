/* A record in memory: a tree of groups and datasets with attributes.
 *
 * It is the only form in which the rest of the program sees a record; record.h turns it into HDF5
 * bytes and back.  Names are [a-z0-9._-]{1,64}; values are little-endian numbers or fixed strings.
 * This file does not know what a record means.
 */
#ifndef ATTEST_HARNESS_TREE_H
#define ATTEST_HARNESS_TREE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { TREE_NAME_MAX = 64, TREE_RANK_MAX = 4 };

enum tree_type { TREE_U8, TREE_I32, TREE_I64, TREE_U64, TREE_F32, TREE_F64, TREE_STRING };

/* A value: rank 0 is a scalar, rank -1 means "declared, but no value" (HDF5 null dataspace).
 * A TREE_STRING is a scalar whose `bytes` excludes the terminating NUL kept behind data. */
struct tree_value {
    enum tree_type type;
    int rank;
    uint64_t dims[TREE_RANK_MAX];
    size_t bytes;
    void *data;
};

struct tree_attribute {
    char name[TREE_NAME_MAX + 1];
    struct tree_value value;
};

struct tree {
    char name[TREE_NAME_MAX + 1];
    bool is_group;
    struct tree_value value;           /* of a dataset */
    struct tree_attribute *attributes; /* sorted by name */
    size_t attribute_count, attribute_capacity;
    struct tree **children; /* of a group, sorted by name */
    size_t child_count, child_capacity;
};

/* New empty root group, or NULL when memory is refused. */
struct tree *tree_new(void);
void tree_free(struct tree *t);

/* Child group of that name, made if absent.  NULL: unsafe name, memory, or a dataset in the way. */
struct tree *tree_group(struct tree *parent, const char *name);

/* New child dataset holding a copy of data; NULL: unsafe name, duplicate, overflow or memory. */
struct tree *tree_dataset(struct tree *parent, const char *name, enum tree_type type, int rank,
                          const uint64_t *dims, const void *data);

/* Sets an attribute, replacing one of the same name.  Return false on unsafe name or memory. */
bool tree_set(struct tree *node, const char *name, enum tree_type type, int rank,
              const uint64_t *dims, const void *data);
bool tree_set_string(struct tree *node, const char *name, const char *text);
bool tree_set_i64(struct tree *node, const char *name, int64_t v);
bool tree_set_f64(struct tree *node, const char *name, double v);
bool tree_set_f64s(struct tree *node, const char *name, const double *v, size_t n);
bool tree_set_null(struct tree *node, const char *name); /* declared, without a value (f64) */

/* Copies everything of `from`, a group, into `into`; an attribute of the same name is replaced, a
 * dataset must not be there yet.  False: memory, or something in the way. */
bool tree_merge(struct tree *into, const struct tree *from);

/* Look-ups; NULL or the fallback when absent or of another type. */
struct tree *tree_find(const struct tree *root, const char *path); /* "plan/cells/0f3a…" */
const struct tree_value *tree_get(const struct tree *node, const char *attribute);
const char *tree_get_string(const struct tree *node, const char *attribute); /* NULL if absent */
int64_t tree_get_i64(const struct tree *node, const char *attribute, int64_t fallback);
double tree_get_f64(const struct tree *node, const char *attribute, double fallback);

/* Bytes of one element; 1 for strings. */
size_t tree_type_size(enum tree_type type);
/* True for [a-z0-9._-]{1,64} other than "." and "..". */
bool tree_name_is_safe(const char *name);

#endif
