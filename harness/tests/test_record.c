/* Records as HDF5 bytes: round trip, reproducible bytes, and what the reader refuses. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "../record/record.h"
#include "../record/record_format.h"
#include "hostile_record.h"
#include "sample_record.h"

/* --- encode and decode ---------------------------------------------------------------------- */

static void *encode(const struct tree *root, size_t *size) {
    void *bytes = NULL;
    assert_int_equal(record_encode(root, &bytes, size), ST_OK);
    return bytes;
}

static void assert_same_value(const struct tree_value *a, const struct tree_value *b) {
    assert_int_equal(a->type, b->type);
    assert_int_equal(a->rank, b->rank);
    assert_memory_equal(a->dims, b->dims, sizeof a->dims);
    assert_int_equal(a->bytes, b->bytes);
    if (a->bytes > 0)
        assert_memory_equal(a->data, b->data, a->bytes);
}

static void assert_same_tree(const struct tree *a, const struct tree *b) {
    assert_string_equal(a->name, b->name);
    assert_int_equal(a->is_group, b->is_group);
    assert_int_equal(a->attribute_count, b->attribute_count);
    assert_int_equal(a->child_count, b->child_count);
    if (!a->is_group)
        assert_same_value(&a->value, &b->value);
    for (size_t i = 0; i < a->attribute_count; i++) {
        assert_string_equal(a->attributes[i].name, b->attributes[i].name);
        assert_same_value(&a->attributes[i].value, &b->attributes[i].value);
    }
    for (size_t i = 0; i < a->child_count; i++)
        assert_same_tree(a->children[i], b->children[i]);
}

static void round_trip(void **state) {
    (void)state;
    struct tree *const trees[] = {tree_new(), sample_small(), sample_tree(), sample_run()};
    for (size_t i = 0; i < sizeof trees / sizeof trees[0]; i++) {
        size_t size;
        void *bytes = encode(trees[i], &size);
        struct tree *back = NULL;
        assert_int_equal(record_decode(bytes, size, "sample", &back), ST_OK);
        assert_same_tree(trees[i], back);
        char a[DIGEST_HEX], b[DIGEST_HEX];
        tree_digest(trees[i], a);
        tree_digest(back, b);
        assert_string_equal(a, b);
        free(bytes);
        tree_free(back);
        tree_free(trees[i]);
    }
}

static void two_encodes_give_equal_bytes(void **state) {
    (void)state;
    struct tree *root = sample_run();
    size_t size, again_size;
    void *bytes = encode(root, &size);
    /* HDF5 keeps times in whole seconds; stale heap bytes must not show either. */
    usleep(1100000);
    void *noise[64];
    for (size_t i = 0; i < 64; i++) {
        noise[i] = malloc(100 * (i + 1));
        memset(noise[i], 0xA5, 100 * (i + 1));
    }
    for (size_t i = 0; i < 64; i++)
        free(noise[i]);
    void *again = encode(root, &again_size);
    assert_int_equal(size, again_size);
    assert_memory_equal(bytes, again, size);
    free(bytes);
    free(again);
    tree_free(root);
}

static void order_of_adding_does_not_show(void **state) {
    (void)state;
    struct tree *a = tree_new(), *b = tree_new();
    tree_set_i64(tree_group(a, "x"), "v", 1);
    tree_set_i64(tree_group(a, "y"), "v", 2);
    tree_set_i64(tree_group(b, "y"), "v", 2);
    tree_set_i64(tree_group(b, "x"), "v", 1);
    size_t a_size, b_size;
    void *a_bytes = encode(a, &a_size), *b_bytes = encode(b, &b_size);
    assert_int_equal(a_size, b_size);
    assert_memory_equal(a_bytes, b_bytes, a_size);
    free(a_bytes);
    free(b_bytes);
    tree_free(a);
    tree_free(b);
}

static void many_members(void **state) {
    (void)state;
    struct tree *root = tree_new();
    struct tree *group = tree_group(root, "many");
    char name[32];
    for (int i = 0; i < 2000; i++) {
        snprintf(name, sizeof name, "member-%d", i * 7919 % 2000);
        assert_true(tree_set_i64(tree_group(group, name), "i", i));
    }
    for (int i = 0; i < RECORD_ATTRIBUTES; i++) {
        snprintf(name, sizeof name, "a%d", i);
        assert_true(tree_set_i64(group, name, i));
    }
    size_t size;
    void *bytes = encode(root, &size);
    struct tree *back = NULL;
    assert_int_equal(record_decode(bytes, size, "sample", &back), ST_OK);
    assert_same_tree(root, back);
    free(bytes);
    tree_free(back);
    assert_true(tree_set_i64(group, "one-too-many", 1));
    void *none = NULL;
    assert_int_equal(record_encode(root, &none, &size), ST_RECORD);
    assert_non_null(strstr(status_message(), "1025 attributes"));
    tree_free(root);
}

static void encode_refuses(struct tree *root, const char *said) {
    void *bytes = NULL;
    size_t size = 0;
    assert_int_equal(record_encode(root, &bytes, &size), ST_RECORD);
    assert_null(bytes);
    if (strstr(status_message(), said) == NULL)
        fail_msg("'%s' lacks '%s'", status_message(), said);
    tree_free(root);
}

static void encode_writes_nothing_that_decode_refuses(void **state) {
    (void)state;
    struct tree *root = sample_small();
    tree_set_f64(tree_group(tree_group(root, "measurements"), "cell"), "x", NAN);
    encode_refuses(root, "measurements/cell: attribute x holds NaN");

    root = sample_small();
    const uint64_t two[1] = {2};
    const float series[2] = {1, NAN};
    tree_dataset(tree_group(root, "measurements"), "samples", TREE_F32, 1, two, series);
    encode_refuses(root, "measurements/samples: holds NaN");

    root = tree_new();
    struct tree *t = root;
    for (int i = 0; i < 17; i++)
        t = tree_group(t, "deeper");
    encode_refuses(root, "deeper than 16");

    root = tree_new();
    char *text = calloc(1, 70000);
    memset(text, 'x', 69999);
    tree_set_string(root, "text", text);
    free(text);
    encode_refuses(root, "attribute text has 69999 bytes");
}

static void nan_is_allowed_outside_measurements(void **state) {
    (void)state;
    struct tree *root = sample_small();
    tree_set_f64(tree_group(root, "outputs"), "x", NAN);
    size_t size;
    void *bytes = encode(root, &size);
    struct tree *back = NULL;
    assert_int_equal(record_decode(bytes, size, "sample", &back), ST_OK);
    assert_true(isnan(tree_get_f64(tree_find(back, "outputs"), "x", 0)));
    free(bytes);
    tree_free(back);
    tree_free(root);
}

/* --- odd files (those refused by kind: test_hostile.c) --------------------------------------- */

static void fletcher(hid_t f) {
    const double x[3] = {1, 2, 3};
    const hsize_t three[1] = {3};
    hid_t list = H5Pcreate(H5P_DATASET_CREATE), space = H5Screate_simple(1, three, NULL);
    H5Pset_chunk(list, 1, three);
    H5Pset_fletcher32(list);
    hid_t d = H5Dcreate2(f, "d", H5T_IEEE_F64LE, space, H5P_DEFAULT, list, H5P_DEFAULT);
    assert_true(H5Dwrite(d, H5T_NATIVE_DOUBLE, H5S_ALL, H5S_ALL, H5P_DEFAULT, x) >= 0);
    H5Dclose(d);
    H5Sclose(space);
    H5Pclose(list);
}

static void checksummed_chunks_are_read(void **state) {
    (void)state;
    const struct hostile m = {.kind = "none", .make = fletcher};
    size_t size;
    void *bytes = hostile_make(&m, &size);
    struct tree *root = NULL;
    assert_int_equal(record_decode(bytes, size, "chunks", &root), ST_OK);
    const double x[3] = {1, 2, 3};
    assert_memory_equal(tree_find(root, "d")->value.data, x, sizeof x);
    tree_free(root);
    free(bytes);
}

static void truncated_or_extended_bytes_are_refused(void **state) {
    (void)state;
    struct tree *root = sample_tree(), *back = NULL;
    size_t size;
    char *bytes = encode(root, &size);
    for (size_t cut = 0; cut < size; cut += 64) {
        assert_int_equal(record_decode(bytes, cut, "cut", &back), ST_RECORD);
        assert_null(back);
    }
    char *longer = calloc(1, size + 64);
    memcpy(longer, bytes, size);
    assert_int_equal(record_decode(longer, size + 1, "longer", &back), ST_RECORD);
    assert_non_null(strstr(status_message(), "bytes after the end"));
    assert_int_equal(record_decode(longer, size + 64, "longer", &back), ST_RECORD);
    /* HDF5 would find the file further on. */
    char *later = calloc(1, size + 512);
    memcpy(later + 512, bytes, size);
    assert_int_equal(record_decode(later, size + 512, "later", &back), ST_RECORD);
    assert_non_null(strstr(status_message(), "user block"));
    later[512] = 0;
    assert_int_equal(record_decode(later, size + 512, "later", &back), ST_RECORD);
    assert_non_null(strstr(status_message(), "no HDF5 signature"));
    free(later);
    free(longer);
    free(bytes);
    tree_free(root);
}

/* --- other readers -------------------------------------------------------------------------- */

/* stdout of a shell command line, malloc'd; *rc its exit status. */
static char *shell(const char *command, int *rc) {
    FILE *pipe = popen(command, "r");
    assert_non_null(pipe);
    char *text = calloc(1, 1 << 20);
    size_t used = fread(text, 1, (1 << 20) - 1, pipe);
    text[used] = '\0';
    *rc = pclose(pipe);
    return text;
}

/* Writes the sample run to a new folder and runs a command with %s for its path. */
static char *shell_on_record(const char *format, int *rc) {
    struct tree *root = sample_run();
    size_t size;
    void *bytes = encode(root, &size);
    char *folder = sample_folder(), command[2048];
    const char *path = sample_path(folder, "record.h5");
    sample_store(path, bytes, size);
    snprintf(command, sizeof command, format, path);
    char *text = shell(command, rc);
    sample_remove(folder);
    free(bytes);
    tree_free(root);
    return text;
}

static void h5dump_reads_it(void **state) {
    (void)state;
    if (system("command -v h5dump >/dev/null 2>&1") != 0) {
        print_message("h5dump is not installed\n");
        skip();
    }
    int rc;
    char *text = shell_on_record("h5dump -A '%s' 2>&1", &rc);
    assert_int_equal(rc, 0);
    assert_non_null(strstr(text, "GROUP \"measurements\""));
    assert_non_null(strstr(text, "ATTRIBUTE \"recall_at_k\""));
    assert_non_null(strstr(text, "DATASPACE  NULL"));
    assert_non_null(strstr(text, "STRPAD H5T_STR_NULLPAD"));
    free(text);
}

static void h5py_reads_it(void **state) {
    (void)state;
    if (system("/usr/bin/python3 -c 'import h5py' >/dev/null 2>&1") != 0) {
        print_message("python3-h5py is not installed\n");
        skip();
    }
    int rc;
    char *text = shell_on_record(
        "/usr/bin/python3 -c 'import h5py, sys; f = h5py.File(sys.argv[1], \"r\")\n"
        "cells = f[\"outputs/cells\"]\n"
        "print(sorted(c.attrs[\"oracle\"].decode() if hasattr(c.attrs[\"oracle\"], \"decode\")"
        " else str(c.attrs[\"oracle\"]) for c in cells.values()))\n"
        "print(int(f[\"plan\"].attrs[\"seed\"]))' '%s' 2>&1",
        &rc);
    assert_int_equal(rc, 0);
    assert_string_equal(text, "['fail', 'pass', 'pass', 'skip']\n7\n");
    free(text);
}

int main(void) {
    record_hdf5_quiet();
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(round_trip),
        cmocka_unit_test(two_encodes_give_equal_bytes),
        cmocka_unit_test(order_of_adding_does_not_show),
        cmocka_unit_test(many_members),
        cmocka_unit_test(encode_writes_nothing_that_decode_refuses),
        cmocka_unit_test(nan_is_allowed_outside_measurements),
        cmocka_unit_test(checksummed_chunks_are_read),
        cmocka_unit_test(truncated_or_extended_bytes_are_refused),
        cmocka_unit_test(h5dump_reads_it),
        cmocka_unit_test(h5py_reads_it),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
