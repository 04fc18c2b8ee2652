/* The GGUF reader: metadata, tensor table, number formats, and files that lie. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "../../harness/base/memory.h"
#include "../gguf.h"
#include "../gguf_dequant.h"
#include "gguf_build.h"
#include "support.h"

/* --- a small file --------------------------------------------------------------------------- */

static unsigned char memory[65536];

static struct gguf_build empty_file(void) {
    return (struct gguf_build){.data = memory, .room = sizeof memory};
}

static const float ramp[6] = {0.5F, -1, 2, -4, 8, -16};

/* Every kind of value; two tensors, written in the other order than their names'. */
static struct gguf_build whole_file(void) {
    struct gguf_build b = empty_file();
    gb_header(&b, 3, 2, 9);
    gb_key_text(&b, "general.architecture", "llama");
    gb_key_u32(&b, "u32", 7);
    gb_key(&b, "i8", 1);
    gb_u8(&b, 0xfe);
    gb_key(&b, "u64", 10);
    gb_u64(&b, UINT64_MAX);
    gb_key_f32(&b, "f32", 0.25F);
    gb_key(&b, "f64", 12);
    gb_put(&b, &(double){INFINITY}, 8);
    gb_key(&b, "yes", 7);
    gb_u8(&b, 1);
    gb_key_array(&b, "words", 8, 3);
    gb_text(&b, "one");
    gb_text(&b, "");
    gb_text(&b, "three");
    gb_key_array(&b, "counts", 5, 2);
    gb_u32(&b, (uint32_t)-3);
    gb_u32(&b, 4);
    gb_tensor(&b, "z", 3, 2, GGUF_F32, 0);
    gb_tensor(&b, "a", 32, 0, GGUF_Q8_0, 32);
    gb_align(&b, 32);
    gb_put(&b, ramp, sizeof ramp);
    gb_align(&b, 32);
    gb_put(&b, "\x00\x3c", 2); /* 1.0 */
    for (int i = 0; i < 32; i++) {
        gb_u8(&b, (uint8_t)(i - 16));
    }
    assert_false(b.full);
    return b;
}

/* Parses a copy of exactly that size, so that AddressSanitizer sees a read past the end; the caller
 * frees the copy after gguf_close. */
static enum status parse(const unsigned char *data, size_t size, struct gguf **g, void **copy) {
    *copy = malloc(size == 0 ? 1 : size);
    assert_non_null(*copy);
    memcpy(*copy, data, size);
    return gguf_parse(*copy, size, "input", g);
}

static void refuse(const struct gguf_build *b, const char *what) {
    struct gguf *g;
    void *copy;
    assert_false(b->full);
    assert_refused(parse(b->data, b->size, &g, &copy), "input", what);
    assert_null(g);
    free(copy);
}

static int text_is(struct gguf_text text, const char *wanted) {
    return text.size == strlen(wanted) && memcmp(text.data, wanted, text.size) == 0;
}

/* --- what is read --------------------------------------------------------------------------- */

static void metadata_is_read(void **state) {
    (void)state;
    struct gguf_build b = whole_file();
    struct gguf *g;
    assert_int_equal(gguf_parse(b.data, b.size, "input", &g), ST_OK);
    struct gguf_text text;
    int64_t number;
    double real;
    bool truth;
    assert_string_equal(gguf_label(g), "input");
    assert_int_equal(gguf_string(g, "general.architecture", &text), ST_OK);
    assert_true(text_is(text, "llama"));
    assert_int_equal(gguf_integer(g, "u32", 0, 7, &number), ST_OK);
    assert_int_equal(number, 7);
    assert_int_equal(gguf_integer(g, "i8", -5, 5, &number), ST_OK);
    assert_int_equal(number, -2);
    assert_int_equal(gguf_real(g, "f32", &real), ST_OK);
    assert_true(real == 0.25);
    assert_int_equal(gguf_bool(g, "yes", &truth), ST_OK);
    assert_true(truth);
    assert_true(gguf_has(g, "words"));
    assert_false(gguf_has(g, "word"));
    assert_int_equal(gguf_key_count(g), 9);
    assert_true(text_is(gguf_key_at(g, 0), "counts") && text_is(gguf_key_at(g, 8), "yes"));
    gguf_close(g);
}

static void arrays_are_read(void **state) {
    (void)state;
    struct gguf_build b = whole_file();
    struct gguf *g;
    assert_int_equal(gguf_parse(b.data, b.size, "input", &g), ST_OK);
    struct gguf_text *words;
    int64_t *counts;
    size_t n;
    assert_int_equal(gguf_strings(g, "words", &words, &n), ST_OK);
    assert_int_equal(n, 3);
    assert_true(text_is(words[0], "one") && text_is(words[1], "") && text_is(words[2], "three"));
    mem_free(words);
    assert_int_equal(gguf_integers(g, "counts", &counts, &n), ST_OK);
    assert_int_equal(n, 2);
    assert_true(counts[0] == -3 && counts[1] == 4);
    mem_free(counts);
    gguf_close(g);
}

static void another_kind_is_refused(void **state) {
    (void)state;
    struct gguf_build b = whole_file();
    struct gguf *g;
    assert_int_equal(gguf_parse(b.data, b.size, "input", &g), ST_OK);
    struct gguf_text text, *texts;
    int64_t number, *numbers;
    double real;
    bool truth;
    size_t n;
    assert_refused(gguf_string(g, "u32", &text), "input", "'u32'");
    assert_refused(gguf_string(g, "words", &text), "input", "'words'");
    assert_refused(gguf_integer(g, "absent", 0, 1, &number), "input", "'absent'");
    assert_refused(gguf_integer(g, "u32", 0, 6, &number), "input", "outside 0 to 6");
    assert_refused(gguf_integer(g, "u64", 0, INT64_MAX, &number), "input", "'u64'");
    assert_refused(gguf_integer(g, "f32", 0, 1, &number), "input", "'f32'");
    assert_refused(gguf_real(g, "u32", &real), "input", "'u32'");
    assert_refused(gguf_real(g, "f64", &real), "input", "finite"); /* infinity */
    assert_refused(gguf_bool(g, "u32", &truth), "input", "'u32'");
    assert_refused(gguf_strings(g, "counts", &texts, &n), "input", "'counts'");
    assert_refused(gguf_integers(g, "words", &numbers, &n), "input", "'words'");
    gguf_close(g);
}

static void tensors_are_found(void **state) {
    (void)state;
    struct gguf_build b = whole_file();
    struct gguf *g;
    assert_int_equal(gguf_parse(b.data, b.size, "input", &g), ST_OK);
    assert_int_equal(gguf_tensor_count(g), 2);
    assert_true(text_is(gguf_tensor_at(g, 0)->name, "a"));
    assert_null(gguf_tensor_find(g, "b"));
    const struct gguf_tensor *z = gguf_tensor_find(g, "z");
    assert_non_null(z);
    assert_true(z->rank == 2 && z->dims[0] == 3 && z->dims[1] == 2 && z->dims[2] == 1);
    float rows[6], eight[32];
    gguf_rows(z, 0, 2, rows);
    assert_memory_equal(rows, ramp, sizeof ramp);
    gguf_rows(z, 1, 1, rows);
    assert_memory_equal(rows, ramp + 3, 3 * sizeof *ramp);
    gguf_rows(gguf_tensor_find(g, "a"), 0, 1, eight);
    for (int i = 0; i < 32; i++) {
        assert_true(eight[i] == (float)(i - 16));
    }
    gguf_close(g);
}

static void files_are_opened(void **state) {
    (void)state;
    struct gguf_build b = whole_file();
    struct gguf *g;
    const char *path = scratch_write("small.gguf", b.data, b.size);
    assert_int_equal(gguf_open(path, NULL, &g), ST_OK);
    assert_non_null(gguf_tensor_find(g, "z"));
    gguf_close(g);
    assert_refused(
        gguf_open(path, "0000000000000000000000000000000000000000000000000000000000000000", &g),
        "small.gguf", "SHA-256");
    assert_null(g);
    assert_refused(gguf_open(scratch_write("cut.gguf", b.data, 30), NULL, &g), "cut.gguf", "fit");
    assert_refused(gguf_open(scratch_path("none.gguf"), NULL, &g), "none.gguf", "model file");
}

/* --- number formats ------------------------------------------------------------------------- */

/* Bytes of a linear congruential generator; halves that scale a block get their top exponent bit
 * cleared, so that no value is infinite. */
static void fill(unsigned char *out, size_t block, size_t count, const int *tops) {
    uint32_t x = 7;
    for (size_t i = 0; i < block * count; i++) {
        x = x * 1664525U + 1013904223U;
        out[i] = (unsigned char)(x >> 24);
    }
    for (size_t i = 0; i < count; i++) {
        for (const int *top = tops; *top >= 0; top++) {
            out[i * block + (size_t)*top] &= 0xbf;
        }
    }
}

/* BLAKE2b-256 of the float32 values and four of them, from the Python package gguf 0.19.0
 * (gguf.quants.dequantize, NumPy) on the same bytes. */
static void formats_agree_with_an_independent_reader(void **state) {
    (void)state;
    static const struct {
        uint32_t type;
        size_t count;
        int tops[3];
        const char *digest;
        float first, second, middle, last;
    } rows[] = {
        {GGUF_F32,
         64,
         {3, -1},
         "99e2ef032125b2ed02434e4247fe7a02eeee4fe14d4e99188f20c1892db76bb9",
         -0x1.39d27ap-36F,
         0x1.b9b618p-101F,
         -0x1.10a846p-107F,
         -0x1.c6c284p-19F},
        {GGUF_F16,
         64,
         {1, -1},
         "5141ae28844a1b133515abdf18e4ab4d2e21c9317aab799ac49a919a31eb013f",
         -0x1.4f4p-5F,
         -0x1.67p-4F,
         0x1.a18p-10F,
         0x1.788p+0F},
        {GGUF_BF16,
         64,
         {1, -1},
         "529c134436a85ead6dfad0f94e2d1c1ae6130eae2ebf12eb58ccee8a3e990794",
         -0x1.7ap-45F,
         -0x1.38p-36F,
         0x1.0cp-82F,
         0x1.c4p-4F},
        {GGUF_Q4_0,
         8,
         {1, -1},
         "7d367e306389a0701b31d25895e109b964c5eb6d3467af6e74e73b81166457e0",
         -0x1.4f4p-3F,
         -0x1.a31p-3F,
         -0x1.15bp+1F,
         0x1.497p+3F},
        {GGUF_Q4_1,
         8,
         {1, 3, -1},
         "3e77379810c3b8617edf093ffec192a905af05fb4bcd7aea5b58fdf7ed2f0c4f",
         -0x1.285p-1F,
         -0x1.135cp-1F,
         0x1.09p-14F,
         -0x1.9dfa8p+0F},
        {GGUF_Q5_0,
         8,
         {1, -1},
         "e32aed58d1cf202a86ae9deb60fbc8adf3eae9a9dd934674dfa605e05cbe8bfd",
         0x1.4f4p-3F,
         0x1.f6ep-4F,
         0x1.847p-7F,
         0x1.efcp+3F},
        {GGUF_Q5_1,
         8,
         {1, 3, -1},
         "2c027a2d0bdbf14308535ddc6a300e8c19d4f0b905bf4a42cd2426a3621512b9",
         -0x1.075p-3F,
         -0x1.135cp-1F,
         0x1.c94p-9F,
         0x1.e9cap-8F},
        {GGUF_Q8_0,
         8,
         {1, -1},
         "d1bf9a4528b2c1fcde639ce38a0673a5569302a4d4fd6bfcb37cca58992aa848",
         0x1.05eap+2F,
         0x1.8e1cp-1F,
         -0x1.070cp-9F,
         0x1.49c1p-6F},
        {GGUF_Q4_K,
         8,
         {1, 3, -1},
         "fc2e0c49c3da6b23ace1651f1ad1eb99f33edc09e3ac6378c8c1cf8092dff7be",
         -0x1.f298p+0F,
         -0x1.f4bcp+1F,
         -0x1.ec2dp+0F,
         -0x1.a51p-5F},
        {GGUF_Q5_K,
         8,
         {1, 3, -1},
         "e44dabfe3cbcfa6c519f97385477a95560d60dbbb28053c96aff2f0fb9372f3a",
         -0x1.b6f2p+2F,
         -0x1.b77bp+3F,
         0x1.975f8p+2F,
         -0x1.69b8cp+4F},
        {GGUF_Q6_K,
         8,
         {209, -1},
         "8bd1f8c993e234983e7559a173cf1617377d37f649f25f0da93e2dc9441774a5",
         0x1.9148ep+9F,
         -0x1.83728p+7F,
         -0x1.0e1f8p+9F,
         -0x1.967ap+7F},
    };
    for (size_t r = 0; r < sizeof rows / sizeof *rows; r++) {
        unsigned char in[8 * 256] = {0};
        float out[2048];
        const struct gguf_format *f = gguf_format(rows[r].type);
        assert_non_null(f);
        const size_t n = rows[r].count * f->values;
        fill(in, f->bytes, rows[r].count, rows[r].tops);
        const struct gguf_tensor t = {.type = rows[r].type, .dims = {n, 1, 1, 1}, .bytes = in};
        gguf_rows(&t, 0, 1, out);
        assert_true(out[0] == rows[r].first && out[1] == rows[r].second);
        assert_true(out[n / 2 + 17] == rows[r].middle && out[n - 1] == rows[r].last);
        assert_string_equal(hash_hex(out, n * sizeof *out), rows[r].digest);
    }
    assert_null(gguf_format(10)); /* Q2_K */
}

static void halves_are_exact(void **state) {
    (void)state;
    assert_true(half_to_float(0x0001) == 0x1p-24F);
    assert_true(half_to_float(0x83ff) == -0x3ffp-24F);
    assert_true(half_to_float(0x0400) == 0x1p-14F);
    assert_true(half_to_float(0x7bff) == 65504);
    assert_true(signbit(half_to_float(0x8000)) != 0);
    assert_true(isinf(half_to_float(0xfc00)) && half_to_float(0xfc00) < 0);
    assert_true(isnan(half_to_float(0x7e00)));
}

/* --- files that lie ------------------------------------------------------------------------- */

static void every_truncation_is_refused(void **state) {
    (void)state;
    const struct gguf_build b = whole_file();
    for (size_t size = 0; size < b.size; size++) {
        struct gguf *g;
        void *copy;
        assert_int_equal(parse(b.data, size, &g, &copy), ST_INPUT);
        assert_null(g);
        free(copy);
    }
}

/* Any byte set to any of some values: accepted or refused, never read out of bounds; what is
 * accepted can be read whole. */
static void no_changed_byte_leads_astray(void **state) {
    (void)state;
    const struct gguf_build b = whole_file();
    static const unsigned char values[] = {0x00, 0x01, 0x09, 0x7f, 0x80, 0xff};
    int accepted = 0, refused = 0;
    for (size_t i = 0; i < b.size * sizeof values; i++) {
        const unsigned char kept = memory[i / sizeof values];
        memory[i / sizeof values] = values[i % sizeof values];
        struct gguf *g;
        void *copy;
        const enum status st = parse(b.data, b.size, &g, &copy);
        assert_true(st == ST_OK || st == ST_INPUT);
        for (size_t t = 0; st == ST_OK && t < gguf_tensor_count(g); t++) {
            float out[64];
            const struct gguf_tensor *tensor = gguf_tensor_at(g, t);
            assert_true(tensor->dims[0] <= 64);
            gguf_rows(tensor, tensor->dims[1] - 1, 1, out);
        }
        gguf_close(g);
        free(copy);
        memory[i / sizeof values] = kept;
        accepted += st == ST_OK;
        refused += st == ST_INPUT;
    }
    assert_true(accepted > 0 && refused > 0);
}

static void lying_headers_are_refused(void **state) {
    (void)state;
    struct gguf_build b = empty_file();
    gb_put(&b, "GGML", 4);
    refuse(&b, "GGUF");
    b = empty_file();
    gb_header(&b, 1, 0, 0);
    refuse(&b, "version 1");
    b = empty_file();
    gb_header(&b, 0x03000000, 0, 0);
    refuse(&b, "big-endian");
    b = empty_file();
    gb_header(&b, 3, UINT64_MAX, 0);
    refuse(&b, "do not fit");
    b = empty_file();
    gb_header(&b, 3, 0, UINT64_MAX / 8);
    refuse(&b, "do not fit");
    b = empty_file();
    gb_header(&b, 3, 1, 1); /* nothing behind */
    refuse(&b, "do not fit");
}

static void lying_metadata_is_refused(void **state) {
    (void)state;
    struct gguf_build b = empty_file();
    gb_header(&b, 3, 0, 2);
    gb_key_u32(&b, "twice", 1);
    gb_key_u32(&b, "twice", 1);
    refuse(&b, "appears twice");
    b = empty_file();
    gb_header(&b, 3, 0, 1);
    gb_key(&b, "k", 13);
    gb_u64(&b, 0);
    refuse(&b, "unknown metadata type 13");
    b = empty_file();
    gb_header(&b, 3, 0, 1);
    gb_key(&b, "truth", 7);
    gb_u8(&b, 2);
    refuse(&b, "truth value of 2");
    b = empty_file();
    gb_header(&b, 3, 0, 1);
    gb_key_array(&b, "long", 4, UINT64_MAX / 4 + 1); /* 4 bytes each: wraps to 0 */
    refuse(&b, "truncated");
    b = empty_file();
    gb_header(&b, 3, 0, 1);
    gb_key(&b, "", 4);
    gb_u64(&b, 0);
    refuse(&b, "key of 0 bytes");
    b = empty_file();
    gb_header(&b, 3, 0, 1);
    gb_key(&b, "deep", 9);
    for (int i = 0; i < 100; i++) {
        gb_u32(&b, 9);
        gb_u64(&b, 1);
    }
    refuse(&b, "nested");
}

/* One tensor row over `data` bytes of F32 data, under an alignment (0: the default). */
static struct gguf_build one_tensor(uint64_t d0, uint64_t d1, uint32_t type, uint64_t offset,
                                    size_t data, uint32_t alignment) {
    struct gguf_build b = empty_file();
    gb_header(&b, 3, 1, alignment != 0);
    if (alignment != 0) {
        gb_key_u32(&b, "general.alignment", alignment);
    }
    gb_tensor(&b, "t", d0, d1, type, offset);
    gb_align(&b, 32);
    for (size_t i = 0; i < data; i++) {
        gb_u8(&b, 0);
    }
    return b;
}

static void lying_tensors_are_refused(void **state) {
    (void)state;
    struct gguf *g;
    struct gguf_build b = one_tensor(4, 2, GGUF_F32, 0, 32, 0);
    assert_int_equal(gguf_parse(b.data, b.size, "input", &g), ST_OK); /* the fixture is right */
    gguf_close(g);
    b = one_tensor(4, 3, GGUF_F32, 0, 32, 0);
    refuse(&b, "ends beyond the file");
    b = one_tensor(UINT64_C(1) << 32, UINT64_C(1) << 30, GGUF_F32, 0, 32, 0);
    refuse(&b, "whole number of blocks"); /* 4 bytes each: wraps to 0 */
    b = one_tensor(0, 4, GGUF_F32, 0, 32, 0);
    refuse(&b, "whole number of blocks");
    b = one_tensor(31, 0, GGUF_Q8_0, 0, 64, 0);
    refuse(&b, "whole number of blocks");
    b = one_tensor(32, 0, 10, 0, 64, 0);
    refuse(&b, "type 10");
    b = one_tensor(4, 0, GGUF_F32, 4, 32, 0);
    refuse(&b, "not aligned");
    b = one_tensor(4, 0, GGUF_F32, UINT64_MAX - 31, 32, 0);
    refuse(&b, "ends beyond the file");
    b = one_tensor(4, 0, GGUF_F32, 0, 64, 0);
    refuse(&b, "trailing");
    b = one_tensor(4, 0, GGUF_F32, 0, 32, 48);
    refuse(&b, "power of two");
    b = one_tensor(4, 0, GGUF_F32, 0, 32, 1 << 20);
    refuse(&b, "outside 8 to 65536");
    b = empty_file();
    gb_header(&b, 3, 1, 0);
    gb_text(&b, "five");
    gb_u32(&b, 5);
    for (int i = 0; i < 5; i++) {
        gb_u64(&b, 1);
    }
    gb_u32(&b, GGUF_F32);
    gb_u64(&b, 0);
    refuse(&b, "5 dimensions");
}

static void tensors_that_share_are_refused(void **state) {
    (void)state;
    struct gguf_build b = empty_file();
    gb_header(&b, 3, 2, 0);
    gb_tensor(&b, "one", 16, 0, GGUF_F32, 0);
    gb_tensor(&b, "two", 8, 0, GGUF_F32, 32);
    gb_align(&b, 32);
    for (int i = 0; i < 64; i++) {
        gb_u8(&b, 0);
    }
    refuse(&b, "overlaps");
    b = empty_file();
    gb_header(&b, 3, 2, 0);
    gb_tensor(&b, "same", 8, 0, GGUF_F32, 0);
    gb_tensor(&b, "same", 8, 0, GGUF_F32, 32);
    gb_align(&b, 32);
    for (int i = 0; i < 64; i++) {
        gb_u8(&b, 0);
    }
    refuse(&b, "appears twice");
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(metadata_is_read),
        cmocka_unit_test(arrays_are_read),
        cmocka_unit_test(another_kind_is_refused),
        cmocka_unit_test(tensors_are_found),
        cmocka_unit_test(files_are_opened),
        cmocka_unit_test(formats_agree_with_an_independent_reader),
        cmocka_unit_test(halves_are_exact),
        cmocka_unit_test(every_truncation_is_refused),
        cmocka_unit_test(no_changed_byte_leads_astray),
        cmocka_unit_test(lying_headers_are_refused),
        cmocka_unit_test(lying_metadata_is_refused),
        cmocka_unit_test(lying_tensors_are_refused),
        cmocka_unit_test(tensors_that_share_are_refused),
    };
    return cmocka_run_group_tests_name("gguf", tests, scratch_make, scratch_remove);
}
