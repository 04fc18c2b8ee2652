/* Trees, digests and escaping. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdlib.h>
#include <string.h>

#include "../base/escape.h"
#include "../record/record.h"
#include "../record/tree.h"
#include "sample_record.h"

static void names(void **state) {
    (void)state;
    char longest[66];
    memset(longest, 'a', 65);
    longest[65] = '\0';
    assert_false(tree_name_is_safe(longest));
    longest[64] = '\0';
    assert_true(tree_name_is_safe(longest));
    const char *const good[] = {"a", "...", ".a", "0", "adsampling.1f9c03ab", "a_b-c"};
    const char *const bad[] = {"", ".", "..", "A", "a/b", "a b", "a\n", "\x1b[2K", "\xc3\xa9"};
    for (size_t i = 0; i < sizeof good / sizeof good[0]; i++)
        assert_true(tree_name_is_safe(good[i]));
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++)
        assert_false(tree_name_is_safe(bad[i]));
}

static void children_are_sorted_and_unique(void **state) {
    (void)state;
    struct tree *root = tree_new();
    const char *const added[] = {"m", "b", "z", "a", "ab", "aa", "m"};
    for (size_t i = 0; i < 7; i++)
        assert_non_null(tree_group(root, added[i]));
    assert_int_equal(root->child_count, 6);
    for (size_t i = 1; i < root->child_count; i++)
        assert_true(strcmp(root->children[i - 1]->name, root->children[i]->name) < 0);
    double x = 1;
    assert_non_null(tree_dataset(root, "d", TREE_F64, 0, NULL, &x));
    assert_null(tree_dataset(root, "d", TREE_F64, 0, NULL, &x));
    assert_null(tree_dataset(root, "a", TREE_F64, 0, NULL, &x));
    assert_null(tree_group(root, "d"));
    assert_null(tree_group(tree_find(root, "d"), "below-a-dataset"));
    assert_null(tree_group(root, ".."));
    tree_free(root);
}

static void find(void **state) {
    (void)state;
    struct tree *root = tree_new();
    struct tree *deep = tree_group(tree_group(tree_group(root, "plan"), "cells"), "a.1");
    assert_ptr_equal(tree_find(root, "plan/cells/a.1"), deep);
    assert_ptr_equal(tree_find(root, ""), root);
    assert_null(tree_find(root, "plan/cells/a"));
    assert_null(tree_find(root, "plan/cells/a.12"));
    assert_null(tree_find(root, "plan//cells"));
    assert_null(tree_find(root, "../plan"));
    assert_null(tree_find(NULL, "plan"));
    tree_free(root);
}

static void attributes(void **state) {
    (void)state;
    struct tree *root = tree_new();
    assert_true(tree_set_i64(root, "b", 2));
    assert_true(tree_set_string(root, "a", "one"));
    assert_true(tree_set_f64(root, "c", 2.5));
    assert_true(tree_set_null(root, "n"));
    assert_true(tree_set_string(root, "a", "two"));
    assert_int_equal(root->attribute_count, 4);
    assert_string_equal(root->attributes[0].name, "a");
    assert_string_equal(tree_get_string(root, "a"), "two");
    assert_int_equal(tree_get_i64(root, "b", -1), 2);
    assert_int_equal(tree_get_i64(root, "a", -1), -1);
    assert_true(tree_get_f64(root, "c", 0) == 2.5);
    assert_true(tree_get_f64(root, "n", 9) == 9);
    assert_int_equal(tree_get(root, "n")->rank, -1);
    assert_null(tree_get(root, "absent"));
    assert_null(tree_get_string(root, "b"));
    assert_false(tree_set_i64(root, "Bad Name", 1));
    tree_free(root);
}

static void shapes(void **state) {
    (void)state;
    struct tree *root = tree_new();
    const uint64_t wide[4] = {UINT64_C(1) << 32, UINT64_C(1) << 31, 1, 1};
    const uint64_t two[1] = {2};
    double x[2] = {1, 2};
    assert_null(tree_dataset(root, "overflow", TREE_F64, 2, wide, x));
    assert_null(tree_dataset(root, "rank", TREE_F64, 5, wide, x));
    assert_null(tree_dataset(root, "rank", TREE_F64, -2, wide, x));
    assert_null(tree_dataset(root, "no-data", TREE_F64, 1, two, NULL));
    assert_null(tree_dataset(root, "strings", TREE_STRING, 1, two, "ab"));
    struct tree *t = tree_dataset(root, "ok", TREE_F64, 1, two, x);
    x[0] = 9; /* the tree keeps a copy */
    double first;
    memcpy(&first, t->value.data, sizeof first);
    assert_true(first == 1);
    assert_int_equal(t->value.bytes, 16);
    tree_free(root);
}

static void digest_of_bytes(void **state) {
    (void)state;
    /* python3: hashlib.blake2b(b"abc", digest_size=32).hexdigest() */
    const char *const abc = "bddd813c634239723171ef3fee98579b94964e3bb1cb3e427262c8c068d52319";
    char hex[DIGEST_HEX];
    digest_hex("abc", 3, hex);
    assert_string_equal(hex, abc);
    digest_hex(NULL, 0, hex);
    assert_string_equal(hex, "0e5751c026e543b2e8ab2eb06099daa1d1e5df47778f7787faab45cdf12fe3a8");
    char *folder = sample_folder();
    const char *path = sample_path(folder, "file");
    sample_store(path, "abc", 3);
    assert_int_equal(digest_file(path, hex), ST_OK);
    assert_string_equal(hex, abc);
    assert_int_equal(digest_file(sample_path(folder, "absent"), hex), ST_SYSTEM);
    assert_non_null(strstr(status_message(), "absent"));
    assert_int_equal(digest_file(folder, hex), ST_SYSTEM);
    sample_remove(folder);
}

/* Digest of a tree after one change to a fixed one; `change` 0 changes nothing. */
static void changed_digest(int change, char hex[DIGEST_HEX]) {
    const uint64_t a[2] = {2, 3}, b[2] = {3, 2}, flat[1] = {6};
    const int32_t v[6] = {1, 2, 3, 4, 5, 6};
    float f[6];
    memcpy(f, v, sizeof f);
    struct tree *root = tree_new();
    struct tree *g = tree_group(root, change == 1 ? "g2" : "g");
    if (change == 2)
        tree_dataset(g, "d", TREE_I32, 2, b, v);
    else if (change == 3)
        tree_dataset(g, "d", TREE_I32, 1, flat, v);
    else if (change == 4)
        tree_dataset(g, "d", TREE_F32, 2, a, f); /* same bytes, other type */
    else
        tree_dataset(g, "d", TREE_I32, 2, a, v);
    tree_set_string(root, change == 5 ? "ba" : "b", change == 5 ? "c" : "ac");
    if (change == 6)
        tree_set_null(root, "x");
    else if (change == 7)
        tree_set_f64(root, "x", -0.0);
    else if (change == 8)
        tree_set_f64s(root, "x", NULL, 0);
    else
        tree_set_f64(root, "x", 0.0);
    if (change == 9)
        tree_group(root, "h");
    if (change == 10)
        tree_dataset(root, "h", TREE_F64, -1, NULL, NULL);
    if (change == 11)
        tree_set_string(tree_find(root, "g/d"), "unit", "s");
    tree_digest(root, hex);
    tree_free(root);
}

static void digest_of_trees_sees_every_change(void **state) {
    (void)state;
    enum { CHANGES = 12 };
    char hex[CHANGES][DIGEST_HEX], again[DIGEST_HEX];
    for (int i = 0; i < CHANGES; i++) {
        changed_digest(i, hex[i]);
        changed_digest(i, again);
        assert_string_equal(hex[i], again);
        for (int j = 0; j < i; j++)
            assert_string_not_equal(hex[i], hex[j]);
    }
}

static void digest_ignores_the_order_of_adding(void **state) {
    (void)state;
    struct tree *a = tree_new(), *b = tree_new();
    tree_set_i64(tree_group(a, "x"), "one", 1);
    tree_set_i64(tree_group(a, "y"), "two", 2);
    tree_set_i64(tree_group(b, "y"), "two", 2);
    tree_set_i64(tree_group(b, "x"), "one", 1);
    char first[DIGEST_HEX], second[DIGEST_HEX];
    tree_digest(a, first);
    tree_digest(b, second);
    assert_string_equal(first, second);
    tree_free(a);
    tree_free(b);
}

static void escapes(void **state) {
    (void)state;
    const struct {
        const char *text, *shown;
    } cases[] = {
        {"plain text 123", "plain text 123"},
        {"b\x1b[2K\rPASS", "b\\x1b[2K\\x0dPASS"},
        {"\x7f\x01", "\\x7f\\x01"},
        {"caf\xc3\xa9 \xe2\x88\x9a", "caf\xc3\xa9 \xe2\x88\x9a"},
        {"\xff\xc3", "\\xff\\xc3"},
        {"\xc0\xaf", "\\xc0\\xaf"},          /* overlong */
        {"\xed\xa0\x80", "\\xed\\xa0\\x80"}, /* surrogate */
        {"\xc2\x9b", "\\u{9b}"},             /* C1: CSI */
        {"\xe2\x80\xae", "\\u{202e}"},       /* right-to-left override */
        {"\xf4\x90\x80\x80", "\\xf4\\x90\\x80\\x80"},
    };
    char out[ESCAPE_LINE];
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        escape_text(cases[i].text, out, sizeof out);
        assert_string_equal(out, cases[i].shown);
    }
    char small[8];
    escape_text("1234567", small, sizeof small);
    assert_string_equal(small, "1234567");
    escape_text("12345678", small, sizeof small);
    assert_string_equal(small, "1234...");
    escape_text("12345\x1b", small, sizeof small);
    assert_string_equal(small, "1234...");
    assert_int_equal(escape_width("caf\xc3\xa9"), 4);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(names),
        cmocka_unit_test(children_are_sorted_and_unique),
        cmocka_unit_test(find),
        cmocka_unit_test(attributes),
        cmocka_unit_test(shapes),
        cmocka_unit_test(digest_of_bytes),
        cmocka_unit_test(digest_of_trees_sees_every_change),
        cmocka_unit_test(digest_ignores_the_order_of_adding),
        cmocka_unit_test(escapes),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
