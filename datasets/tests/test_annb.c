/* The reader of ann-benchmarks HDF5 files, from a path and from an image in memory. */
#include <hdf5.h>
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "../formats.h"
#include "support.h"

enum { N = 4, Q = 2, D = 3, K = 2 };

static const float train[N * D] = {1, 2, 2, 0, 3, 4, 6, 0, 8, 0, 0, 5};
static const float test[Q * D] = {2, 3, 6, 0, 0.5F, 0};
static const int32_t neighbours[Q * K] = {0, 1, 1, 3};
static const float distances[Q * K] = {0.5F, 1, 2, 3};

/* The file of each test: complete and good until a test changes it. */
static char path[PATH_MAX_TEST];

static hid_t create(void) {
    snprintf(path, sizeof path, "%s", scratch_path("set.hdf5"));
    const hid_t file = H5Fcreate(path, H5F_ACC_TRUNC, H5P_DEFAULT, H5P_DEFAULT);
    assert_true(file >= 0);
    return file;
}

static void write_ranked(hid_t file, const char *name, int rank, const hsize_t *shape, hid_t type,
                         hid_t memory, const void *values, hid_t plist) {
    const hid_t space = H5Screate_simple(rank, shape, NULL);
    const hid_t set = H5Dcreate2(file, name, type, space, H5P_DEFAULT, plist, H5P_DEFAULT);
    assert_true(set >= 0);
    if (values != NULL) {
        assert_true(H5Dwrite(set, memory, H5S_ALL, H5S_ALL, H5P_DEFAULT, values) >= 0);
    }
    H5Dclose(set);
    H5Sclose(space);
}

static void write_table(hid_t file, const char *name, hsize_t n, hsize_t d, hid_t type,
                        const void *values) {
    const hsize_t shape[2] = {n, d};
    const bool whole = H5Tget_class(type) == H5T_INTEGER && H5Tget_size(type) > 1;
    write_ranked(file, name, 2, shape, type, whole ? H5T_NATIVE_INT32 : H5T_NATIVE_FLOAT, values,
                 H5P_DEFAULT);
}

static void write_distance(hid_t file, const char *text, bool variable) {
    const hid_t space = H5Screate(H5S_SCALAR);
    const hid_t type = H5Tcopy(H5T_C_S1);
    H5Tset_size(type, variable ? H5T_VARIABLE : strlen(text));
    H5Tset_strpad(type, H5T_STR_NULLPAD);
    if (variable) {
        H5Tset_cset(type, H5T_CSET_UTF8); /* as h5py writes a str */
    }
    const hid_t id = H5Acreate2(file, "distance", type, space, H5P_DEFAULT, H5P_DEFAULT);
    assert_true(H5Awrite(id, type, variable ? (const void *)&text : (const void *)text) >= 0);
    H5Aclose(id);
    H5Tclose(type);
    H5Sclose(space);
}

static void write_neighbours(hid_t file) {
    write_table(file, "neighbors", Q, K, H5T_STD_I32LE, neighbours);
    write_table(file, "distances", Q, K, H5T_IEEE_F32LE, distances);
}

/* A good file but for the named dataset, which the caller adds; NULL: all of it. */
static hid_t create_without(const char *missing) {
    const hid_t file = create();
    if (missing == NULL || strcmp(missing, "train") != 0) {
        write_table(file, "train", N, D, H5T_IEEE_F32LE, train);
    }
    if (missing == NULL || strcmp(missing, "test") != 0) {
        write_table(file, "test", Q, D, H5T_IEEE_F32LE, test);
    }
    if (missing == NULL || strcmp(missing, "distance") != 0) {
        write_distance(file, "euclidean", true);
    }
    return file;
}

/* The file's bytes in memory that free() releases. */
static unsigned char *slurp(size_t *size) {
    FILE *file = fopen(path, "rb");
    assert_non_null(file);
    assert_int_equal(fseek(file, 0, SEEK_END), 0);
    *size = (size_t)ftell(file);
    rewind(file);
    unsigned char *bytes = malloc(*size);
    assert_non_null(bytes);
    assert_int_equal(fread(bytes, 1, *size, file), *size);
    fclose(file);
    return bytes;
}

/* Closes the file and reads it both ways, which must agree. */
static enum status read_both(hid_t file, int64_t max_n, int64_t max_queries, struct dataset *out) {
    struct dataset image;
    size_t size;
    H5Fclose(file);
    unsigned char *bytes = slurp(&size);
    const enum status first = annb_parse(bytes, size, "input", max_n, max_queries, &image);
    const enum status second = annb_read(path, size, "input", max_n, max_queries, out);
    free(bytes);
    assert_int_equal(first, second);
    assert_int_equal(image.base.n, out->base.n);
    assert_int_equal(image.queries.n, out->queries.n);
    if (image.base.n > 0) {
        assert_memory_equal(image.base.rows, out->base.rows,
                            (size_t)image.base.n * D * sizeof(float));
    }
    dataset_close(&image);
    return second;
}

static void refuse(hid_t file, const char *what) {
    struct dataset d;
    assert_refused(read_both(file, 0, 0, &d), "input", what);
    assert_null(d.base.rows);
    assert_null(d.queries.rows);
    assert_null(d.neighbours);
}

static void a_euclidean_file_is_read(void **state) {
    (void)state;
    struct dataset d;
    const hid_t file = create_without(NULL);
    write_neighbours(file);
    assert_int_equal(read_both(file, 0, 0, &d), ST_OK);
    assert_int_equal(d.base.n, N);
    assert_int_equal(d.base.d, D);
    assert_int_equal(d.queries.n, Q);
    assert_int_equal(d.queries.d, D);
    assert_false(d.cosine);
    assert_int_equal(d.neighbour_k, K);
    assert_memory_equal(d.base.rows, train, sizeof train);
    assert_memory_equal(d.queries.rows, test, sizeof test);
    assert_memory_equal(d.neighbours, neighbours, sizeof neighbours);
    dataset_close(&d);
}

static void limits_keep_the_first_rows(void **state) {
    (void)state;
    struct dataset d;
    hid_t file = create_without(NULL);
    write_neighbours(file);
    assert_int_equal(read_both(file, 0, 1, &d), ST_OK);
    assert_int_equal(d.queries.n, 1);
    assert_memory_equal(d.neighbours, neighbours, K * sizeof *neighbours);
    dataset_close(&d);
    file = create_without(NULL);
    write_neighbours(file);
    assert_int_equal(read_both(file, 3, 0, &d), ST_OK);
    assert_int_equal(d.base.n, 3);
    assert_memory_equal(d.base.rows, train, 3 * D * sizeof *train);
    assert_null(d.neighbours); /* they may name the vector that was cut */
    dataset_close(&d);
}

static void an_angular_file_is_normalised(void **state) {
    static const float train_unit[N * D] = {1 / 3.0F, 2 / 3.0F, 2 / 3.0F, 0, 0.6F, 0.8F,
                                            0.6F,     0,        0.8F,     0, 0,    1};
    static const float test_unit[Q * D] = {2 / 7.0F, 3 / 7.0F, 6 / 7.0F, 0, 1, 0};
    (void)state;
    for (int variable = 0; variable < 2; variable++) {
        struct dataset d;
        const hid_t file = create_without("distance");
        write_distance(file, "angular", variable == 1);
        assert_int_equal(read_both(file, 0, 0, &d), ST_OK);
        assert_true(d.cosine);
        assert_memory_equal(d.base.rows, train_unit, sizeof train_unit);
        assert_memory_equal(d.queries.rows, test_unit, sizeof test_unit);
        dataset_close(&d);
    }
}

static void other_types_and_packed_chunks_are_read(void **state) {
    static const float large[64 * D] = {[5] = 7};
    const hsize_t shape[2] = {64, D}, chunk[2] = {16, 2};
    (void)state;
    struct dataset d;
    hid_t file = create();
    const hid_t plist = H5Pcreate(H5P_DATASET_CREATE);
    H5Pset_chunk(plist, 2, chunk);
    H5Pset_shuffle(plist);
    H5Pset_deflate(plist, 6);
    H5Pset_fletcher32(plist);
    write_ranked(file, "train", 2, shape, H5T_STD_U8LE, H5T_NATIVE_FLOAT, large, plist);
    H5Pclose(plist);
    write_table(file, "test", Q, D, H5T_IEEE_F64LE, test);
    write_distance(file, "euclidean", true);
    assert_int_equal(read_both(file, 0, 0, &d), ST_OK);
    assert_int_equal(d.base.n, 64);
    assert_memory_equal(d.base.rows, large, sizeof large);
    assert_memory_equal(d.queries.rows, test, sizeof test);
    dataset_close(&d);
}

static void a_missing_part_is_refused(void **state) {
    (void)state;
    refuse(create_without("train"), "no dataset 'train'");
    refuse(create_without("test"), "no dataset 'test'");
    refuse(create_without("distance"), "no attribute 'distance'");
}

static void other_distances_are_refused(void **state) {
    static const char *const others[] = {"jaccard", "hamming", "euclidea", "euclidean2", "Angular"};
    (void)state;
    for (size_t i = 0; i < 2 * sizeof others / sizeof *others; i++) {
        const hid_t file = create_without("distance");
        write_distance(file, others[i / 2], i % 2 == 1);
        refuse(file, others[i / 2]);
    }
    hid_t file = create_without("distance");
    write_distance(file, "\033[2Jx", true);
    refuse(file, "'?[2Jx'");
    file = create_without("distance");
    const hid_t space = H5Screate(H5S_SCALAR);
    H5Aclose(H5Acreate2(file, "distance", H5T_STD_I32LE, space, H5P_DEFAULT, H5P_DEFAULT));
    H5Sclose(space);
    refuse(file, "no attribute 'distance' of text");
}

static void wrong_shapes_and_types_are_refused(void **state) {
    const hsize_t flat[1] = {N * D}, cube[3] = {2, 2, D}, none[2] = {0, D};
    (void)state;
    hid_t file = create_without("train");
    write_ranked(file, "train", 1, flat, H5T_IEEE_F32LE, H5T_NATIVE_FLOAT, train, H5P_DEFAULT);
    refuse(file, "not two-dimensional");
    file = create_without("train");
    write_ranked(file, "train", 3, cube, H5T_IEEE_F32LE, H5T_NATIVE_FLOAT, train, H5P_DEFAULT);
    refuse(file, "not two-dimensional");
    file = create_without("train");
    write_ranked(file, "train", 2, none, H5T_IEEE_F32LE, H5T_NATIVE_FLOAT, NULL, H5P_DEFAULT);
    refuse(file, "no vectors");
    file = create_without("train");
    write_table(file, "train", N, D, H5T_STD_I16LE, NULL);
    refuse(file, "dtype");
    file = create_without("test");
    write_table(file, "test", Q, D, H5T_IEEE_F32BE, test);
    refuse(file, "dtype");
    file = create_without("test");
    write_table(file, "test", Q + 1, D - 1, H5T_IEEE_F32LE, test);
    refuse(file, "'train' has dimension 3, 'test' 2");
    file = create_without("train");
    H5Gclose(H5Gcreate2(file, "train", H5P_DEFAULT, H5P_DEFAULT, H5P_DEFAULT));
    refuse(file, "'train' cannot be read");
}

static void unusable_values_are_refused(void **state) {
    (void)state;
    float values[N * D];
    memcpy(values, train, sizeof values);
    values[7] = NAN;
    hid_t file = create_without("train");
    write_table(file, "train", N, D, H5T_IEEE_F32LE, values);
    refuse(file, "train: row 2, dimension 1 is NaN");
    file = create_without("test");
    values[7] = 0;
    values[3] = -INFINITY;
    write_table(file, "test", Q, D, H5T_IEEE_F32LE, values);
    refuse(file, "test: row 1, dimension 0 is infinite");
    memset(values + 3, 0, 3 * sizeof *values);
    file = create();
    write_table(file, "train", N, D, H5T_IEEE_F32LE, values);
    write_table(file, "test", Q, D, H5T_IEEE_F32LE, test);
    write_distance(file, "angular", true);
    refuse(file, "row 1 of 'train' is zero");
}

static void wrong_neighbours_are_refused(void **state) {
    (void)state;
    int32_t ids[Q * K] = {0, 1, 2, N};
    hid_t file = create_without(NULL);
    write_table(file, "neighbors", Q, K, H5T_STD_I32LE, ids);
    refuse(file, "of query 1 name vector 4 of 4");
    ids[3] = 3;
    ids[0] = -1;
    file = create_without(NULL);
    write_table(file, "neighbors", Q, K, H5T_STD_I64LE, ids);
    refuse(file, "of query 0 name vector -1");
    file = create_without(NULL);
    write_table(file, "neighbors", 1, K, H5T_STD_I32LE, neighbours);
    refuse(file, "'neighbors' has 1 rows, 'test' 2");
    file = create_without(NULL);
    write_table(file, "neighbors", Q, K, H5T_IEEE_F32LE, distances);
    refuse(file, "'neighbors' has a dtype");
    file = create_without(NULL);
    write_table(file, "neighbors", Q, K, H5T_STD_I32LE, neighbours);
    write_table(file, "distances", Q, 1, H5T_IEEE_F32LE, distances);
    refuse(file, "differ in shape");
}

/* A huge dataset that was never written takes no room in the file. */
static void unwritten_values_are_refused(void **state) {
    const hsize_t shape[2] = {1 << 24, 1024}, chunk[2] = {1 << 15, 1 << 12};
    (void)state;
    hid_t file = create_without("train");
    write_ranked(file, "train", 2, shape, H5T_IEEE_F32LE, 0, NULL, H5P_DEFAULT);
    refuse(file, "truncated: 'train' needs 68719476736 bytes");
    file = create_without("train");
    write_table(file, "train", (hsize_t)1 << 60, 2, H5T_IEEE_F32LE, NULL);
    refuse(file, "64 GiB");
    file = create_without("train");
    const hid_t plist = H5Pcreate(H5P_DATASET_CREATE);
    H5Pset_chunk(plist, 2, chunk);
    const hsize_t wide[2] = {1 << 15, 1 << 12};
    write_ranked(file, "train", 2, wide, H5T_IEEE_F32LE, 0, NULL, plist);
    H5Pclose(plist);
    refuse(file, "huge chunks");
}

static void values_outside_the_file_are_refused(void **state) {
    const hsize_t shape[2] = {N, D};
    (void)state;
    hid_t file = create_without("train");
    hid_t plist = H5Pcreate(H5P_DATASET_CREATE);
    H5Pset_external(plist, "/etc/passwd", 0, sizeof train);
    write_ranked(file, "train", 2, shape, H5T_IEEE_F32LE, 0, NULL, plist);
    H5Pclose(plist);
    refuse(file, "outside the file");
    file = create_without("train");
    H5Lcreate_external("other.hdf5", "train", file, "train", H5P_DEFAULT, H5P_DEFAULT);
    refuse(file, "no dataset 'train'");
    file = create_without("train");
    H5Lcreate_soft("/test", file, "train", H5P_DEFAULT, H5P_DEFAULT);
    refuse(file, "no dataset 'train'");
    file = create_without("train");
    plist = H5Pcreate(H5P_DATASET_CREATE);
    const hid_t space = H5Screate_simple(2, shape, NULL);
    H5Pset_virtual(plist, space, "other.hdf5", "train", space);
    write_ranked(file, "train", 2, shape, H5T_IEEE_F32LE, 0, NULL, plist);
    H5Sclose(space);
    H5Pclose(plist);
    refuse(file, "outside the file");
}

/* Cut anywhere, the file is refused or, where only slack was lost, read as before. */
static void truncated_files_are_refused(void **state) {
    (void)state;
    size_t size, refused = 0, tried = 0;
    const hid_t file = create_without(NULL);
    write_neighbours(file);
    H5Fclose(file);
    unsigned char *bytes = slurp(&size);
    for (size_t cut = 0; cut < size; cut += 61) {
        struct dataset d;
        const enum status st = annb_parse(bytes, cut, "input", 0, 0, &d);
        tried++;
        if (st == ST_OK) {
            assert_memory_equal(d.base.rows, train, sizeof train);
            dataset_close(&d);
        } else {
            assert_refused(st, "input", "fetch it again");
            assert_null(d.base.rows);
            refused++;
        }
    }
    assert_true(refused + 1 >= tried);
    struct dataset d;
    assert_refused(annb_parse("not HDF5", 8, "input", 0, 0, &d), "input", "not a readable HDF5");
    free(bytes);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_euclidean_file_is_read),
        cmocka_unit_test(limits_keep_the_first_rows),
        cmocka_unit_test(an_angular_file_is_normalised),
        cmocka_unit_test(other_types_and_packed_chunks_are_read),
        cmocka_unit_test(a_missing_part_is_refused),
        cmocka_unit_test(other_distances_are_refused),
        cmocka_unit_test(wrong_shapes_and_types_are_refused),
        cmocka_unit_test(unusable_values_are_refused),
        cmocka_unit_test(wrong_neighbours_are_refused),
        cmocka_unit_test(unwritten_values_are_refused),
        cmocka_unit_test(values_outside_the_file_are_refused),
        cmocka_unit_test(truncated_files_are_refused),
    };
    return cmocka_run_group_tests(tests, scratch_make, scratch_remove);
}
