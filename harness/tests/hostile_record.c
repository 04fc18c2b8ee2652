/* The files, by the HDF5 calls that make them. */
#include "hostile_record.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "sample_record.h"

static hid_t group(hid_t parent, const char *name) {
    hid_t id = H5Gcreate2(parent, name, H5P_DEFAULT, H5P_DEFAULT, H5P_DEFAULT);
    assert_true(id >= 0);
    return id;
}

/* A dataset of three elements (or `space`), allocated (or as `list` says), named d. */
static void dataset(hid_t file, hid_t type, hid_t space, hid_t list) {
    const hsize_t three[1] = {3};
    hid_t simple = space == H5P_DEFAULT ? H5Screate_simple(1, three, NULL) : space;
    hid_t early = H5Pcreate(H5P_DATASET_CREATE);
    H5Pset_alloc_time(early, H5D_ALLOC_TIME_EARLY);
    hid_t id = H5Dcreate2(file, "d", type, simple, H5P_DEFAULT, list == H5P_DEFAULT ? early : list,
                          H5P_DEFAULT);
    assert_true(id >= 0);
    H5Dclose(id);
    H5Pclose(early);
    H5Sclose(simple);
}

static void soft_link(hid_t f) { H5Lcreate_soft("/x", f, "soft", H5P_DEFAULT, H5P_DEFAULT); }

static void external_link(hid_t f) {
    H5Lcreate_external("/etc/hostname", "/", f, "external", H5P_DEFAULT, H5P_DEFAULT);
}

static void hard_link_twice(hid_t f) {
    H5Gclose(group(f, "a"));
    H5Lcreate_hard(f, "a", f, "b", H5P_DEFAULT, H5P_DEFAULT);
}

static void cycle(hid_t f) { H5Lcreate_hard(f, "/", f, "loop", H5P_DEFAULT, H5P_DEFAULT); }

static void inner_cycle(hid_t f) {
    hid_t a = group(f, "a"), b = group(a, "b");
    H5Lcreate_hard(f, "a", b, "up", H5P_DEFAULT, H5P_DEFAULT);
    H5Gclose(b);
    H5Gclose(a);
}

static hid_t go_nowhere(const char *name, hid_t group_id, const void *data, size_t size,
                        hid_t access, hid_t transfer) {
    (void)name;
    (void)group_id;
    (void)data;
    (void)size;
    (void)access;
    (void)transfer;
    return H5I_INVALID_HID;
}

static void user_link(hid_t f) {
    enum { KIND = 200 };
    const H5L_class_t class = {
        .version = H5L_LINK_CLASS_T_VERS, .id = (H5L_type_t)KIND, .trav_func = go_nowhere};
    assert_true(H5Lregister(&class) >= 0);
    assert_true(H5Lcreate_ud(f, "own", (H5L_type_t)KIND, "x", 1, H5P_DEFAULT, H5P_DEFAULT) >= 0);
    H5Lunregister((H5L_type_t)KIND);
}

static void unsafe_name(hid_t f) { H5Gclose(group(f, "b\x1b[2K\rPASS")); }
static void parent_name(hid_t f) { H5Gclose(group(f, "..")); }
static void foreign_name(hid_t f) { H5Gclose(group(f, "caf\xc3\xa9")); }
static void turned_name(hid_t f) {
    H5Gclose(group(f, "\xe2\x80\xae"
                      "5h"));
}
static void patched_name(hid_t f) { H5Gclose(group(f, "aqqqb")); }

static void named_of(hid_t f, size_t length) {
    char *name = malloc(length + 1);
    memset(name, 'n', length);
    name[length] = '\0';
    H5Gclose(group(f, name));
    free(name);
}

static void overlong_name(hid_t f) { named_of(f, TREE_NAME_MAX + 1); }
static void huge_name(hid_t f) { named_of(f, 10000); }

static void two_names(hid_t f) {
    H5Gclose(group(f, "aqqqa"));
    H5Gclose(group(f, "aqqqb"));
}

/* All of them one group, under many names. */
static void many_in_one(hid_t f) {
    char name[16];
    hid_t one = group(f, "one");
    for (int i = 0; i < RECORD_OBJECTS; i++) {
        snprintf(name, sizeof name, "%05d", i);
        assert_true(H5Lcreate_hard(one, ".", f, name, H5P_DEFAULT, H5P_DEFAULT) >= 0);
    }
    H5Gclose(one);
}

static void many_in_two(hid_t f) {
    char name[16];
    const char *const halves[] = {"a", "b"};
    for (int h = 0; h < 2; h++) {
        hid_t half = group(f, halves[h]);
        for (int i = 0; i < RECORD_OBJECTS / 2; i++) {
            snprintf(name, sizeof name, "%05d", i);
            H5Gclose(group(half, name));
        }
        H5Gclose(half);
    }
}

static void named_type(hid_t f) {
    hid_t t = H5Tcopy(H5T_STD_I32LE);
    H5Tcommit2(f, "t", t, H5P_DEFAULT, H5P_DEFAULT, H5P_DEFAULT);
    H5Tclose(t);
}

static void big_endian(hid_t f) { dataset(f, H5T_STD_I32BE, H5P_DEFAULT, H5P_DEFAULT); }
static void short_integer(hid_t f) { dataset(f, H5T_STD_I16LE, H5P_DEFAULT, H5P_DEFAULT); }
static void reference(hid_t f) { dataset(f, H5T_STD_REF_OBJ, H5P_DEFAULT, H5P_DEFAULT); }
static void bitfield(hid_t f) { dataset(f, H5T_STD_B8LE, H5P_DEFAULT, H5P_DEFAULT); }

static void own_type(hid_t f, hid_t type) {
    dataset(f, type, H5P_DEFAULT, H5P_DEFAULT);
    H5Tclose(type);
}

static void compound(hid_t f) {
    hid_t t = H5Tcreate(H5T_COMPOUND, 8);
    H5Tinsert(t, "x", 0, H5T_IEEE_F64LE);
    own_type(f, t);
}

static void array(hid_t f) {
    const hsize_t two[1] = {2};
    own_type(f, H5Tarray_create2(H5T_STD_I32LE, 1, two));
}

static void time_stamp(hid_t f) { dataset(f, H5T_UNIX_D32LE, H5P_DEFAULT, H5P_DEFAULT); }

/* An attribute without a value written. */
static void attribute(hid_t node, const char *name, hid_t type, hid_t space) {
    hid_t simple = space == H5P_DEFAULT ? H5Screate(H5S_SCALAR) : space;
    hid_t a = H5Acreate2(node, name, type, simple, H5P_DEFAULT, H5P_DEFAULT);
    assert_true(a >= 0);
    H5Aclose(a);
    H5Sclose(simple);
}

static void variable_attribute(hid_t f) {
    hid_t t = H5Tcopy(H5T_C_S1);
    H5Tset_size(t, H5T_VARIABLE);
    attribute(f, "a", t, H5P_DEFAULT);
    H5Tclose(t);
}

static void compound_attribute(hid_t f) {
    hid_t t = H5Tcreate(H5T_COMPOUND, 8);
    H5Tinsert(t, "x", 0, H5T_IEEE_F64LE);
    attribute(f, "a", t, H5P_DEFAULT);
    H5Tclose(t);
}

static void reference_attribute(hid_t f) { attribute(f, "a", H5T_STD_REF_OBJ, H5P_DEFAULT); }

static void named_type_attribute(hid_t f) {
    hid_t t = H5Tcopy(H5T_STD_I32LE), g = group(f, "g");
    H5Tcommit_anon(f, t, H5P_DEFAULT, H5P_DEFAULT);
    attribute(g, "a", t, H5P_DEFAULT);
    H5Gclose(g);
    H5Tclose(t);
}

static void large_attribute(hid_t f) {
    const hsize_t many[1] = {70000};
    attribute(f, "a", H5T_STD_U8LE, H5Screate_simple(1, many, NULL));
}

static void many_attributes(hid_t f) {
    char name[16];
    for (int i = 0; i < RECORD_ATTRIBUTES + 1; i++) {
        snprintf(name, sizeof name, "a%04d", i);
        attribute(f, name, H5T_STD_U8LE, H5P_DEFAULT);
    }
}

static void opaque(hid_t f) { own_type(f, H5Tcreate(H5T_OPAQUE, 4)); }

static void enumerated(hid_t f) {
    hid_t t = H5Tenum_create(H5T_STD_I32LE);
    const int32_t one = 1;
    H5Tenum_insert(t, "one", &one);
    own_type(f, t);
}

static void variable_numbers(hid_t f) { own_type(f, H5Tvlen_create(H5T_STD_I32LE)); }

static void variable_string(hid_t f) {
    hid_t t = H5Tcopy(H5T_C_S1);
    H5Tset_size(t, H5T_VARIABLE);
    own_type(f, t);
}

static void terminated_string(hid_t f) {
    hid_t t = H5Tcopy(H5T_C_S1);
    H5Tset_size(t, 4);
    own_type(f, t);
}

static void string_array(hid_t f) {
    hid_t t = H5Tcopy(H5T_C_S1);
    H5Tset_size(t, 4);
    H5Tset_strpad(t, H5T_STR_NULLPAD);
    own_type(f, t);
}

static void nul_inside(hid_t f) {
    hid_t t = H5Tcopy(H5T_C_S1), space = H5Screate(H5S_SCALAR);
    H5Tset_size(t, 4);
    H5Tset_strpad(t, H5T_STR_NULLPAD);
    hid_t a = H5Acreate2(f, "a", t, space, H5P_DEFAULT, H5P_DEFAULT);
    H5Awrite(a, t, "a\0b");
    H5Aclose(a);
    H5Sclose(space);
    H5Tclose(t);
}

/* A dataset whose creation list `set` fills; chunks of three. */
static void stored(hid_t f, void (*set)(hid_t list), hsize_t most) {
    const hsize_t three[1] = {3};
    hid_t list = H5Pcreate(H5P_DATASET_CREATE);
    set(list);
    dataset(f, H5T_IEEE_F64LE, H5Screate_simple(1, three, &most), list);
    H5Pclose(list);
}

static void set_chunk(hid_t list) {
    const hsize_t three[1] = {3};
    H5Pset_chunk(list, 1, three);
    H5Pset_alloc_time(list, H5D_ALLOC_TIME_EARLY);
}

static void set_deflate(hid_t list) {
    set_chunk(list);
    H5Pset_deflate(list, 6);
}

static void set_shuffle(hid_t list) {
    set_chunk(list);
    H5Pset_shuffle(list);
}

static void set_scale_offset(hid_t list) {
    set_chunk(list);
    H5Pset_scaleoffset(list, H5Z_SO_FLOAT_DSCALE, 2);
}

/* From 256 on not of the library; from 32768 on found by plugin. */
enum { UNKNOWN_FILTER = 300, PLUGIN_FILTER = 40000 };

/* Does nothing; only its number matters. */
static size_t pass_through(unsigned flags, size_t values, const unsigned value[], size_t bytes,
                           size_t *size, void **data) {
    (void)flags;
    (void)values;
    (void)value;
    (void)size;
    (void)data;
    return bytes;
}

/* A dataset behind a filter that no longer exists when the file is read. */
static void foreign_filter(hid_t f, H5Z_filter_t number) {
    const H5Z_class2_t class = {H5Z_CLASS_T_VERS, number, 1, 1, "own", NULL, NULL, pass_through};
    const hsize_t three[1] = {3};
    assert_true(H5Zregister(&class) >= 0);
    hid_t list = H5Pcreate(H5P_DATASET_CREATE);
    set_chunk(list);
    assert_true(H5Pset_filter(list, number, H5Z_FLAG_MANDATORY, 0, NULL) >= 0);
    dataset(f, H5T_IEEE_F64LE, H5Screate_simple(1, three, NULL), list);
    H5Pclose(list);
}

static void unknown_filter(hid_t f) { foreign_filter(f, UNKNOWN_FILTER); }
static void plugin_filter(hid_t f) { foreign_filter(f, PLUGIN_FILTER); }

static void set_compact(hid_t list) { H5Pset_layout(list, H5D_COMPACT); }
static void set_external(hid_t list) { H5Pset_external(list, "/etc/hostname", 0, 24); }
static void set_nothing(hid_t list) { (void)list; }

static void deflate(hid_t f) { stored(f, set_deflate, 3); }
static void shuffle(hid_t f) { stored(f, set_shuffle, 3); }
static void scale_offset(hid_t f) { stored(f, set_scale_offset, 3); }
static void compact(hid_t f) { stored(f, set_compact, 3); }
static void external_storage(hid_t f) { stored(f, set_external, 3); }
static void extensible(hid_t f) { stored(f, set_chunk, H5S_UNLIMITED); }
static void unallocated(hid_t f) { stored(f, set_nothing, 3); }

static void virtual_dataset(hid_t f) {
    const hsize_t three[1] = {3};
    hid_t space = H5Screate_simple(1, three, NULL), list = H5Pcreate(H5P_DATASET_CREATE);
    assert_true(H5Pset_virtual(list, space, "/etc/hostname", "/x", space) >= 0);
    dataset(f, H5T_IEEE_F64LE, H5Scopy(space), list);
    H5Pclose(list);
    H5Sclose(space);
}

static void huge_extent(hid_t f) {
    const hsize_t huge[2] = {UINT64_C(1) << 30, UINT64_C(1) << 30};
    const hsize_t chunk[2] = {1, 1};
    hid_t list = H5Pcreate(H5P_DATASET_CREATE);
    H5Pset_chunk(list, 2, chunk);
    dataset(f, H5T_STD_U8LE, H5Screate_simple(2, huge, NULL), list);
    H5Pclose(list);
}

/* 2^80 elements: a product in 64 bits is 0. */
static void overflowing_extent(hid_t f) {
    const hsize_t huge[2] = {UINT64_C(1) << 40, UINT64_C(1) << 40};
    const hsize_t chunk[2] = {1, 1};
    hid_t list = H5Pcreate(H5P_DATASET_CREATE);
    H5Pset_chunk(list, 2, chunk);
    dataset(f, H5T_STD_U8LE, H5Screate_simple(2, huge, NULL), list);
    H5Pclose(list);
}

/* 2^61 elements of 8 bytes. */
static void overflowing_bytes(hid_t f) {
    const hsize_t huge[1] = {UINT64_C(1) << 61};
    const hsize_t chunk[1] = {1};
    hid_t list = H5Pcreate(H5P_DATASET_CREATE);
    H5Pset_chunk(list, 1, chunk);
    dataset(f, H5T_IEEE_F64LE, H5Screate_simple(1, huge, NULL), list);
    H5Pclose(list);
}

/* Patched afterwards, to more than the file holds. */
static void long_extent(hid_t f) {
    const hsize_t many[1] = {0x5a5a};
    dataset(f, H5T_STD_U8LE, H5Screate_simple(1, many, NULL), H5P_DEFAULT);
}

static void huge_chunk(hid_t f) {
    const hsize_t one[1] = {1}, chunk[1] = {1 << 28};
    hid_t list = H5Pcreate(H5P_DATASET_CREATE);
    H5Pset_chunk(list, 1, chunk);
    const hsize_t most[1] = {H5S_UNLIMITED};
    dataset(f, H5T_STD_U8LE, H5Screate_simple(1, one, most), list);
    H5Pclose(list);
}

static void high_rank(hid_t f) {
    const hsize_t dims[5] = {1, 1, 1, 1, 1};
    dataset(f, H5T_STD_U8LE, H5Screate_simple(5, dims, NULL), H5P_DEFAULT);
}

static void comment(hid_t f) {
    hid_t g = group(f, "a");
    H5Oset_comment(g, "a remark");
    H5Gclose(g);
}

static void root_comment(hid_t f) { H5Oset_comment(f, "a remark"); }

static void deep(hid_t f) {
    hid_t at = H5Gopen2(f, "/", H5P_DEFAULT);
    for (int i = 0; i < 17; i++) {
        hid_t below = group(at, "deeper");
        H5Gclose(at);
        at = below;
    }
    H5Gclose(at);
}

static void measured_nan(hid_t f) {
    const double x = NAN;
    hid_t g = group(f, "measurements"), space = H5Screate(H5S_SCALAR);
    hid_t a = H5Acreate2(g, "x", H5T_IEEE_F64LE, space, H5P_DEFAULT, H5P_DEFAULT);
    H5Awrite(a, H5T_NATIVE_DOUBLE, &x);
    H5Aclose(a);
    H5Sclose(space);
    H5Gclose(g);
}

/* The last of three measured numbers, in the group cells. */
static void nan_series(hid_t f, hid_t type) {
    const double x[3] = {1, 2, NAN};
    hid_t g = group(f, "measurements"), cells = group(g, "cells");
    dataset(cells, type, H5P_DEFAULT, H5P_DEFAULT);
    hid_t d = H5Dopen2(cells, "d", H5P_DEFAULT);
    assert_true(H5Dwrite(d, H5T_NATIVE_DOUBLE, H5S_ALL, H5S_ALL, H5P_DEFAULT, x) >= 0);
    H5Dclose(d);
    H5Gclose(cells);
    H5Gclose(g);
}

static void nan_f64(hid_t f) { nan_series(f, H5T_IEEE_F64LE); }
static void nan_f32(hid_t f) { nan_series(f, H5T_IEEE_F32LE); }

static void unsafe_attribute(hid_t f) { attribute(f, "Upper", H5T_STD_I32LE, H5P_DEFAULT); }

static void nothing(hid_t f) { (void)f; }

/* --- the list ------------------------------------------------------------------------------- */

const struct hostile hostile_records[] = {
    {"soft link", "soft link (member soft of /)", soft_link, FORMAT_OLDEST, NULL, NULL, 0},
    {"external link", "external link (member external of /)", external_link, FORMAT_OLDEST, NULL,
     NULL, 0},
    {"user-defined link", "user-defined link (member own of /)", user_link, FORMAT_OLDEST, NULL,
     NULL, 0},
    {"two hard links", "more than one hard link (at a)", hard_link_twice, FORMAT_OLDEST, NULL, NULL,
     0},
    {"cycle through the root", "more than one hard link (at /)", cycle, FORMAT_OLDEST, NULL, NULL,
     0},
    {"cycle below the root", "more than one hard link (at a)", inner_cycle, FORMAT_OLDEST, NULL,
     NULL, 0},
    {"name with escapes", "name outside [a-z0-9._-]{1,64} (member b\\x1b[2K\\x0dPASS of /)",
     unsafe_name, FORMAT_OLDEST, NULL, NULL, 0},
    {"name that goes up", "name outside [a-z0-9._-]{1,64} (member .. of /)", parent_name,
     FORMAT_OLDEST, NULL, NULL, 0},
    {"name with a slash", "name outside [a-z0-9._-]{1,64} (member a/../ of /)", patched_name,
     FORMAT_OLDEST, "aqqqb", "a/../", 5},
    {"empty name", "name outside [a-z0-9._-]{1,64} (member  of /)", patched_name, FORMAT_OLDEST,
     "aqqqb", "\0qqqb", 5},
    {"name outside ASCII", "name outside [a-z0-9._-]{1,64} (member caf\xc3\xa9 of /)", foreign_name,
     FORMAT_OLDEST, NULL, NULL, 0},
    {"name that turns the text", "name outside [a-z0-9._-]{1,64} (member \\u{202e}5h of /)",
     turned_name, FORMAT_OLDEST, NULL, NULL, 0},
    {"name of 65 bytes", "name outside [a-z0-9._-]{1,64} (member nnnnnn", overlong_name,
     FORMAT_OLDEST, NULL, NULL, 0},
    {"name of 10000 bytes", "name outside [a-z0-9._-]{1,64} (member nnnnnn", huge_name,
     FORMAT_OLDEST, NULL, NULL, 0},
    {"two equal names", "duplicate name (at aqqqa)", two_names, FORMAT_OLDEST, "aqqqb", "aqqqa", 5},
    {"attribute with an unsafe name", "name outside [a-z0-9._-]{1,64} (attribute Upper of /)",
     unsafe_attribute, FORMAT_OLDEST, NULL, NULL, 0},
    {"too many members", "too many names (member ", many_in_one, FORMAT_V18, NULL, NULL, 0},
    {"too many objects", "more than 65536 objects (at b)", many_in_two, FORMAT_V18, NULL, NULL, 0},
    {"too many attributes", "too many names (attribute a", many_attributes, FORMAT_V18, NULL, NULL,
     0},
    {"large attribute", "attribute a has 70000 bytes, at most 65000 are allowed", large_attribute,
     FORMAT_V18, NULL, NULL, 0},
    {"named type", "named type (at t)", named_type, FORMAT_OLDEST, NULL, NULL, 0},
    {"named type of an attribute", "named type (attribute a of g)", named_type_attribute,
     FORMAT_OLDEST, NULL, NULL, 0},
    {"big-endian number", "number that is not little-endian", big_endian, FORMAT_OLDEST, NULL, NULL,
     0},
    {"short integer", "number that is not little-endian", short_integer, FORMAT_OLDEST, NULL, NULL,
     0},
    {"reference", "reference type (at d)", reference, FORMAT_OLDEST, NULL, NULL, 0},
    {"reference in an attribute", "reference type (attribute a of /)", reference_attribute,
     FORMAT_OLDEST, NULL, NULL, 0},
    {"bitfield", "bitfield type (at d)", bitfield, FORMAT_OLDEST, NULL, NULL, 0},
    {"compound", "compound type (at d)", compound, FORMAT_OLDEST, NULL, NULL, 0},
    {"compound in an attribute", "compound type (attribute a of /)", compound_attribute,
     FORMAT_OLDEST, NULL, NULL, 0},
    {"array", "array type (at d)", array, FORMAT_OLDEST, NULL, NULL, 0},
    {"time", "time type (at d)", time_stamp, FORMAT_OLDEST, NULL, NULL, 0},
    {"opaque", "opaque type (at d)", opaque, FORMAT_OLDEST, NULL, NULL, 0},
    {"enumeration", "enumerated type (at d)", enumerated, FORMAT_OLDEST, NULL, NULL, 0},
    {"variable-length numbers", "variable-length type (at d)", variable_numbers, FORMAT_OLDEST,
     NULL, NULL, 0},
    {"variable-length string", "variable-length string (at d)", variable_string, FORMAT_OLDEST,
     NULL, NULL, 0},
    {"variable-length string in an attribute", "variable-length string (attribute a of /)",
     variable_attribute, FORMAT_OLDEST, NULL, NULL, 0},
    {"NUL-terminated string", "string that is not NUL-padded (at d)", terminated_string,
     FORMAT_OLDEST, NULL, NULL, 0},
    {"array of strings", "array of strings (at d)", string_array, FORMAT_OLDEST, NULL, NULL, 0},
    {"NUL inside a string", "NUL inside a string (attribute a of /)", nul_inside, FORMAT_OLDEST,
     NULL, NULL, 0},
    {"deflate", "filter other than fletcher32 (at d)", deflate, FORMAT_OLDEST, NULL, NULL, 0},
    {"shuffle", "filter other than fletcher32 (at d)", shuffle, FORMAT_OLDEST, NULL, NULL, 0},
    {"scale-offset", "filter other than fletcher32 (at d)", scale_offset, FORMAT_OLDEST, NULL, NULL,
     0},
    {"unknown filter", "filter that is not HDF5's own (at d)", unknown_filter, FORMAT_OLDEST, NULL,
     NULL, 0},
    {"filter that wants a plugin", "filter that is not HDF5's own (at d)", plugin_filter,
     FORMAT_OLDEST, NULL, NULL, 0},
    {"compact storage", "compact storage (at d)", compact, FORMAT_OLDEST, NULL, NULL, 0},
    {"external storage", "external storage (at d)", external_storage, FORMAT_OLDEST, NULL, NULL, 0},
    {"virtual dataset", "virtual dataset (at d)", virtual_dataset, FORMAT_OLDEST, NULL, NULL, 0},
    {"extensible extent", "extensible extent (at d)", extensible, FORMAT_OLDEST, NULL, NULL, 0},
    {"storage not allocated", "storage not allocated (at d)", unallocated, FORMAT_OLDEST, NULL,
     NULL, 0},
    {"huge extent", "storage not allocated (at d)", huge_extent, FORMAT_OLDEST, NULL, NULL, 0},
    {"extent that overflows", "extent overflows (at d)", overflowing_extent, FORMAT_OLDEST, NULL,
     NULL, 0},
    {"extent whose bytes overflow", "extent overflows (at d)", overflowing_bytes, FORMAT_OLDEST,
     NULL, NULL, 0},
    {"extent beyond the file", "values larger than the file (at d)", long_extent, FORMAT_OLDEST,
     "\x5a\x5a\0\0\0\0\0\0", "\x5a\x5a\x5a\0\0\0\0\0", 8},
    {"huge chunk", "chunk larger than the file (at d)", huge_chunk, FORMAT_OLDEST, NULL, NULL, 0},
    {"rank of five", "rank above 4 (at d)", high_rank, FORMAT_OLDEST, NULL, NULL, 0},
    {"comment", "object comment (at a)", comment, FORMAT_OLDEST, NULL, NULL, 0},
    {"comment of the root", "object comment (at /)", root_comment, FORMAT_OLDEST, NULL, NULL, 0},
    {"deep nesting", "nested deeper than 16 groups", deep, FORMAT_OLDEST, NULL, NULL, 0},
    {"measured NaN in an attribute", "measurements: attribute x holds NaN", measured_nan,
     FORMAT_OLDEST, NULL, NULL, 0},
    {"measured NaN, f64", "measurements/cells/d: holds NaN", nan_f64, FORMAT_OLDEST, NULL, NULL, 0},
    {"measured NaN, f32", "measurements/cells/d: holds NaN", nan_f32, FORMAT_OLDEST, NULL, NULL, 0},
    {"user block", "user block (at /)", nothing, FORMAT_USER_BLOCK, NULL, NULL, 0},
    {"user block that was cut off", "user block (at /)", nothing, FORMAT_LOST_BLOCK, NULL, NULL, 0},
};
const size_t hostile_count = sizeof hostile_records / sizeof hostile_records[0];

/* --- making them ---------------------------------------------------------------------------- */

static void patch(char *bytes, size_t size, const struct hostile *h) {
    size_t changed = 0;
    for (size_t i = 0; h->patch > 0 && i + h->patch <= size; i++) {
        if (memcmp(bytes + i, h->from, h->patch) == 0) {
            memcpy(bytes + i, h->to, h->patch);
            changed++;
        }
    }
    assert_int_equal(changed > 0, h->patch > 0);
}

/* Filters of foreign numbers must be gone before anyone reads. */
static void forget_filters(void) {
    static const H5Z_filter_t numbers[] = {UNKNOWN_FILTER, PLUGIN_FILTER};
    for (size_t i = 0; i < sizeof numbers / sizeof numbers[0]; i++)
        H5Zunregister(numbers[i]);
}

/* By a real file: H5Fget_file_image (1.10.8) spoils the checksum of newer superblocks. */
void *hostile_make(const struct hostile *h, size_t *size) {
    enum { USER_BLOCK = 512 };
    char *folder = sample_folder();
    const char *path = sample_path(folder, "hostile.h5");
    hid_t access = H5Pcreate(H5P_FILE_ACCESS), create = H5Pcreate(H5P_FILE_CREATE);
    record_hdf5_quiet();
    if (h->format == FORMAT_V18)
        assert_true(H5Pset_libver_bounds(access, H5F_LIBVER_V18, H5F_LIBVER_V18) >= 0);
    if (h->format == FORMAT_USER_BLOCK || h->format == FORMAT_LOST_BLOCK)
        assert_true(H5Pset_userblock(create, USER_BLOCK) >= 0);
    hid_t file = H5Fcreate(path, H5F_ACC_TRUNC, create, access);
    assert_true(file >= 0);
    h->make(file);
    assert_true(H5Fclose(file) >= 0);
    H5Pclose(access);
    H5Pclose(create);
    forget_filters();
    char *bytes = sample_load(path, size);
    sample_remove(folder);
    if (h->format == FORMAT_LOST_BLOCK) {
        *size -= USER_BLOCK;
        memmove(bytes, bytes + USER_BLOCK, *size);
    }
    patch(bytes, *size, h);
    return bytes;
}
