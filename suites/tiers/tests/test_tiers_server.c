/* The server: what each tier answers, keeps and leaves alone. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "../tiers_server.h"

enum { SEQ = 32, LOGITS = 256 };

static struct tiers_server server;
static int32_t prompt_a[SEQ], prompt_b[SEQ];

static int open_server(void **state) {
    (void)state;
    for (int32_t i = 0; i < SEQ; i++) {
        prompt_a[i] = i * 7 % LOGITS;
        prompt_b[i] = (i * 11 + 5) % LOGITS;
    }
    return tiers_server_open(tiers_config_find("micro"), kernel_find("transformer/scalar"), 1,
                             &server) == ST_OK
               ? 0
               : -1;
}

static int close_server(void **state) {
    (void)state;
    tiers_server_close(&server);
    assert_null(server.kept);
    return 0;
}

/* --- requests --------------------------------------------------------------------------------- */

enum kind { TIER_0, TIER_1, TIER_2, TIER_3, FLUSH };

static struct tiers_request request(enum kind kind, uint64_t signature, const int32_t *tokens) {
    struct tiers_request r = {
        .packet = {.lambda = 100, .lambda_prev = 100}, .signature = signature, .tokens = tokens};
    r.packet.partitions = kind == TIER_1 ? 11 : 0;
    r.packet.force_safe = kind == TIER_2;
    r.packet.skip = kind == TIER_3;
    r.packet.lambda_prev = kind == FLUSH ? 1000 : 100;
    return r;
}

/* Serves into poisoned logits; checks what the server says of it. */
static bool serve(enum kind kind, uint64_t signature, const int32_t *tokens, float *logits,
                  struct transformer_counts *counts) {
    const struct tiers_request r = request(kind, signature, tokens);
    memset(logits, 0xff, LOGITS * sizeof *logits);
    const struct tiers_answer a = tiers_serve(&server, &r, logits, counts);
    assert_int_equal(a.tier, kind == FLUSH ? 1 : (int)kind);
    assert_int_equal(a.flush, kind == FLUSH);
    assert_true(kind == TIER_3 || !a.hit);
    for (int i = 0; i < LOGITS; i++) {
        assert_true(isfinite(logits[i]));
    }
    return a.hit;
}

static bool equal(const void *a, const void *b) {
    return memcmp(a, b, LOGITS * sizeof(float)) == 0;
}

static bool all_zero(const float *logits) {
    static const float zero[LOGITS];
    return equal(logits, zero);
}

/* --- logits ----------------------------------------------------------------------------------- */

static void computed_tiers_have_logits_of_their_own(void **state) {
    (void)state;
    float of_0[LOGITS], of_1[LOGITS], of_2[LOGITS], other[LOGITS];
    serve(TIER_0, 1, prompt_a, of_0, NULL);
    serve(TIER_0, 2, prompt_b, other, NULL);
    assert_false(equal(of_0, other));
    serve(TIER_1, 3, prompt_a, of_1, NULL);
    serve(TIER_1, 4, prompt_b, other, NULL);
    assert_false(equal(of_1, other));
    serve(TIER_2, 5, prompt_a, of_2, NULL);
    serve(TIER_2, 6, prompt_b, other, NULL);
    assert_false(equal(of_2, other));
    assert_false(equal(of_0, of_1));
    /* One layer with a window of 4 sees the last four tokens, of 16 as of 4: in this network tier 1
     * computes what tier 2 does. */
    assert_true(equal(of_1, of_2));
}

static void a_hit_repeats_the_last_pass(void **state) {
    (void)state;
    static const enum kind kinds[] = {TIER_0, TIER_1, TIER_2, FLUSH};
    float computed[LOGITS], cached[LOGITS];
    for (uint64_t i = 0; i < 4; i++) {
        serve(kinds[i], 10 + i, prompt_a, computed, NULL);
        assert_true(serve(TIER_3, 10 + i, prompt_a, cached, NULL));
        assert_true(equal(cached, computed));
        assert_true(serve(TIER_3, 10 + i, prompt_a, cached, NULL));
        assert_true(equal(cached, computed));
    }
}

static void a_miss_is_zero_and_forgets_nothing(void **state) {
    (void)state;
    float computed[LOGITS], cached[LOGITS];
    serve(TIER_0, 1, prompt_a, computed, NULL);
    assert_false(serve(TIER_3, 2, prompt_a, cached, NULL));
    assert_true(all_zero(cached));
    assert_true(serve(TIER_3, 1, prompt_a, cached, NULL));
    assert_true(equal(cached, computed));
    serve(TIER_2, 3, prompt_b, computed, NULL);
    assert_false(serve(TIER_3, 1, prompt_a, cached, NULL)); /* only the last pass is kept */
    assert_true(all_zero(cached));
}

static void nothing_is_kept_before_the_first_pass(void **state) {
    (void)state;
    float cached[LOGITS];
    assert_false(serve(TIER_3, 0, prompt_a, cached, NULL));
    assert_true(all_zero(cached));
}

static void a_prompt_has_the_same_logits_again(void **state) {
    (void)state;
    float first[LOGITS], again[LOGITS];
    serve(TIER_0, 1, prompt_a, first, NULL);
    serve(TIER_2, 2, prompt_b, again, NULL);
    serve(FLUSH, 3, prompt_b, again, NULL);
    serve(TIER_0, 4, prompt_a, again, NULL);
    assert_true(equal(first, again));
}

/* --- keys and values -------------------------------------------------------------------------- */

struct kept {
    int64_t bytes;
    int8_t *copy;
};

static struct kept cache(void) {
    struct kept k;
    const void *now = server.impl->cache(server.network, &k.bytes);
    k.copy = malloc((size_t)k.bytes);
    assert_non_null(k.copy);
    memcpy(k.copy, now, (size_t)k.bytes);
    return k;
}

static bool cache_is(struct kept *before) {
    int64_t bytes;
    const void *now = server.impl->cache(server.network, &bytes);
    return bytes == before->bytes && memcmp(now, before->copy, (size_t)bytes) == 0;
}

static void tiers_write_keys_as_defined(void **state) {
    (void)state;
    float logits[LOGITS];
    serve(TIER_0, 1, prompt_a, logits, NULL);
    struct kept of_0 = cache();
    serve(TIER_2, 2, prompt_b, logits, NULL);
    assert_true(cache_is(&of_0)); /* frozen */
    serve(TIER_3, 3, prompt_b, logits, NULL);
    assert_true(cache_is(&of_0));
    serve(TIER_1, 4, prompt_b, logits, NULL);
    assert_false(cache_is(&of_0));
    /* Of keys, behind the scales of both, the first layer stays, and half of the second one. */
    const struct kept of_1 = cache();
    const size_t scales = 2 * 2 * SEQ * 4 * sizeof(float), rows = (SEQ + SEQ / 2) * 128;
    assert_memory_equal(of_0.copy + scales, of_1.copy + scales, rows);
    assert_true(memcmp(of_0.copy + scales + rows, of_1.copy + scales + rows, SEQ / 2 * 128) != 0);
    free(of_0.copy);
    free(of_1.copy);
}

static void a_flush_empties_the_keys_and_writes_none(void **state) {
    (void)state;
    float logits[LOGITS];
    struct kept empty = cache();
    for (int64_t i = 0; i < empty.bytes; i++) {
        assert_int_equal(empty.copy[i], 0);
    }
    serve(TIER_0, 1, prompt_a, logits, NULL);
    assert_false(cache_is(&empty));
    serve(FLUSH, 2, prompt_a, logits, NULL);
    assert_true(cache_is(&empty));
    free(empty.copy);
}

/* --- counts, the dense switch ----------------------------------------------------------------- */

static double macs(const struct transformer_counts *c) {
    return (double)(c->gemm_macs + c->attention_macs);
}

static void counts_are_those_of_the_definitions(void **state) {
    (void)state;
    struct transformer_counts of[5];
    memset(of, 0xff, sizeof of);
    float logits[LOGITS];
    for (int kind = TIER_0; kind <= FLUSH; kind++) {
        serve((enum kind)kind, (uint64_t)kind, prompt_a, logits, &of[kind]);
    }
    assert_true(fabs(macs(&of[TIER_1]) / macs(&of[TIER_0]) - .251) < .0005);
    assert_true(fabs(macs(&of[TIER_2]) / macs(&of[TIER_0]) - .0645) < .0005);
    assert_true(macs(&of[FLUSH]) == macs(&of[TIER_1]));
    assert_true(macs(&of[TIER_3]) == 0 && of[TIER_3].weight_bytes == 0);
    assert_true(of[TIER_0].kv_written_bytes > of[TIER_1].kv_written_bytes);
    assert_true(of[TIER_1].kv_written_bytes > 0);
    assert_true(of[TIER_2].kv_written_bytes == 0 && of[FLUSH].kv_written_bytes == 0);
}

/* Without a window the 32 tokens of tier 0 read 32 33 / 2 keys a layer instead of 36 + 24 8. */
static void dense_reads_all_keys(void **state) {
    (void)state;
    struct transformer_counts windowed = {0}, dense = {0};
    float a[LOGITS], b[LOGITS];
    serve(TIER_0, 1, prompt_a, a, &windowed);
    server.dense = 1;
    serve(TIER_0, 1, prompt_a, b, &dense);
    server.dense = 0;
    assert_false(equal(a, b));
    assert_true(dense.gemm_macs == windowed.gemm_macs);
    assert_true(dense.attention_macs * (36 + 24 * 8) == windowed.attention_macs * (32 * 33 / 2));
}

int main(void) {
#define TEST(f) cmocka_unit_test_setup_teardown(f, open_server, close_server)
    const struct CMUnitTest tests[] = {
        TEST(computed_tiers_have_logits_of_their_own),
        TEST(a_hit_repeats_the_last_pass),
        TEST(a_miss_is_zero_and_forgets_nothing),
        TEST(nothing_is_kept_before_the_first_pass),
        TEST(a_prompt_has_the_same_logits_again),
        TEST(tiers_write_keys_as_defined),
        TEST(a_flush_empties_the_keys_and_writes_none),
        TEST(counts_are_those_of_the_definitions),
        TEST(dense_reads_all_keys),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
