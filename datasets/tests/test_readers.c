/* Readers of byte formats: IDX, gzip'd IDX, fvecs, bvecs, npy. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <zlib.h>

#include <cmocka.h>

#include "../../harness/base/memory.h"
#include "../formats.h"
#include "support.h"

/* A growing file content. */
struct bytes {
    unsigned char data[1024];
    size_t size;
};

static void put(struct bytes *b, const void *data, size_t size) {
    assert_true(b->size + size <= sizeof b->data);
    memcpy(b->data + b->size, data, size);
    b->size += size;
}

typedef enum status parser(const void *bytes, size_t size, const char *label, struct view *out);

/* Parses a copy in memory of exactly that size, so that AddressSanitizer sees a read past the end.
 */
static enum status parse(parser *p, const void *data, size_t size, struct view *out) {
    void *copy = malloc(size == 0 ? 1 : size);
    assert_non_null(copy);
    memcpy(copy, data, size);
    const enum status st = p(copy, size, "input", out);
    free(copy);
    return st;
}

static void refuse(parser *p, const struct bytes *b, const char *what) {
    struct view v;
    assert_refused(parse(p, b->data, b->size, &v), "input", what);
    assert_null(v.rows);
}

/* Every shorter content is refused, and so is one byte more. */
static void refuse_other_lengths(parser *p, const struct bytes *whole) {
    struct view v;
    for (size_t size = 0; size < whole->size; size++) {
        assert_int_equal(parse(p, whole->data, size, &v), ST_INPUT);
    }
    struct bytes longer = *whole;
    put(&longer, "x", 1);
    refuse(p, &longer, "trailing bytes");
}

/* Loads rows 1 and 2 of a 3 x 2 view and compares. */
static void assert_values(const struct view *v, const float *expected) {
    struct vectors out;
    assert_int_equal(v->n, 3);
    assert_int_equal(v->d, 2);
    assert_int_equal(view_load(v, "input", 0, 3, &out), ST_OK);
    assert_memory_equal(out.rows, expected, 6 * sizeof *expected);
    mem_free(out.rows);
    assert_int_equal(view_load(v, "input", 1, 2, &out), ST_OK);
    assert_int_equal(out.n, 2);
    assert_memory_equal(out.rows, expected + 2, 4 * sizeof *expected);
    mem_free(out.rows);
}

/* --- fvecs, bvecs --- */

static void put_fvec(struct bytes *b, int32_t d, const float *values) {
    put(b, &d, sizeof d);
    put(b, values, (size_t)d * sizeof *values);
}

static const float small[6] = {1.5F, -2.0F, 3.0F, 0.25F, -0.0F, 7.0F};

static struct bytes fvecs_file(void) {
    struct bytes b = {.size = 0};
    for (int r = 0; r < 3; r++) {
        put_fvec(&b, 2, small + (ptrdiff_t)2 * r);
    }
    return b;
}

static void fvecs_are_read(void **state) {
    (void)state;
    const struct bytes b = fvecs_file();
    struct view v;
    assert_int_equal(fvecs_parse(b.data, b.size, "input", &v), ST_OK);
    assert_values(&v, small);
}

static void bvecs_are_read(void **state) {
    static const unsigned char rows[3][2] = {{0, 1}, {127, 128}, {254, 255}};
    static const float expected[6] = {0, 1, 127, 128, 254, 255};
    (void)state;
    struct bytes b = {.size = 0};
    for (int r = 0; r < 3; r++) {
        put(&b, &(int32_t){2}, 4);
        put(&b, rows[r], 2);
    }
    struct view v;
    assert_int_equal(bvecs_parse(b.data, b.size, "input", &v), ST_OK);
    assert_values(&v, expected);
}

static void broken_fvecs_are_refused(void **state) {
    (void)state;
    struct bytes b = {.size = 0};
    refuse(fvecs_parse, &b, "empty");
    put(&b, "\2\0", 2);
    refuse(fvecs_parse, &b, "truncated");
    b = fvecs_file();
    b.size -= 1;
    refuse(fvecs_parse, &b, "truncated");
    b = fvecs_file();
    put(&b, "xyz", 3);
    refuse(fvecs_parse, &b, "trailing bytes");
    b = fvecs_file();
    b.data[12] = 1; /* header of row 1 */
    refuse(fvecs_parse, &b, "row 1 has dimension 1");
    b = fvecs_file();
    put_fvec(&b, 1, small);
    put_fvec(&b, 3, small);
    refuse(fvecs_parse, &b, "row 3 has dimension 1");
    memset(b.data, 0, 4);
    refuse(fvecs_parse, &b, "no vectors");
    memset(b.data, 0xff, 4);
    refuse(fvecs_parse, &b, "above the limit");
}

static void values_that_are_not_finite_are_refused(void **state) {
    static const float bad[] = {NAN, INFINITY, -INFINITY};
    (void)state;
    for (size_t i = 0; i < 3; i++) {
        struct bytes b = fvecs_file();
        memcpy(b.data + 2 * 12 + 8, &bad[i], sizeof *bad);
        struct view v;
        struct vectors out;
        assert_int_equal(fvecs_parse(b.data, b.size, "input", &v), ST_OK);
        assert_refused(view_load(&v, "input", 0, 3, &out), "input: row 2, dimension 1",
                       i == 0 ? "NaN" : "infinite");
        assert_null(out.rows);
        assert_refused(view_load(&v, "input", 1, 2, &out), "input: row 2, dimension 1",
                       i == 0 ? "NaN" : "infinite");
        assert_int_equal(view_load(&v, "input", 0, 2, &out), ST_OK); /* not asked for: not judged */
        mem_free(out.rows);
    }
}

/* --- IDX --- */

static struct bytes idx_file(void) {
    struct bytes b = {.size = 0};
    put(&b, "\0\0\x08\x03\0\0\0\x03\0\0\0\x01\0\0\0\x02", 16);
    put(&b, "\x00\x01\x7f\x80\xfe\xff", 6);
    return b;
}

static const float idx_values[6] = {0, 1, 127, 128, 254, 255};

static void idx_is_read(void **state) {
    (void)state;
    const struct bytes b = idx_file();
    struct view v;
    assert_int_equal(idx_parse(b.data, b.size, "input", &v), ST_OK);
    assert_values(&v, idx_values);
    refuse_other_lengths(idx_parse, &b);
}

static void broken_idx_is_refused(void **state) {
    (void)state;
    struct bytes b = {.size = 0};
    refuse(idx_parse, &b, "empty");
    b = idx_file();
    b.size--;
    refuse(idx_parse, &b, "truncated");
    b = idx_file();
    b.data[0] = 1;
    refuse(idx_parse, &b, "does not start like IDX");
    b = idx_file();
    b.data[2] = 0x0d;
    refuse(idx_parse, &b, "type 0x0d");
    b = idx_file();
    b.data[3] = 1;
    refuse(idx_parse, &b, "rank 1");
    b.data[3] = 5;
    refuse(idx_parse, &b, "rank 5");
    b = idx_file();
    b.data[7] = 0;
    refuse(idx_parse, &b, "no vectors");
    b = idx_file();
    memset(b.data + 8, 0xff, 4);
    refuse(idx_parse, &b, "dimension 4294967295");
    b = idx_file();
    memset(b.data + 4, 0xff, 4);
    refuse(idx_parse, &b, "64 GiB");
    /* sizes whose product is 2^64 and so 0 in 64 bits */
    struct bytes wraps = {.size = 0};
    put(&wraps, "\0\0\x08\x04\0\1\0\0\0\1\0\0\0\1\0\0\0\1\0\0", 20);
    refuse(idx_parse, &wraps, "above the limit");
}

static struct bytes gzip(const struct bytes *plain) {
    struct bytes out = {.size = 0};
    z_stream z = {0};
    assert_int_equal(deflateInit2(&z, 9, Z_DEFLATED, 15 + 16, 8, Z_DEFAULT_STRATEGY), Z_OK);
    z.next_in = (Bytef *)(uintptr_t)plain->data;
    z.avail_in = (uInt)plain->size;
    z.next_out = out.data;
    z.avail_out = sizeof out.data;
    assert_int_equal(deflate(&z, Z_FINISH), Z_STREAM_END);
    out.size = z.total_out;
    deflateEnd(&z);
    return out;
}

static void refuse_gzip(const struct bytes *b, const char *what) {
    void *plain;
    size_t size;
    assert_refused(idx_inflate(b->data, b->size, "input", &plain, &size), "input", what);
    assert_null(plain);
}

static void gzip_is_unpacked(void **state) {
    (void)state;
    const struct bytes plain = idx_file();
    const struct bytes packed = gzip(&plain);
    void *out;
    size_t size;
    struct view v;
    assert_int_equal(idx_inflate(packed.data, packed.size, "input", &out, &size), ST_OK);
    assert_int_equal(idx_parse(out, size, "input", &v), ST_OK);
    assert_values(&v, idx_values);
    mem_free(out);
}

static void broken_gzip_is_refused(void **state) {
    (void)state;
    struct bytes plain = idx_file();
    const struct bytes packed = gzip(&plain);
    for (size_t size = 0; size < packed.size; size++) {
        struct bytes b = packed;
        b.size = size;
        refuse_gzip(&b, size == 0 ? "empty" : "truncated");
    }
    struct bytes b = packed;
    put(&b, "x", 1);
    refuse_gzip(&b, "trailing bytes");
    b = packed;
    b.data[b.size - 8] ^= 1; /* its checksum */
    refuse_gzip(&b, "damaged");
    b = packed;
    b.data[0] = 'x';
    refuse_gzip(&b, "damaged");
    plain.data[plain.size++] = 9;
    b = gzip(&plain);
    refuse_gzip(&b, "trailing bytes");
    plain.size -= 2;
    b = gzip(&plain);
    refuse_gzip(&b, "truncated");
    plain = idx_file();
    plain.data[2] = 0x0b;
    b = gzip(&plain);
    refuse_gzip(&b, "type 0x0b");
}

/* 60,000 x 65,536 values promised by 50 bytes: refused before memory is asked for. */
static void a_gzip_bomb_is_refused(void **state) {
    (void)state;
    struct bytes plain = idx_file();
    memcpy(plain.data + 4, "\0\0\xea\x60\0\1\0\0\0\0\0\1", 12);
    const struct bytes b = gzip(&plain);
    refuse_gzip(&b, "cannot come out of");
}

/* --- npy --- */

static void put_npy_header(struct bytes *b, int version, const char *text) {
    const size_t length = strlen(text);
    put(b, "\x93NUMPY", 6);
    put(b, &(unsigned char){(unsigned char)version}, 1);
    put(b, "\0", 1);
    put(b, &length, version == 1 ? 2 : 4); /* little-endian: the low bytes come first */
    put(b, text, length);
}

static struct bytes npy_file(int version, const char *text, const void *values, size_t size) {
    struct bytes b = {.size = 0};
    put_npy_header(&b, version, text);
    put(&b, values, size);
    return b;
}

#define NPY(type, order, shape)                                                                    \
    "{'descr': " type ", 'fortran_order': " order ", 'shape': " shape "}"

static void npy_is_read(void **state) {
    static const unsigned char u1[6] = {0, 1, 127, 128, 254, 255};
    (void)state;
    double f8[6];
    struct view v;
    for (size_t i = 0; i < 6; i++) {
        f8[i] = (double)small[i];
    }
    /* as NumPy pads it, with a comma behind the last item; then others of the same meaning */
    struct bytes b = npy_file(1, "{'descr': '<f4', 'fortran_order': False, 'shape': (3, 2), }   \n",
                              small, sizeof small);
    assert_int_equal(npy_parse(b.data, b.size, "input", &v), ST_OK);
    assert_values(&v, small);
    refuse_other_lengths(npy_parse, &b);
    b = npy_file(2, "{\"shape\":(3,2,),\"fortran_order\":False,\"descr\":\"<f8\"}", f8, sizeof f8);
    assert_int_equal(npy_parse(b.data, b.size, "input", &v), ST_OK);
    assert_values(&v, small);
    refuse_other_lengths(npy_parse, &b);
    b = npy_file(1, NPY("'|u1'", "False", "(3, 2)"), u1, sizeof u1);
    assert_int_equal(npy_parse(b.data, b.size, "input", &v), ST_OK);
    assert_values(&v, idx_values);
}

static void broken_npy_is_refused(void **state) {
    static const struct {
        const char *text, *what;
    } wrong[] = {
        {NPY("'>f4'", "False", "(3, 2)"), "dtype '>f4'"},
        {NPY("'<f2'", "False", "(3, 2)"), "dtype '<f2'"},
        {NPY("'<i4'", "False", "(3, 2)"), "dtype '<i4'"},
        {NPY("'|O'", "False", "(3, 2)"), "dtype '|O'"},
        {NPY("[('x', '<f4')]", "False", "(3, 2)"), "structured"},
        {NPY("'<f4'", "True", "(3, 2)"), "Fortran order"},
        {NPY("'<f4'", "Maybe", "(3, 2)"), "not what NumPy writes"},
        {NPY("'<f4'", "False", "()"), "array of 0 dimensions"},
        {NPY("'<f4'", "False", "(6,)"), "array of 1 dimension;"},
        {NPY("'<f4'", "False", "(3, 2, 1)"), "array of 3 dimensions"},
        {NPY("'<f4'", "False", "(3 2)"), "not what NumPy writes"},
        {NPY("'<f4'", "False", "(-3, 2)"), "not what NumPy writes"},
        {NPY("'<f4'", "False", "(3, 2"), "not what NumPy writes"},
        {NPY("'<f4'", "False", "(18446744073709551616, 2)"), "not what NumPy writes"},
        {NPY("'<f4'", "False", "(9223372036854775808, 2)"), "64 GiB"},
        {NPY("'<f4'", "False", "(0, 2)"), "no vectors"},
        {NPY("'<f4'", "False", "(3, 0)"), "no vectors"},
        {NPY("'<f4'", "False", "(3, 2)") " x", "not what NumPy writes"},
        {"{'descr': '<f4', 'descr': '<f4', 'fortran_order': False, 'shape': (3, 2)}",
         "not what NumPy writes"},
        {"{'descr': '<f4', 'shape': (3, 2)}", "not what NumPy writes"},
        {"{'descr': '<f4', 'fortran_order': False, 'shape': (3, 2), 'more': 1}",
         "not what NumPy writes"},
        {"{}", "not what NumPy writes"},
        {"", "not what NumPy writes"},
        {"{'descr': '<f4", "structured or unknown"},
        {NPY("'<f4'", "False", "(4, 2)"), "truncated"},
        {NPY("'<f4'", "False", "(2, 2)"), "trailing bytes"},
    };
    (void)state;
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
        const struct bytes b = npy_file(1, wrong[i].text, small, sizeof small);
        refuse(npy_parse, &b, wrong[i].what);
    }
    struct bytes b = {.size = 0};
    refuse(npy_parse, &b, "empty");
    b = npy_file(3, NPY("'<f4'", "False", "(3, 2)"), small, sizeof small);
    refuse(npy_parse, &b, "version 3");
    b = npy_file(1, NPY("'<f4'", "False", "(3, 2)"), small, sizeof small);
    b.data[1] = 'X';
    refuse(npy_parse, &b, "does not start like .npy");
    b = npy_file(2, NPY("'<f4'", "False", "(3, 2)"), small, sizeof small);
    memset(b.data + 8, 0xff, 4);
    refuse(npy_parse, &b, "truncated in its .npy header");
}

/* 1e300 is finite in the file and infinite as float32. */
static void a_double_beyond_float32_is_refused(void **state) {
    static const double values[2] = {1.0, 1e300};
    (void)state;
    struct view v;
    struct vectors out;
    const struct bytes b = npy_file(1, NPY("'<f8'", "False", "(1, 2)"), values, sizeof values);
    assert_int_equal(npy_parse(b.data, b.size, "input", &v), ST_OK);
    assert_refused(view_load(&v, "input", 0, 1, &out), "row 0, dimension 1", "infinite in float32");
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(fvecs_are_read),
        cmocka_unit_test(bvecs_are_read),
        cmocka_unit_test(broken_fvecs_are_refused),
        cmocka_unit_test(values_that_are_not_finite_are_refused),
        cmocka_unit_test(idx_is_read),
        cmocka_unit_test(broken_idx_is_refused),
        cmocka_unit_test(gzip_is_unpacked),
        cmocka_unit_test(broken_gzip_is_refused),
        cmocka_unit_test(a_gzip_bomb_is_refused),
        cmocka_unit_test(npy_is_read),
        cmocka_unit_test(broken_npy_is_refused),
        cmocka_unit_test(a_double_beyond_float32_is_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
