/* Bytes of an HDF5 file -> tree.  Takes only what is on the list; everything else is refused by
 * name.
 *
 * HDF5 sees a buffer, never a file name.  The caller has compared the buffer with its seal: this is
 * the second line of defence, not the first; the third is the child process that it runs in, see
 * record_contain.c.
 */
#include <stdlib.h>
#include <string.h>

#include "record.h"
#include "record_format.h"

struct decoder {
    const char *label;
    struct record_path path;
    size_t objects;
    size_t room; /* value bytes that the rest of the file can still hold */
};

/* The one refusal that says nothing about the record; compared by address. */
static const char no_memory[] = "no memory for what it holds";

static enum status refusal_status(const char *what) {
    return what == no_memory ? ST_SYSTEM : ST_RECORD;
}

/* Refuses the object where the walk is. */
static enum status refuse(const struct decoder *d, const char *what) {
    return status_set(refusal_status(what), "%s: refused: %s (at %s)", d->label, what,
                      record_path_text(&d->path));
}

/* Refuses a member or an attribute of that object, whose name may be anything. */
static enum status refuse_named(const struct decoder *d, const char *kind, const char *name,
                                const char *what) {
    char shown[ESCAPE_LINE / 4];
    escape_text(name, shown, sizeof shown);
    return status_set(refusal_status(what), "%s: refused: %s (%s %s of %s)", d->label, what, kind,
                      shown, record_path_text(&d->path));
}

/* --- names ---------------------------------------------------------------------------------- */

/* Names collected by HDF5's iterators, whose callbacks must not do more than that. */
struct names {
    char (*rows)[TREE_NAME_MAX + 1];
    size_t count, capacity, limit;
    char odd[TREE_NAME_MAX + 16]; /* the start of a name that was refused */
    const char *refusal;
};

static herr_t names_refuse(struct names *n, const char *name, const char *why) {
    strncpy(n->odd, name, sizeof n->odd - 1);
    n->refusal = why;
    return -1;
}

static herr_t names_add(struct names *n, const char *name) {
    if (!tree_name_is_safe(name))
        return names_refuse(n, name, "name outside [a-z0-9._-]{1,64}");
    if (n->count == n->limit)
        return names_refuse(n, name, "too many names");
    if (n->count == n->capacity) {
        size_t wanted = n->capacity == 0 ? 16 : n->capacity * 2;
        void *grown = reallocarray(n->rows, wanted, sizeof *n->rows);
        if (grown == NULL)
            return names_refuse(n, name, no_memory);
        n->rows = grown;
        n->capacity = wanted;
    }
    memcpy(n->rows[n->count++], name, strlen(name) + 1);
    return 0;
}

static herr_t on_link(hid_t group, const char *name, const H5L_info_t *info, void *data) {
    (void)group;
    switch (info->type) {
    case H5L_TYPE_HARD:
        return names_add(data, name);
    case H5L_TYPE_SOFT:
        return names_refuse(data, name, "soft link");
    case H5L_TYPE_EXTERNAL:
        return names_refuse(data, name, "external link");
    default:
        return names_refuse(data, name, "user-defined link");
    }
}

static herr_t on_attribute(hid_t node, const char *name, const H5A_info_t *info, void *data) {
    (void)node;
    (void)info;
    return names_add(data, name);
}

/* --- values --------------------------------------------------------------------------------- */

/* Type of the list that matches, with the bytes of one element; NULL or why it is refused. */
static const char *read_type(hid_t type, enum tree_type *out, size_t *element) {
    if (H5Tcommitted(type) != 0)
        return "named type";
    H5T_class_t class = H5Tget_class(type);
    *element = H5Tget_size(type);
    if (class == H5T_STRING) {
        if (H5Tis_variable_str(type) != 0)
            return "variable-length string";
        if (H5Tget_strpad(type) != H5T_STR_NULLPAD)
            return "string that is not NUL-padded";
        *out = TREE_STRING;
        return NULL;
    }
    for (enum tree_type t = TREE_U8; t < TREE_STRING; t++) {
        hid_t known = record_type(t, 0);
        htri_t equal = H5Tequal(type, known);
        H5Tclose(known);
        *out = t;
        if (equal > 0)
            return NULL;
    }
    switch (class) {
    case H5T_COMPOUND:
        return "compound type";
    case H5T_VLEN:
        return "variable-length type";
    case H5T_ENUM:
        return "enumerated type";
    case H5T_ARRAY:
        return "array type";
    case H5T_REFERENCE:
        return "reference type";
    case H5T_OPAQUE:
        return "opaque type";
    case H5T_BITFIELD:
        return "bitfield type";
    case H5T_TIME:
        return "time type";
    default:
        return "number that is not little-endian u8, i32, i64, u64, f32 or f64";
    }
}

/* Shape of a simple space and its element count; NULL or why it is refused. */
static const char *read_simple(hid_t space, struct tree_value *v, size_t *elements) {
    hsize_t dims[H5S_MAX_RANK], most[H5S_MAX_RANK];
    int rank = H5Sget_simple_extent_ndims(space);
    if (rank < 1 || rank > TREE_RANK_MAX)
        return "rank above 4";
    if (H5Sget_simple_extent_dims(space, dims, most) != rank)
        return "unreadable extent";
    v->rank = rank;
    for (int i = 0; i < rank; i++) {
        if (dims[i] != most[i])
            return "extensible extent";
        if (__builtin_mul_overflow(*elements, dims[i], elements))
            return "extent overflows";
        v->dims[i] = dims[i];
    }
    return NULL;
}

static const char *read_space(hid_t space, struct tree_value *v, size_t *elements) {
    *elements = 1;
    switch (H5Sget_simple_extent_type(space)) {
    case H5S_NULL:
        v->rank = -1;
        *elements = 0;
        return NULL;
    case H5S_SCALAR:
        v->rank = 0;
        return NULL;
    case H5S_SIMPLE:
        return read_simple(space, v, elements);
    default:
        return "unknown dataspace";
    }
}

/* What a value will need, checked against what the file can hold, before anything is allocated. */
static const char *read_shape(struct decoder *d, hid_t type, hid_t space, struct tree_value *v) {
    size_t element, elements;
    const char *why = read_type(type, &v->type, &element);
    if (why == NULL)
        why = read_space(space, v, &elements);
    if (why != NULL)
        return why;
    if (v->type == TREE_STRING && v->rank > 0)
        return "array of strings";
    if (__builtin_mul_overflow(elements, element, &v->bytes))
        return "extent overflows";
    if (v->bytes > d->room)
        return "values larger than the file";
    d->room -= v->bytes;
    return NULL;
}

/* A string keeps what comes before its padding; NULL or why it is refused. */
static const char *trim_string(struct tree_value *v) {
    size_t length = strnlen(v->data, v->bytes);
    const char *text = v->data;
    for (size_t i = length; i < v->bytes; i++) {
        if (text[i] != '\0')
            return "NUL inside a string";
    }
    v->bytes = length;
    return NULL;
}

/* Where a value is read from. */
struct source {
    hid_t attribute, dataset; /* one of them is valid */
};

static bool read_bytes(const struct source *s, hid_t type, void *data) {
    if (s->attribute >= 0)
        return H5Aread(s->attribute, type, data) >= 0;
    return H5Dread(s->dataset, type, H5S_ALL, H5S_ALL, H5P_DEFAULT, data) >= 0;
}

/* Reads a value; NULL or why it is refused.  The caller frees v->data. */
static const char *read_value(struct decoder *d, const struct source *s, struct tree_value *v) {
    *v = (struct tree_value){0};
    bool is_attribute = s->attribute >= 0;
    hid_t type = is_attribute ? H5Aget_type(s->attribute) : H5Dget_type(s->dataset);
    hid_t space = is_attribute ? H5Aget_space(s->attribute) : H5Dget_space(s->dataset);
    const char *why = "unreadable type or space";
    if (type >= 0 && space >= 0)
        why = read_shape(d, type, space, v);
    if (why == NULL && (v->data = calloc(1, v->bytes + 1)) == NULL)
        why = no_memory;
    /* The stored type is read as it is: no conversion touches a bit. */
    if (why == NULL && v->bytes > 0 && !read_bytes(s, type, v->data))
        why = "unreadable value";
    if (why == NULL && v->type == TREE_STRING)
        why = trim_string(v);
    if (space >= 0)
        H5Sclose(space);
    if (type >= 0)
        H5Tclose(type);
    return why;
}

/* --- attributes ----------------------------------------------------------------------------- */

static enum status decode_attribute(struct decoder *d, hid_t node, const char *name,
                                    struct tree *out) {
    if (tree_get(out, name) != NULL)
        return refuse_named(d, "attribute", name, "duplicate name");
    struct source source = {H5Aopen(node, name, H5P_DEFAULT), H5I_INVALID_HID};
    if (source.attribute < 0)
        return refuse_named(d, "attribute", name, "unreadable");
    struct tree_value v;
    const char *why = read_value(d, &source, &v);
    if (why == NULL && !tree_set(out, name, v.type, v.rank, v.dims, v.data))
        why = no_memory;
    free(v.data);
    H5Aclose(source.attribute);
    return why == NULL ? ST_OK : refuse_named(d, "attribute", name, why);
}

static enum status decode_attributes(struct decoder *d, hid_t node, struct tree *out) {
    struct names n = {.limit = RECORD_ATTRIBUTES};
    enum status st = ST_OK;
    if (H5Aiterate2(node, H5_INDEX_NAME, H5_ITER_NATIVE, NULL, on_attribute, &n) < 0)
        st = n.refusal != NULL ? refuse_named(d, "attribute", n.odd, n.refusal)
                               : refuse(d, "unreadable attributes");
    for (size_t i = 0; st == ST_OK && i < n.count; i++)
        st = decode_attribute(d, node, n.rows[i], out);
    free(n.rows);
    return st;
}

/* --- objects -------------------------------------------------------------------------------- */

static enum status decode_group(struct decoder *d, hid_t group, struct tree *out);

/* Chunks must be whole inside the file, or reading them allocates without bound. */
static const char *check_chunks(hid_t list, size_t element, size_t room) {
    hsize_t dims[H5S_MAX_RANK];
    int rank = H5Pget_chunk(list, H5S_MAX_RANK, dims);
    if (rank < 1 || rank > TREE_RANK_MAX)
        return "chunk rank above 4";
    size_t bytes = element;
    for (int i = 0; i < rank; i++) {
        if (__builtin_mul_overflow(bytes, dims[i], &bytes))
            return "chunk overflows";
    }
    return bytes > room ? "chunk larger than the file" : NULL;
}

static const char *check_filters(hid_t list) {
    int count = H5Pget_nfilters(list);
    if (count < 0)
        return "unreadable filters";
    for (int i = 0; i < count; i++) {
        unsigned flags;
        size_t values = 0;
        H5Z_filter_t f = H5Pget_filter2(list, (unsigned)i, &flags, &values, NULL, 0, NULL, NULL);
        if (f >= H5Z_FILTER_RESERVED)
            return "filter that is not HDF5's own";
        if (f != H5Z_FILTER_FLETCHER32)
            return "filter other than fletcher32";
    }
    return NULL;
}

/* How the dataset is stored; NULL or why it is refused. Runs before anything is read. */
static const char *check_storage(const struct decoder *d, hid_t dataset, hid_t list) {
    if (H5Pget_external_count(list) != 0)
        return "external storage";
    const char *why = check_filters(list);
    if (why != NULL)
        return why;
    hid_t type = H5Dget_type(dataset), space = H5Dget_space(dataset);
    size_t element = type >= 0 ? H5Tget_size(type) : 0;
    hssize_t elements = space >= 0 ? H5Sget_simple_extent_npoints(space) : -1;
    if (type >= 0)
        H5Tclose(type);
    if (space >= 0)
        H5Sclose(space);
    if (element == 0 || elements < 0)
        return "unreadable extent";
    switch (H5Pget_layout(list)) {
    case H5D_CONTIGUOUS:
        break;
    case H5D_CHUNKED:
        why = check_chunks(list, element, d->room);
        break;
    case H5D_COMPACT:
        return "compact storage";
    case H5D_VIRTUAL:
        return "virtual dataset";
    default:
        return "unknown storage";
    }
    size_t bytes;
    if (__builtin_mul_overflow((size_t)elements, element, &bytes))
        return "extent overflows";
    if (why == NULL && H5Dget_storage_size(dataset) < bytes)
        return "storage not allocated";
    return why;
}

static enum status decode_dataset(struct decoder *d, hid_t dataset, const char *name,
                                  struct tree *parent) {
    hid_t list = H5Dget_create_plist(dataset);
    const char *why = list < 0 ? "unreadable storage" : check_storage(d, dataset, list);
    if (list >= 0)
        H5Pclose(list);
    struct tree_value v = {0};
    const struct source source = {H5I_INVALID_HID, dataset};
    if (why == NULL)
        why = read_value(d, &source, &v);
    struct tree *out = NULL;
    if (why == NULL) {
        if (tree_find(parent, name) != NULL)
            why = "duplicate name";
        else if ((out = tree_dataset(parent, name, v.type, v.rank, v.dims, v.data)) == NULL)
            why = no_memory;
    }
    free(v.data);
    return why == NULL ? decode_attributes(d, dataset, out) : refuse(d, why);
}

/* The object that the path names. */
static enum status decode_object(struct decoder *d, hid_t object, const char *name,
                                 struct tree *parent) {
    H5O_info_t info;
    if (H5Oget_info2(object, &info, H5O_INFO_BASIC) < 0)
        return refuse(d, "unreadable object");
    if (info.rc != 1)
        return refuse(d, "more than one hard link");
    if (H5Oget_comment(object, NULL, 0) != 0)
        return refuse(d, "object comment");
    switch (info.type) {
    case H5O_TYPE_DATASET:
        return decode_dataset(d, object, name, parent);
    case H5O_TYPE_GROUP: {
        if (tree_find(parent, name) != NULL)
            return refuse(d, "duplicate name");
        struct tree *out = tree_group(parent, name);
        return out == NULL ? refuse(d, no_memory) : decode_group(d, object, out);
    }
    case H5O_TYPE_NAMED_DATATYPE:
        return refuse(d, "named type");
    default:
        return refuse(d, "unknown object");
    }
}

static enum status decode_member(struct decoder *d, hid_t group, const char *name,
                                 struct tree *out) {
    if (++d->objects > RECORD_OBJECTS)
        return refuse(d, "more than 65536 objects");
    size_t length = d->path.length;
    if (!record_path_push(&d->path, name))
        return refuse(d, "nested deeper than 16 groups");
    hid_t object = H5Oopen(group, name, H5P_DEFAULT);
    if (object < 0)
        return refuse(d, "unreadable object");
    enum status st = decode_object(d, object, name, out);
    H5Oclose(object);
    if (st == ST_OK)
        record_path_pop(&d->path, length);
    return st;
}

static enum status decode_group(struct decoder *d, hid_t group, struct tree *out) {
    enum status st = decode_attributes(d, group, out);
    if (st != ST_OK)
        return st;
    struct names n = {.limit = RECORD_OBJECTS};
    if (H5Literate(group, H5_INDEX_NAME, H5_ITER_NATIVE, NULL, on_link, &n) < 0)
        st = n.refusal != NULL ? refuse_named(d, "member", n.odd, n.refusal)
                               : refuse(d, "unreadable members");
    for (size_t i = 0; st == ST_OK && i < n.count; i++)
        st = decode_member(d, group, n.rows[i], out);
    free(n.rows);
    return st;
}

/* --- files ---------------------------------------------------------------------------------- */

/* The 8 bytes at p; records are read on little-endian machines only, see tree.c. */
static uint64_t load_u64(const unsigned char *p) {
    uint64_t v;
    memcpy(&v, p, sizeof v);
    return v;
}

static bool has_signature(const unsigned char *p, size_t size) {
    static const unsigned char signature[8] = {0x89, 'H', 'D', 'F', '\r', '\n', 0x1a, '\n'};
    return size >= sizeof signature && memcmp(p, signature, sizeof signature) == 0;
}

/* Where HDF5 looks for a file behind a user block: at 512 bytes, 1024, 2048 and so on. */
static bool has_user_block(const unsigned char *p, size_t size) {
    for (size_t at = 512; at < size; at *= 2) {
        if (has_signature(p + at, size - at))
            return true;
    }
    return false;
}

/* NULL or why the superblock is refused.  HDF5 itself looks for one further on in the file, and
 * takes bytes after the end of the file without a word. Source: HDF5 File Format Specification 3.0,
 * II.A, superblock versions 0, 2 and 3. */
static const char *check_superblock(const unsigned char *p, size_t size) {
    enum { SUPERBLOCK = 48 }; /* the shortest of them */
    if (!has_signature(p, size) && has_user_block(p, size))
        return "user block";
    if (size < SUPERBLOCK || !has_signature(p, size))
        return "no HDF5 signature at its start";
    unsigned version = p[8];
    if (version != 0 && version != 2 && version != 3)
        return "unknown superblock";
    if (p[version == 0 ? 13 : 9] != 8)
        return "file addresses of other than 8 bytes";
    uint64_t base = load_u64(p + (version == 0 ? 24 : 12));
    uint64_t end = load_u64(p + (version == 0 ? 40 : 28));
    if (base != 0)
        return "user block";
    if (end != size)
        return end > size ? "truncated" : "bytes after the end of the HDF5 file";
    return NULL;
}

static hid_t open_image(const void *bytes, size_t size) {
    enum { INCREMENT = 1 << 16 };
    hid_t list = H5Pcreate(H5P_FILE_ACCESS), file = H5I_INVALID_HID;
    char name[64];
    record_image_name(name);
    /* HDF5 copies the image; its parameter only lacks the const. */
    if (list >= 0 && H5Pset_fapl_core(list, INCREMENT, 0) >= 0 &&
        H5Pset_fclose_degree(list, H5F_CLOSE_STRONG) >= 0 &&
        H5Pset_file_image(list, (void *)bytes, size) >= 0)
        file = H5Fopen(name, H5F_ACC_RDONLY, list);
    if (list >= 0)
        H5Pclose(list);
    return file;
}

static enum status decode_root(struct decoder *d, hid_t file, struct tree *out) {
    hid_t root = H5Gopen2(file, "/", H5P_DEFAULT);
    if (root < 0)
        return refuse(d, "unreadable root group");
    enum status st = ST_OK;
    H5O_info_t info;
    if (H5Oget_info2(root, &info, H5O_INFO_BASIC) < 0 || info.rc > 1)
        st = refuse(d, "more than one hard link");
    if (st == ST_OK && H5Oget_comment(root, NULL, 0) != 0)
        st = refuse(d, "object comment");
    d->objects = 1;
    if (st == ST_OK)
        st = decode_group(d, root, out);
    H5Gclose(root);
    return st;
}

enum status record_decode(const void *bytes, size_t size, const char *label, struct tree **root) {
    char shown[ESCAPE_LINE];
    escape_text(label, shown, sizeof shown);
    struct decoder d = {.label = shown, .room = size};
    *root = NULL;
    if (size > RECORD_MAX_BYTES)
        return refuse(&d, "larger than 64 MiB");
    const char *why = check_superblock(bytes, size);
    if (why != NULL)
        return refuse(&d, why);
    record_hdf5_quiet();
    hid_t file = open_image(bytes, size);
    if (file < 0)
        return refuse(&d, "HDF5 cannot open it: damaged");
    struct tree *t = tree_new();
    enum status st = t != NULL ? decode_root(&d, file, t) : refuse(&d, no_memory);
    H5Fclose(file);
    if (st == ST_OK)
        st = record_check(t, shown);
    if (st != ST_OK) {
        tree_free(t);
        return st;
    }
    *root = t;
    return ST_OK;
}
