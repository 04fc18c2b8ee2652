/* The packed form of trees: round trip, one encoding a tree, and what is refused. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../record/record.h"
#include "../record/record_format.h"
#include "../record/tree_pack.h"
#include "sample_record.h"

static char *pack(const struct tree *root, size_t *size) {
    void *bytes = NULL;
    assert_int_equal(tree_pack(root, &bytes, size), ST_OK);
    return bytes;
}

static void round_trip(void **state) {
    (void)state;
    struct tree *const trees[] = {tree_new(), sample_small(), sample_tree(), sample_run()};
    for (size_t i = 0; i < sizeof trees / sizeof trees[0]; i++) {
        size_t size, again_size;
        char *bytes = pack(trees[i], &size), a[DIGEST_HEX], b[DIGEST_HEX];
        struct tree *back = NULL;
        assert_int_equal(tree_unpack(bytes, size, "sample", &back), ST_OK);
        tree_digest(trees[i], a);
        tree_digest(back, b);
        assert_string_equal(a, b);
        char *again = pack(back, &again_size);
        assert_int_equal(size, again_size);
        assert_memory_equal(bytes, again, size);
        free(again);
        free(bytes);
        tree_free(back);
        tree_free(trees[i]);
    }
}

/* HDF5 and the packed form hold the same tree. */
static void hdf5_and_packed_agree(void **state) {
    (void)state;
    struct tree *root = sample_tree(), *decoded = NULL;
    size_t size, packed_size, again_size;
    void *bytes = NULL;
    assert_int_equal(record_encode(root, &bytes, &size), ST_OK);
    assert_int_equal(record_decode(bytes, size, "sample", &decoded), ST_OK);
    char *packed = pack(root, &packed_size), *again = pack(decoded, &again_size);
    assert_int_equal(packed_size, again_size);
    assert_memory_equal(packed, again, packed_size);
    free(again);
    free(packed);
    free(bytes);
    tree_free(decoded);
    tree_free(root);
}

/* Bytes that may be anything: refused with one line, or a tree that packs to just these bytes. */
static bool taken_as_it_is(const char *bytes, size_t size) {
    struct tree *back = NULL;
    enum status st = tree_unpack(bytes, size, "changed", &back);
    if (st != ST_OK) {
        assert_int_equal(st, ST_RECORD);
        assert_null(back);
        assert_null(strpbrk(status_message(), "\n\x1b"));
        return false;
    }
    size_t again_size;
    char *again = pack(back, &again_size);
    assert_int_equal(size, again_size);
    assert_memory_equal(bytes, again, size);
    free(again);
    tree_free(back);
    return true;
}

static void every_truncation_is_refused(void **state) {
    (void)state;
    struct tree *root = sample_tree();
    size_t size;
    char *bytes = pack(root, &size);
    for (size_t cut = 0; cut < size; cut++) {
        char *exact = malloc(cut + (cut == 0)); /* a read past it is an error under ASan */
        memcpy(exact, bytes, cut);
        assert_false(taken_as_it_is(exact, cut));
        free(exact);
    }
    char *longer = calloc(1, size + 1);
    memcpy(longer, bytes, size);
    assert_false(taken_as_it_is(longer, size + 1));
    assert_non_null(strstr(status_message(), "bytes after its end"));
    free(longer);
    free(bytes);
    tree_free(root);
}

static void every_changed_bit_is_refused_or_told(void **state) {
    (void)state;
    struct tree *const trees[] = {sample_tree(), sample_run()};
    for (size_t i = 0; i < sizeof trees / sizeof trees[0]; i++) {
        size_t size, taken = 0;
        char *bytes = pack(trees[i], &size), before[DIGEST_HEX];
        tree_digest(trees[i], before);
        for (size_t bit = 0; bit < 8 * size; bit++) {
            bytes[bit / 8] = (char)(bytes[bit / 8] ^ (1 << bit % 8));
            taken += taken_as_it_is(bytes, size);
            bytes[bit / 8] = (char)(bytes[bit / 8] ^ (1 << bit % 8));
        }
        /* Values and names may change into others; lengths and counts may not. */
        assert_true(taken > 0 && taken < 8 * size);
        assert_true(taken_as_it_is(bytes, size));
        free(bytes);
        tree_free(trees[i]);
    }
}

/* --- refusals by name ----------------------------------------------------------------------- */

/* A packed tree written by hand. */
struct text {
    char data[4096];
    size_t size;
};

static void add(struct text *t, const void *data, size_t size) {
    assert_true(t->size + size <= sizeof t->data);
    memcpy(t->data + t->size, data, size);
    t->size += size;
}

static void add_u8(struct text *t, unsigned v) {
    const unsigned char byte = (unsigned char)v;
    add(t, &byte, 1);
}

static void add_u32(struct text *t, uint32_t v) { add(t, &v, sizeof v); }
static void add_u64(struct text *t, uint64_t v) { add(t, &v, sizeof v); }

static void add_name(struct text *t, const char *name) {
    add_u32(t, (uint32_t)strlen(name));
    add(t, name, strlen(name));
}

/* Magic, the root, and how many attributes and members it claims. */
static void add_root(struct text *t, uint32_t attributes, uint32_t members) {
    *t = (struct text){0};
    add(t, "attree1\n", 8);
    add_u8(t, 0);
    add_u32(t, attributes);
    if (attributes == 0)
        add_u32(t, members);
}

static void add_group(struct text *t, const char *name) {
    add_name(t, name);
    add_u8(t, 0);
    add_u32(t, 0);
    add_u32(t, 0);
}

/* A root with the one attribute "a" of that shape and length; the data follow. */
static void add_value(struct text *t, enum tree_type type, unsigned rank, const uint64_t *dims,
                      uint64_t length) {
    add_root(t, 1, 0);
    add_name(t, "a");
    add_u8(t, type);
    add_u8(t, rank);
    for (unsigned i = 0; i < rank && rank != 255; i++)
        add_u64(t, dims[i]);
    add_u64(t, length);
}

static void refused(const struct text *t, const char *said) {
    struct tree *root = NULL;
    assert_int_equal(tree_unpack(t->data, t->size, "hostile\x1b", &root), ST_RECORD);
    assert_null(root);
    if (strstr(status_message(), said) == NULL)
        fail_msg("'%s' lacks '%s'", status_message(), said);
    assert_null(strchr(status_message(), '\x1b'));
}

static void names_are_refused(void **state) {
    (void)state;
    struct text t;
    const char *const unsafe[] = {"", ".", "..", "a/b", "A", "a\x1b[2K", "caf\xc3\xa9", "a b"};
    for (size_t i = 0; i < sizeof unsafe / sizeof unsafe[0]; i++) {
        add_root(&t, 0, 1);
        add_group(&t, unsafe[i]);
        refused(&t, "name outside [a-z0-9._-]{1,64}");
    }
    add_root(&t, 0, 1);
    add_u32(&t, 3);
    add(&t, "a\0b", 3);
    refused(&t, "name outside");
    char longest[66];
    memset(longest, 'a', 65);
    longest[65] = '\0';
    add_root(&t, 0, 1);
    add_group(&t, longest);
    refused(&t, "name longer than 64 bytes");
    add_root(&t, 0, 2);
    add_group(&t, "b");
    add_group(&t, "a");
    refused(&t, "names unsorted or repeated");
    add_root(&t, 0, 2);
    add_group(&t, "a");
    add_group(&t, "a");
    refused(&t, "names unsorted or repeated");
}

static void shapes_are_refused(void **state) {
    (void)state;
    struct text t;
    const uint64_t three[1] = {3}, overflow[2] = {UINT64_C(1) << 62, 4};
    const uint64_t huge[1] = {UINT64_C(1) << 40}, five[5] = {1, 1, 1, 1, 1};
    add_value(&t, TREE_F64, 1, three, 16);
    refused(&t, "length that does not fit its shape");
    add_value(&t, TREE_F64, 2, overflow, 0);
    refused(&t, "extent overflows");
    add_value(&t, TREE_F64, 1, huge, UINT64_C(8) << 40);
    refused(&t, "truncated");
    add_value(&t, TREE_U8, 5, five, 1);
    refused(&t, "rank above 4");
    add_value(&t, TREE_STRING + 1, 0, NULL, 1);
    refused(&t, "unknown type");
    add_value(&t, TREE_F64, 255, NULL, 8);
    refused(&t, "length that does not fit its shape");
    add_value(&t, TREE_STRING, 1, three, 3);
    refused(&t, "array of strings");
    add_value(&t, TREE_STRING, 0, NULL, UINT64_MAX);
    refused(&t, "truncated");
    add_value(&t, TREE_STRING, 0, NULL, 3);
    add(&t, "a\0b\0", 4);
    refused(&t, "string that is not terminated");
    add_value(&t, TREE_STRING, 0, NULL, 3);
    add(&t, "abcd", 4);
    refused(&t, "string that is not terminated");
}

static void structure_is_refused(void **state) {
    (void)state;
    struct text t;
    add_root(&t, 0, RECORD_OBJECTS);
    refused(&t, "more than 65536 objects");
    add_root(&t, RECORD_ATTRIBUTES + 1, 0);
    refused(&t, "too many attributes");
    add_root(&t, 0, 1);
    add_name(&t, "a");
    add_u8(&t, 2);
    refused(&t, "neither group nor dataset");
    add_root(&t, 0, 0);
    t.data[8] = 1;
    refused(&t, "root that is no group");
    t.data[0] = 'A';
    refused(&t, "not a packed tree");
    add_root(&t, 0, 1);
    for (int i = 0; i < RECORD_DEPTH + 1; i++) {
        add_name(&t, "deeper");
        add_u8(&t, 0);
        add_u32(&t, 0);
        add_u32(&t, 1);
    }
    refused(&t, "nested deeper than 16 groups");
    add_root(&t, 0, 1);
    add_name(&t, "measurements");
    add_u8(&t, 0);
    add_u32(&t, 1);
    add_name(&t, "x");
    add_u8(&t, TREE_F64);
    add_u8(&t, 0);
    add_u64(&t, sizeof(double));
    const double nan = NAN;
    add(&t, &nan, sizeof nan);
    add_u32(&t, 0);
    refused(&t, "holds NaN, which no measurement may");
}

static void too_many_objects_are_refused(void **state) {
    (void)state;
    struct tree *root = tree_new();
    char name[32];
    for (int i = 0; i < 2; i++) {
        snprintf(name, sizeof name, "half-%d", i);
        struct tree *half = tree_group(root, name);
        for (int j = 0; j < RECORD_OBJECTS / 2; j++) {
            snprintf(name, sizeof name, "%06d", j);
            assert_non_null(tree_group(half, name));
        }
    }
    void *bytes = NULL;
    size_t size;
    assert_int_equal(tree_pack(root, &bytes, &size), ST_RECORD);
    assert_null(bytes);
    assert_non_null(strstr(status_message(), "more than 65536 objects"));
    tree_free(root);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(round_trip),
        cmocka_unit_test(hdf5_and_packed_agree),
        cmocka_unit_test(every_truncation_is_refused),
        cmocka_unit_test(every_changed_bit_is_refused_or_told),
        cmocka_unit_test(names_are_refused),
        cmocka_unit_test(shapes_are_refused),
        cmocka_unit_test(structure_is_refused),
        cmocka_unit_test(too_many_objects_are_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
