/* What encoding and decoding of records share. */
#include "record_format.h"

#include "record.h"

#include <stdio.h>
#include <string.h>

bool record_path_push(struct record_path *p, const char *name) {
    size_t bytes = strlen(name), slash = p->length > 0;
    if (p->depth == RECORD_DEPTH || p->length + slash + bytes >= sizeof p->text)
        return false;
    if (slash)
        p->text[p->length++] = '/';
    memcpy(p->text + p->length, name, bytes + 1);
    p->length += bytes;
    p->depth++;
    return true;
}

void record_path_pop(struct record_path *p, size_t length) {
    p->text[length] = '\0';
    p->length = length;
    p->depth--;
}

const char *record_path_text(const struct record_path *p) { return p->length > 0 ? p->text : "/"; }

/* --- check ---------------------------------------------------------------------------------- */

struct check {
    const char *label;
    struct record_path path;
    size_t objects;
    bool measured; /* inside `measurements` */
};

static bool has_nan(const struct tree_value *v) {
    const char *p = v->data;
    for (size_t i = 0; v->type == TREE_F64 && i < v->bytes / sizeof(double); i++) {
        double x;
        memcpy(&x, p + i * sizeof x, sizeof x);
        if (x != x)
            return true;
    }
    for (size_t i = 0; v->type == TREE_F32 && i < v->bytes / sizeof(float); i++) {
        float x;
        memcpy(&x, p + i * sizeof x, sizeof x);
        if (x != x)
            return true;
    }
    return false;
}

static enum status check_attribute(const struct check *c, const struct tree_attribute *a) {
    const char *where = record_path_text(&c->path);
    if (a->value.bytes > RECORD_ATTRIBUTE_BYTES)
        return status_set(ST_RECORD, "%s: %s: attribute %s has %zu bytes, at most %d are allowed",
                          c->label, where, a->name, a->value.bytes, (int)RECORD_ATTRIBUTE_BYTES);
    if (c->measured && has_nan(&a->value))
        return status_set(ST_RECORD, "%s: %s: attribute %s holds NaN, which no measurement may",
                          c->label, where, a->name);
    return ST_OK;
}

static enum status check_node(struct check *c, const struct tree *t) {
    const char *where = record_path_text(&c->path);
    if (++c->objects > RECORD_OBJECTS)
        return status_set(ST_RECORD, "%s: more than %d objects", c->label, (int)RECORD_OBJECTS);
    if (t->attribute_count > RECORD_ATTRIBUTES)
        return status_set(ST_RECORD, "%s: %s: %zu attributes, at most %d are allowed", c->label,
                          where, t->attribute_count, (int)RECORD_ATTRIBUTES);
    for (size_t i = 0; i < t->attribute_count; i++) {
        enum status st = check_attribute(c, &t->attributes[i]);
        if (st != ST_OK)
            return st;
    }
    if (!t->is_group && c->measured && has_nan(&t->value))
        return status_set(ST_RECORD, "%s: %s: holds NaN, which no measurement may", c->label,
                          where);
    for (size_t i = 0; i < t->child_count; i++) {
        size_t length = c->path.length;
        bool outside = c->measured;
        if (!record_path_push(&c->path, t->children[i]->name))
            return status_set(ST_RECORD, "%s: %s: nested deeper than %d groups", c->label,
                              record_path_text(&c->path), (int)RECORD_DEPTH);
        if (length == 0 && strcmp(t->children[i]->name, "measurements") == 0)
            c->measured = true;
        enum status st = check_node(c, t->children[i]);
        if (st != ST_OK)
            return st;
        c->measured = outside;
        record_path_pop(&c->path, length);
    }
    return ST_OK;
}

enum status record_check(const struct tree *root, const char *label) {
    struct check c = {.label = label};
    return check_node(&c, root);
}

/* --- HDF5 ----------------------------------------------------------------------------------- */

hid_t record_type(enum tree_type type, size_t string_bytes) {
    switch (type) {
    case TREE_U8:
        return H5Tcopy(H5T_STD_U8LE);
    case TREE_I32:
        return H5Tcopy(H5T_STD_I32LE);
    case TREE_I64:
        return H5Tcopy(H5T_STD_I64LE);
    case TREE_U64:
        return H5Tcopy(H5T_STD_U64LE);
    case TREE_F32:
        return H5Tcopy(H5T_IEEE_F32LE);
    case TREE_F64:
        return H5Tcopy(H5T_IEEE_F64LE);
    case TREE_STRING:
        break;
    }
    hid_t t = H5Tcopy(H5T_C_S1);
    /* HDF5 has no empty fixed string: "" is one NUL of padding. */
    if (t >= 0 && H5Tset_size(t, string_bytes > 0 ? string_bytes : 1) >= 0 &&
        H5Tset_strpad(t, H5T_STR_NULLPAD) >= 0 && H5Tset_cset(t, H5T_CSET_UTF8) >= 0)
        return t;
    if (t >= 0)
        H5Tclose(t);
    return H5I_INVALID_HID;
}

void record_hdf5_quiet(void) {
    H5Eset_auto2(H5E_DEFAULT, NULL, NULL);
    H5PLset_loading_state(0);
}

void record_image_name(char name[64]) {
    static unsigned long count;
    /* Nothing can lie below a device. */
    snprintf(name, 64, "/dev/null/record-%lu.h5", __atomic_add_fetch(&count, 1, __ATOMIC_RELAXED));
}

void record_hdf5_version(char *out, size_t size) {
    unsigned major = 0, minor = 0, release = 0;
    H5get_libversion(&major, &minor, &release);
    snprintf(out, size, "%u.%u.%u", major, minor, release);
}
