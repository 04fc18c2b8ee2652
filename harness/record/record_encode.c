/* tree -> bytes of an HDF5 file, the same bytes each time. */
#include <stdlib.h>

#include "record.h"
#include "record_format.h"

/* Property lists that leave times out of every kind of object. */
struct lists {
    hid_t file_create, file_access, group, dataset;
};

static void lists_close(const struct lists *l) {
    const hid_t all[] = {l->file_create, l->file_access, l->group, l->dataset};
    for (size_t i = 0; i < sizeof all / sizeof all[0]; i++) {
        if (all[i] >= 0)
            H5Pclose(all[i]);
    }
}

static bool lists_open(struct lists *l) {
    l->file_create = H5Pcreate(H5P_FILE_CREATE);
    l->file_access = H5Pcreate(H5P_FILE_ACCESS);
    l->group = H5Pcreate(H5P_GROUP_CREATE);
    l->dataset = H5Pcreate(H5P_DATASET_CREATE);
    enum { INCREMENT = 1 << 16 };
    bool ok = H5Pset_fapl_core(l->file_access, INCREMENT, 0) >= 0 &&
              H5Pset_libver_bounds(l->file_access, H5F_LIBVER_EARLIEST, H5F_LIBVER_V18) >= 0 &&
              H5Pset_fclose_degree(l->file_access, H5F_CLOSE_STRONG) >= 0 &&
              H5Pset_obj_track_times(l->file_create, 0) >= 0 &&
              H5Pset_obj_track_times(l->group, 0) >= 0 &&
              H5Pset_obj_track_times(l->dataset, 0) >= 0 &&
              H5Pset_layout(l->dataset, H5D_CONTIGUOUS) >= 0 &&
              H5Pset_alloc_time(l->dataset, H5D_ALLOC_TIME_EARLY) >= 0;
    if (!ok)
        lists_close(l);
    return ok;
}

static hid_t value_space(const struct tree_value *v) {
    if (v->rank < 0)
        return H5Screate(H5S_NULL);
    if (v->rank == 0)
        return H5Screate(H5S_SCALAR);
    hsize_t dims[TREE_RANK_MAX];
    for (int i = 0; i < v->rank; i++)
        dims[i] = v->dims[i];
    return H5Screate_simple(v->rank, dims, NULL);
}

/* An empty string still writes its one NUL; an empty array writes nothing. */
static bool value_has_bytes(const struct tree_value *v) {
    return v->rank >= 0 && (v->bytes > 0 || v->type == TREE_STRING);
}

static bool write_attribute(hid_t node, const struct tree_attribute *a) {
    hid_t type = record_type(a->value.type, a->value.bytes);
    hid_t space = value_space(&a->value);
    hid_t attribute = H5I_INVALID_HID;
    if (type >= 0 && space >= 0)
        attribute = H5Acreate2(node, a->name, type, space, H5P_DEFAULT, H5P_DEFAULT);
    bool ok = attribute >= 0;
    if (ok && value_has_bytes(&a->value))
        ok = H5Awrite(attribute, type, a->value.data) >= 0;
    if (attribute >= 0)
        ok = H5Aclose(attribute) >= 0 && ok;
    if (space >= 0)
        H5Sclose(space);
    if (type >= 0)
        H5Tclose(type);
    return ok;
}

static bool write_attributes(hid_t node, const struct tree *t) {
    for (size_t i = 0; i < t->attribute_count; i++) {
        if (!write_attribute(node, &t->attributes[i]))
            return false;
    }
    return true;
}

static bool write_dataset(hid_t parent, const struct tree *t, const struct lists *l) {
    hid_t type = record_type(t->value.type, t->value.bytes);
    hid_t space = value_space(&t->value);
    hid_t dataset = H5I_INVALID_HID;
    if (type >= 0 && space >= 0)
        dataset = H5Dcreate2(parent, t->name, type, space, H5P_DEFAULT, l->dataset, H5P_DEFAULT);
    bool ok = dataset >= 0;
    if (ok && value_has_bytes(&t->value))
        ok = H5Dwrite(dataset, type, H5S_ALL, H5S_ALL, H5P_DEFAULT, t->value.data) >= 0;
    ok = ok && write_attributes(dataset, t);
    if (dataset >= 0)
        ok = H5Dclose(dataset) >= 0 && ok;
    if (space >= 0)
        H5Sclose(space);
    if (type >= 0)
        H5Tclose(type);
    return ok;
}

/* Attributes, then members, both in the sorted order of the tree. */
static bool write_group(hid_t group, const struct tree *t, const struct lists *l) {
    bool ok = write_attributes(group, t);
    for (size_t i = 0; ok && i < t->child_count; i++) {
        const struct tree *child = t->children[i];
        if (!child->is_group) {
            ok = write_dataset(group, child, l);
            continue;
        }
        hid_t id = H5Gcreate2(group, child->name, H5P_DEFAULT, l->group, H5P_DEFAULT);
        ok = id >= 0 && write_group(id, child, l);
        if (id >= 0)
            ok = H5Gclose(id) >= 0 && ok;
    }
    return ok;
}

/* The file as it lies in memory, malloc'd. */
static bool file_image(hid_t file, void **bytes, size_t *size) {
    if (H5Fflush(file, H5F_SCOPE_GLOBAL) < 0)
        return false;
    ssize_t wanted = H5Fget_file_image(file, NULL, 0);
    if (wanted <= 0)
        return false;
    void *image = malloc((size_t)wanted);
    if (image == NULL || H5Fget_file_image(file, image, (size_t)wanted) != wanted) {
        free(image);
        return false;
    }
    *bytes = image;
    *size = (size_t)wanted;
    return true;
}

enum status record_encode(const struct tree *root, void **bytes, size_t *size) {
    enum status st = record_check(root, "record");
    if (st != ST_OK)
        return st;
    record_hdf5_quiet();
    struct lists l;
    if (!lists_open(&l))
        return status_set(ST_SYSTEM, "record: HDF5 refused its property lists");
    char name[64];
    record_image_name(name);
    hid_t file = H5Fcreate(name, H5F_ACC_TRUNC, l.file_create, l.file_access);
    bool ok = file >= 0;
    if (ok) {
        hid_t group = H5Gopen2(file, "/", H5P_DEFAULT);
        ok = group >= 0 && write_group(group, root, &l);
        if (group >= 0)
            ok = H5Gclose(group) >= 0 && ok;
        ok = ok && file_image(file, bytes, size);
        H5Fclose(file);
    }
    lists_close(&l);
    if (!ok)
        return status_set(ST_SYSTEM, "record: HDF5 could not write it (memory?)");
    if (*size > RECORD_MAX_BYTES) {
        free(*bytes);
        *bytes = NULL;
        return status_set(ST_RECORD, "record: %zu bytes, at most %d are allowed: run fewer cells",
                          *size, (int)RECORD_MAX_BYTES);
    }
    return ST_OK;
}
