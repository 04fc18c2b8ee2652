/* Traces: half precision, round trip, and bent ones that are refused. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "../../harness/record/record.h"
#include "../half.h"
#include "../trace.h"

enum { LAYERS = 2, HEADS = 4, KV_HEADS = 2, D = 4, TOKENS = 16, POSITIONS = 3 };

static const int64_t rows[POSITIONS] = {2, 7, 15};

/* Values that half precision holds. */
static struct trace some_trace(void) {
    struct trace t = {.model = "m.gguf",
                      .model_digest = "aa",
                      .text = "t",
                      .text_digest = "bb",
                      .layer_count = LAYERS,
                      .heads = HEADS,
                      .kv_heads = KV_HEADS,
                      .head_dim = D,
                      .layers = {1, 5},
                      .tokens = TOKENS,
                      .position_count = POSITIONS};
    assert_int_equal(trace_new(&t), ST_OK);
    memcpy(t.positions, rows, sizeof rows);
    for (int i = 0; i < LAYERS * KV_HEADS * TOKENS * D; i++) {
        t.k[i] = (float)i / 8;
        t.v[i] = -(float)i;
    }
    for (int i = 0; i < LAYERS * HEADS * POSITIONS * D; i++) {
        t.q[i] = (float)i * 0x1p-24F;
    }
    return t;
}

static struct tree *tree_of(const struct trace *t) {
    struct tree *root;
    assert_int_equal(trace_to_tree(t, &root), ST_OK);
    return root;
}

static void a_trace_comes_back(void **state) {
    (void)state;
    struct trace t = some_trace(), back;
    struct tree *root = tree_of(&t);
    assert_int_equal(trace_from_tree(root, "x", &back), ST_OK);
    assert_string_equal(back.model, "m.gguf");
    assert_string_equal(back.model_digest, "aa");
    assert_string_equal(back.text, "t");
    assert_string_equal(back.text_digest, "bb");
    assert_int_equal(back.layer_count, LAYERS);
    assert_int_equal(back.layers[1], 5);
    assert_int_equal(back.heads, HEADS);
    assert_int_equal(back.kv_heads, KV_HEADS);
    assert_int_equal(back.head_dim, D);
    assert_int_equal(back.tokens, TOKENS);
    assert_int_equal(back.position_count, POSITIONS);
    assert_memory_equal(back.positions, rows, sizeof rows);
    assert_memory_equal(back.k, t.k, LAYERS * KV_HEADS * TOKENS * D * sizeof *t.k);
    assert_memory_equal(back.v, t.v, LAYERS * KV_HEADS * TOKENS * D * sizeof *t.v);
    assert_memory_equal(back.q, t.q, LAYERS * HEADS * POSITIONS * D * sizeof *t.q);
    assert_int_equal(strlen(back.digest), 64);
    trace_free(&back);
    trace_free(&t);
    tree_free(root);
}

/* Stores q[0] = x and gives what is read. */
static float through_half(float x) {
    struct trace t = some_trace(), back;
    t.q[0] = x;
    struct tree *root = tree_of(&t);
    assert_int_equal(trace_from_tree(root, "x", &back), ST_OK);
    const float got = back.q[0];
    trace_free(&back);
    trace_free(&t);
    tree_free(root);
    return got;
}

/* Each half itself, and what lies between two goes to the nearer one, ties to the even. */
static void halves_are_rounded_to_nearest(void **state) {
    (void)state;
    for (unsigned bits = 0; bits < 0x7bff; bits += bits < 0x0410 ? 13 : 517) {
        const float low = half_to_float((uint16_t)bits), high = half_to_float((uint16_t)(bits + 1));
        const float middle = (low + high) / 2;
        assert_true(through_half(low) == low);
        assert_true(through_half(-high) == -high);
        assert_true(through_half(middle) == (bits % 2 == 0 ? low : high));
        assert_true(through_half(nextafterf(middle, 0)) == low);
        assert_true(through_half(nextafterf(middle, INFINITY)) == high);
    }
    assert_true(through_half(65504) == 65504);
    assert_true(signbit(through_half(-0.0F)) != 0);
    assert_int_equal(float_to_half(65519.99F), 0x7bff);
    assert_int_equal(float_to_half(65520), 0x7c00);
    assert_int_equal(float_to_half(-1e30F), 0xfc00);
}

static void what_halves_lack_is_refused(void **state) {
    (void)state;
    const float wrong[] = {65505, -70000, NAN, INFINITY};
    for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++) {
        struct trace t = some_trace();
        struct tree *root;
        t.v[5] = wrong[i];
        assert_int_equal(trace_to_tree(&t, &root), ST_INPUT);
        assert_null(root);
        trace_free(&t);
    }
}

/* --- bent trees ------------------------------------------------------------------------------- */

static void set_kind(struct tree *r) {
    assert_true(tree_set_string(tree_find(r, "plan"), "kind", "run"));
}

static void long_name(struct tree *r) {
    char name[MODEL_RECORD_NAME + 1];
    memset(name, 'm', MODEL_RECORD_NAME);
    name[MODEL_RECORD_NAME] = '\0';
    assert_true(tree_set_string(tree_find(r, "plan"), "model", name));
}

static void more_attributes(struct tree *r) {
    assert_true(tree_set_i64(tree_find(r, "plan"), "more", 1));
}

static void no_heads(struct tree *r) { tree_set_i64(tree_find(r, "plan"), "heads", 0); }

static void heads_do_not_divide(struct tree *r) {
    tree_set_i64(tree_find(r, "plan"), "kv_heads", 3);
}

static void more_tokens(struct tree *r) { tree_set_i64(tree_find(r, "plan"), "tokens", 17); }

static void many_tokens(struct tree *r) { tree_set_i64(tree_find(r, "plan"), "tokens", INT64_MAX); }

static void wider_heads(struct tree *r) { tree_set_i64(tree_find(r, "plan"), "head_dim", 8); }

static void layers_out_of_order(struct tree *r) {
    ((int32_t *)tree_find(r, "plan/layers")->value.data)[0] = 5;
}

static void negative_layer(struct tree *r) {
    ((int32_t *)tree_find(r, "plan/layers")->value.data)[0] = -1;
}

static void position_behind(struct tree *r) {
    ((int64_t *)tree_find(r, "plan/positions")->value.data)[2] = TOKENS;
}

static void positions_out_of_order(struct tree *r) {
    ((int64_t *)tree_find(r, "plan/positions")->value.data)[1] = 2;
}

static void infinite_value(struct tree *r) {
    unsigned char *k = tree_find(r, "outputs/k")->value.data;
    k[20] = 0;
    k[21] = 0x7c;
}

static void not_a_number(struct tree *r) {
    unsigned char *q = tree_find(r, "outputs/q")->value.data;
    q[0] = 1;
    q[1] = 0xfe;
}

static void other_type(struct tree *r) { tree_find(r, "outputs/v")->value.type = TREE_I32; }

static void other_shape(struct tree *r) {
    uint64_t *dims = tree_find(r, "outputs/q")->value.dims;
    dims[0] *= 2;
    dims[1] /= 2;
}

static void more_outputs(struct tree *r) {
    assert_non_null(tree_group(tree_find(r, "outputs"), "cells"));
}

static void bent_traces_are_refused(void **state) {
    (void)state;
    static void (*const bends[])(struct tree *) = {set_kind,
                                                   long_name,
                                                   more_attributes,
                                                   no_heads,
                                                   heads_do_not_divide,
                                                   more_tokens,
                                                   many_tokens,
                                                   wider_heads,
                                                   negative_layer,
                                                   layers_out_of_order,
                                                   infinite_value,
                                                   position_behind,
                                                   positions_out_of_order,
                                                   not_a_number,
                                                   other_type,
                                                   other_shape,
                                                   more_outputs};
    for (size_t i = 0; i < sizeof bends / sizeof bends[0]; i++) {
        struct trace t = some_trace(), back;
        struct tree *root = tree_of(&t);
        bends[i](root);
        assert_int_equal(trace_from_tree(root, "bent", &back), ST_INPUT);
        assert_non_null(strstr(status_message(), "bent"));
        assert_null(back.k);
        trace_free(&t);
        tree_free(root);
    }
}

static void an_empty_tree_is_refused(void **state) {
    (void)state;
    struct tree *root = tree_new();
    struct trace back;
    assert_int_equal(trace_from_tree(root, "empty", &back), ST_INPUT);
    assert_non_null(tree_group(root, "plan"));
    assert_non_null(tree_group(root, "outputs"));
    assert_int_equal(trace_from_tree(root, "empty", &back), ST_INPUT);
    tree_free(root);
}

/* --- files ------------------------------------------------------------------------------------ */

static void a_file_keeps_its_seal(void **state) {
    (void)state;
    char path[512];
    const char *folder = getenv("TMPDIR");
    (void)snprintf(path, sizeof path, "%s/trace-XXXXXX", folder != NULL ? folder : "/tmp");
    assert_non_null(mkdtemp(path));
    (void)snprintf(path + strlen(path), sizeof path - strlen(path), "/t.h5");
    struct trace t = some_trace(), back;
    struct tree *root = tree_of(&t);
    assert_int_equal(record_write(root, path, NULL), ST_OK);
    assert_int_equal(trace_open(path, &back), ST_OK);
    assert_memory_equal(back.k, t.k, LAYERS * KV_HEADS * TOKENS * D * sizeof *t.k);
    trace_free(&back);
    FILE *f = fopen(path, "r+e");
    assert_non_null(f);
    assert_int_equal(fseek(f, -20, SEEK_END), 0);
    const int was = fgetc(f);
    assert_int_equal(fseek(f, -20, SEEK_END), 0);
    assert_int_not_equal(fputc(was ^ 1, f), EOF);
    assert_int_equal(fclose(f), 0);
    assert_int_equal(trace_open(path, &back), ST_RECORD);
    (void)remove(path);
    (void)snprintf(path + strlen(path), sizeof path - strlen(path), ".seal");
    (void)remove(path);
    *strrchr(path, '/') = '\0';
    (void)remove(path);
    trace_free(&t);
    tree_free(root);
}

/* The bytes in the program are the file in the repository, which is sealed. */
static void the_committed_trace_is_the_sealed_file(void **state) {
    (void)state;
    struct trace carried, file;
    assert_int_equal(trace_committed(&carried), ST_OK);
    assert_string_equal(carried.model, "SmolLM2-135M-Instruct.Q4_1.gguf");
    assert_string_equal(carried.model_digest,
                        "b179c9523d0e6a0f98a330c7562b682750a6f8c8c15e5bc70ea373728110db53");
    assert_int_equal(carried.layer_count, 3);
    assert_int_equal(carried.layers[0], 0);
    assert_int_equal(carried.layers[1], 15);
    assert_int_equal(carried.layers[2], 29);
    assert_int_equal(carried.heads, 9);
    assert_int_equal(carried.kv_heads, 3);
    assert_int_equal(carried.head_dim, 64);
    assert_int_equal(carried.tokens, 2048);
    if (trace_open("datasets/traces/smollm2.h5", &file) == ST_OK) {
        assert_string_equal(file.digest, carried.digest);
        trace_free(&file);
    } else {
        print_message("not run from the top of the repository: %s\n", status_message());
    }
    trace_free(&carried);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_trace_comes_back),
        cmocka_unit_test(halves_are_rounded_to_nearest),
        cmocka_unit_test(what_halves_lack_is_refused),
        cmocka_unit_test(bent_traces_are_refused),
        cmocka_unit_test(an_empty_tree_is_refused),
        cmocka_unit_test(a_file_keeps_its_seal),
        cmocka_unit_test(the_committed_trace_is_the_sealed_file),
    };
    return cmocka_run_group_tests_name("trace", tests, NULL, NULL);
}
