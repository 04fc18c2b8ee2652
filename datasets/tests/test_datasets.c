/* dataset_open: dispatch on the spec, queries, limits, digests, names, and the manifest. */
#include <setjmp.h>
#include <sodium.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "../carried.h"
#include "../dataset.h"
#include "../generate.h"
#include "../manifest.h"
#include "support.h"

/* Writes n rows of dimension d as fvecs, row r holding 100 r + i. */
static void write_fvecs(const char *name, int32_t n, int32_t d, char *path) {
    unsigned char bytes[4096];
    size_t size = 0;
    for (int32_t r = 0; r < n; r++) {
        assert_true(size + 4 + 4 * (size_t)d <= sizeof bytes);
        memcpy(bytes + size, &d, 4);
        size += 4;
        for (int32_t i = 0; i < d; i++) {
            const float value = (float)(100 * r + i);
            memcpy(bytes + size, &value, 4);
            size += 4;
        }
    }
    snprintf(path, PATH_MAX_TEST, "%s", scratch_write(name, bytes, size));
}

static void the_last_rows_are_held_out(void **state) {
    (void)state;
    char path[PATH_MAX_TEST];
    struct dataset d;
    write_fvecs("My Vectors (1).FVECS", 29, 3, path);
    assert_int_equal(dataset_open(path, NULL, 0, 0, &d), ST_OK);
    assert_int_equal(d.base.n, 27);
    assert_int_equal(d.queries.n, 2);
    assert_true(d.base.rows[26 * 3] == 2600.0F);
    assert_true(d.queries.rows[0] == 2700.0F);
    assert_string_equal(d.name, "my-vectors--1-.fvecs");
    assert_string_equal(d.spec, "my-vectors--1-.fvecs:n=27,queries=2,from=held-out");
    assert_null(d.neighbours);
    dataset_close(&d);
    assert_null(d.base.rows);
    assert_int_equal(dataset_open(path, NULL, 5, 1, &d), ST_OK);
    assert_int_equal(d.base.n, 5);
    assert_int_equal(d.queries.n, 1);
    assert_true(d.queries.rows[0] == 2700.0F); /* a limit on the base moves no query */
    dataset_close(&d);
    write_fvecs("few.fvecs", 9, 3, path);
    assert_refused(dataset_open(path, NULL, 0, 0, &d), "few.fvecs", "too few to hold out");
}

static void queries_come_from_their_file(void **state) {
    (void)state;
    char base[PATH_MAX_TEST], queries[PATH_MAX_TEST];
    struct dataset d;
    write_fvecs("base.fvecs", 4, 3, base);
    write_fvecs("Q.fvecs", 3, 3, queries);
    assert_int_equal(dataset_open(base, queries, 0, 2, &d), ST_OK);
    assert_int_equal(d.base.n, 4);
    assert_int_equal(d.queries.n, 2);
    assert_string_equal(d.spec, "base.fvecs:n=4,queries=2,from=q.fvecs");
    dataset_close(&d);
    write_fvecs("Q.fvecs", 3, 2, queries);
    assert_refused(dataset_open(base, queries, 0, 0, &d), "Q.fvecs", "dimension 2");
    assert_null(d.base.rows);
    assert_refused(dataset_open(base, scratch_path("none.fvecs"), 0, 0, &d), "none.fvecs",
                   "cannot be opened");
    assert_refused(dataset_open("iid:n=2,d=3,queries=1", queries, 0, 0, &d), "iid",
                   "queries of its own");
}

/* The digest is BLAKE2b-256 of n, d and rows of base, then of queries: computed here by hand. */
static void the_digest_covers_shape_and_values(void **state) {
    (void)state;
    struct dataset d, e;
    assert_int_equal(dataset_open("integers:n=5,d=4,queries=2", NULL, 0, 0, &d), ST_OK);
    unsigned char bytes[16 + 80 + 16 + 32] = {0};
    bytes[0] = 5;
    bytes[8] = 4;
    memcpy(bytes + 16, d.base.rows, 80);
    bytes[96] = 2;
    bytes[104] = 4;
    memcpy(bytes + 112, d.queries.rows, 32);
    assert_string_equal(d.digest, hash_hex(bytes, sizeof bytes));
    assert_int_equal(dataset_open("integers:n=5,d=4,queries=3", NULL, 0, 2, &e), ST_OK);
    assert_string_equal(d.digest, e.digest);
    dataset_close(&e);
    assert_int_equal(dataset_open("integers:n=5,d=4,queries=2,seed=2", NULL, 0, 0, &e), ST_OK);
    assert_string_not_equal(d.digest, e.digest);
    dataset_close(&e);
    dataset_close(&d);
}

static void generators_open_with_a_complete_spec(void **state) {
    (void)state;
    struct dataset d, e;
    assert_int_equal(dataset_open("clusters:n=50,d=16,queries=9", NULL, 20, 4, &d), ST_OK);
    assert_int_equal(d.base.n, 20);
    assert_int_equal(d.queries.n, 4);
    assert_string_equal(d.name, "clusters");
    /* The defaults themselves are free to change; that the spec reopens the same bytes is not. */
    assert_int_equal(strncmp(d.spec, "clusters:n=20,d=16,queries=4,clusters=", 38), 0);
    assert_int_equal(dataset_open(d.spec, NULL, 0, 0, &e), ST_OK);
    assert_string_equal(d.digest, e.digest);
    dataset_close(&d);
    dataset_close(&e);
    assert_refused(dataset_open("clusters", NULL, 0, 0, &d), "clusters", "'n' is missing");
    assert_refused(dataset_open("iid:n=x", NULL, 0, 0, &d), "iid", "not a whole number");
}

static void things_that_are_no_data_are_refused(void **state) {
    (void)state;
    struct dataset d;
    assert_refused(dataset_open(scratch_path("absent.npy"), NULL, 0, 0, &d), "absent.npy",
                   "cannot be opened");
    assert_refused(dataset_open("", NULL, 0, 0, &d), "", "cannot be opened");
    assert_refused(dataset_open("/", NULL, 0, 0, &d), "/", "is a directory");
    assert_refused(dataset_open("/dev/null", NULL, 0, 0, &d), "/dev/null", "no regular file");
    assert_refused(dataset_open(scratch_write("e.npy", "", 0), NULL, 0, 0, &d), "e.npy", "empty");
    assert_refused(dataset_open(scratch_write("text.txt", "1,2,3\n", 6), NULL, 0, 0, &d),
                   "text.txt", "unknown format");
    assert_refused(dataset_open(scratch_write("x.ivecs", "\1\0\0\0\1\0\0\0", 8), NULL, 0, 0, &d),
                   "x.ivecs", "unknown format");
    assert_refused(dataset_open(scratch_write("x.h5", "hello", 5), NULL, 0, 0, &d), "x.h5",
                   "not a readable HDF5");
    assert_refused(dataset_open(scratch_write("x.npy", "hello", 5), NULL, 0, 0, &d), "x.npy",
                   "truncated");
    assert_refused(dataset_open(scratch_write("a\033[2J\nb", "hello", 5), NULL, 0, 0, &d),
                   "a?[2J?b", "unknown format");
    char fifo[PATH_MAX_TEST];
    snprintf(fifo, sizeof fifo, "%s", scratch_path("pipe.npy"));
    assert_int_equal(mkfifo(fifo, 0600), 0);
    assert_refused(dataset_open(fifo, NULL, 0, 0, &d), "pipe.npy", "no regular file");
}

static void a_format_is_known_by_its_first_bytes(void **state) {
    static const char idx[12 + 20] = "\0\0\x08\x02\0\0\0\x0a\0\0\0\x02";
    (void)state;
    struct dataset d;
    assert_int_equal(dataset_open(scratch_write("images-ubyte", idx, sizeof idx), NULL, 0, 0, &d),
                     ST_OK);
    assert_int_equal(d.base.n, 9);
    assert_int_equal(d.queries.n, 1);
    dataset_close(&d);
}

/* --- tables that the program carries --- */

static bool row_of(const char *table, size_t index, char first[4], char second[4]) {
    const struct carried_column columns[] = {{first, 4}, {second, 4}};
    return carried_row(table, strlen(table), index, columns, 2);
}

static void rows_of_a_table_are_whole_or_none(void **state) {
    (void)state;
    static const char *const bent[] = {"",        "#a\tb",  "a",       "a\t",    "\tb",
                                       "a\tb\tc", "a\tb\t", "long\tb", "a\tlong"};
    static const char table[] = "# first\tx\na\tb\n#\nabc\txyz\n1\t2";
    char first[4], second[4];
    assert_true(row_of(table, 0, first, second));
    assert_string_equal(first, "a");
    assert_true(row_of(table, 1, first, second));
    assert_string_equal(first, "abc");
    assert_string_equal(second, "xyz");
    assert_true(row_of(table, 2, first, second)); /* no newline behind it */
    assert_string_equal(second, "2");
    assert_false(row_of(table, 3, first, second));
    for (size_t i = 0; i < sizeof bent / sizeof *bent; i++) {
        assert_false(row_of(bent[i], 0, first, second));
    }
}

/* --- the manifest --- */

static void manifest_rows_are_whole(void **state) {
    (void)state;
    struct manifest_row row;
    size_t count = 0;
    for (; manifest_at(count, &row); count++) {
        assert_int_equal(strlen(row.sha256), 64);
        assert_int_equal(strspn(row.sha256, "0123456789abcdef"), 64);
        assert_true(strcmp(row.role, "base") == 0 || strcmp(row.role, "queries") == 0 ||
                    strcmp(row.role, "weights") == 0);
        bool listed = false;
        for (const struct dataset_info *info = dataset_infos; info->name != NULL; info++) {
            listed |= strcmp(info->name, row.name) == 0 && strcmp(info->kind, row.kind) == 0 &&
                      strcmp(info->licence, row.licence) == 0;
        }
        assert_true(listed);
    }
    assert_int_equal(count, 3);
    assert_true(manifest_find("fashion-mnist", "base", &row));
    assert_true(manifest_find("fashion-mnist", "queries", &row));
    assert_false(manifest_find("fashion-mnist", "labels", &row));
}

static void infos_are_sorted_and_generators_open_everywhere(void **state) {
    (void)state;
    for (const struct dataset_info *info = dataset_infos; info->name != NULL; info++) {
        if (info[1].name != NULL) {
            assert_true(strcmp(info->name, info[1].name) < 0);
        }
        assert_int_equal(strcmp(info->kind, "generator") == 0, generator_known(info->name));
        if (strcmp(info->kind, "package") != 0 && strcmp(info->kind, "fetched") != 0) {
            assert_null(dataset_unavailable(info));
        }
    }
}

/* Makes $ATTEST_DATA a scratch directory with the given base file. */
static void offer_base_file(const void *bytes, size_t size) {
    char root[PATH_MAX_TEST];
    snprintf(root, sizeof root, "%s", scratch_path("data"));
    mkdir(root, 0700);
    mkdir(scratch_path("data/fashion-mnist"), 0700);
    scratch_write("data/fashion-mnist/train-images-idx3-ubyte.gz", bytes, size);
    assert_int_equal(setenv("ATTEST_DATA", root, 1), 0);
}

static void a_file_that_differs_from_the_manifest_is_refused(void **state) {
    (void)state;
    struct dataset d;
    offer_base_file("\x1f\x8b not the images", 17);
    const enum status st = dataset_open("fashion-mnist", NULL, 0, 0, &d);
    assert_int_equal(unsetenv("ATTEST_DATA"), 0);
    assert_refused(st, "data/fashion-mnist/train-images-idx3-ubyte.gz", "SHA-256 is ");
    assert_null(d.base.rows);
}

static const struct dataset_info *info_of(const char *name) {
    const struct dataset_info *info = dataset_infos;
    while (strcmp(info->name, name) != 0) {
        info++;
    }
    return info;
}

static void fashion_mnist_is_the_published_set(void **state) {
    (void)state;
    struct dataset d;
    if (dataset_unavailable(info_of("fashion-mnist")) != NULL) {
        skip();
    }
    assert_int_equal(dataset_open("fashion-mnist", NULL, 0, 0, &d), ST_OK);
    assert_int_equal(d.base.n, 60000);
    assert_int_equal(d.queries.n, 10000);
    assert_int_equal(d.base.d, 784);
    assert_int_equal(d.queries.d, 784);
    float largest = 0.0F;
    for (size_t i = 0; i < 784; i++) {
        largest = d.base.rows[i] > largest ? d.base.rows[i] : largest;
    }
    assert_true(largest == 255.0F); /* pixel values stay as they are, not scaled */
    assert_string_equal(d.spec, "fashion-mnist:n=60000,queries=10000");
    assert_string_equal(d.licence, "Expat (MIT)");
    dataset_close(&d);
    assert_int_equal(dataset_open("fashion-mnist:n=100,queries=7", NULL, 30, 0, &d), ST_OK);
    assert_int_equal(d.base.n, 30);
    assert_int_equal(d.queries.n, 7);
    dataset_close(&d);
    assert_refused(dataset_open("fashion-mnist:n=60001", NULL, 0, 0, &d), "fashion-mnist",
                   "which has 60000");
    assert_refused(dataset_open("fashion-mnist:d=3", NULL, 0, 0, &d), "fashion-mnist",
                   "unknown parameter 'd'");
}

/* A relocated bundle brings its own copy; the same checksum holds there. */
static void data_beside_the_program_is_found(void **state) {
    (void)state;
    struct manifest_row row;
    char path[4096];
    assert_true(manifest_find("fashion-mnist", "base", &row));
    offer_base_file("x", 1);
    assert_int_equal(manifest_locate(&row, path, sizeof path), ST_OK);
    assert_string_equal(path, scratch_path("data/fashion-mnist/train-images-idx3-ubyte.gz"));
    assert_int_equal(setenv("ATTEST_DATA", "/nonexistent", 1), 0);
    snprintf(row.file, sizeof row.file, "fashion-mnist/absent.gz");
    assert_refused(manifest_locate(&row, path, sizeof path), "fashion-mnist",
                   "apt-get install dataset-fashion-mnist");
    assert_int_equal(unsetenv("ATTEST_DATA"), 0);
}

static void set_or_unset(const char *name, const char *value) {
    assert_int_equal(value == NULL ? unsetenv(name) : setenv(name, value, 1), 0);
}

/* The same order of variables as in the fetching script. */
static void a_fetched_file_lies_in_the_cache(void **state) {
    (void)state;
    struct manifest_row row;
    char path[4096], root[PATH_MAX_TEST];
    const char *old_cache = getenv("ATTEST_CACHE"), *old_xdg = getenv("XDG_CACHE_HOME");
    snprintf(root, sizeof root, "%s", scratch_path("cache"));
    mkdir(root, 0700);
    mkdir(scratch_path("cache/attest"), 0700);
    assert_true(manifest_find("smollm2", "weights", &row));
    snprintf(row.file, sizeof row.file, "model.gguf");
    char *kept_cache = old_cache == NULL ? NULL : strdup(old_cache);
    char *kept_xdg = old_xdg == NULL ? NULL : strdup(old_xdg);
    set_or_unset("ATTEST_CACHE", NULL);
    set_or_unset("XDG_CACHE_HOME", root);
    assert_refused(manifest_locate(&row, path, sizeof path), "smollm2",
                   "run datasets/fetch-smollm2.sh");
    scratch_write("cache/attest/model.gguf", "x", 1);
    assert_int_equal(manifest_locate(&row, path, sizeof path), ST_OK);
    assert_string_equal(path, scratch_path("cache/attest/model.gguf"));
    set_or_unset("ATTEST_CACHE", root); /* goes before the others */
    assert_int_equal(manifest_locate(&row, path, sizeof path), ST_INPUT);
    scratch_write("cache/model.gguf", "x", 1);
    assert_int_equal(manifest_locate(&row, path, sizeof path), ST_OK);
    assert_string_equal(path, scratch_path("cache/model.gguf"));
    set_or_unset("ATTEST_CACHE", kept_cache);
    set_or_unset("XDG_CACHE_HOME", kept_xdg);
    free(kept_cache);
    free(kept_xdg);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_last_rows_are_held_out),
        cmocka_unit_test(queries_come_from_their_file),
        cmocka_unit_test(the_digest_covers_shape_and_values),
        cmocka_unit_test(generators_open_with_a_complete_spec),
        cmocka_unit_test(things_that_are_no_data_are_refused),
        cmocka_unit_test(a_format_is_known_by_its_first_bytes),
        cmocka_unit_test(rows_of_a_table_are_whole_or_none),
        cmocka_unit_test(manifest_rows_are_whole),
        cmocka_unit_test(infos_are_sorted_and_generators_open_everywhere),
        cmocka_unit_test(a_file_that_differs_from_the_manifest_is_refused),
        cmocka_unit_test(fashion_mnist_is_the_published_set),
        cmocka_unit_test(data_beside_the_program_is_found),
        cmocka_unit_test(a_fetched_file_lies_in_the_cache),
    };
    return cmocka_run_group_tests(tests, scratch_make, scratch_remove);
}
