/* Selection of the largest scores, 16-bit rounding, the 8-bit cache, and what no bit may change in
 * attention. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "../../../datasets/gguf_dequant.h"
#include "../../../datasets/rng.h"
#include "../../../harness/base/cpu.h"
#include "../../../harness/judge/kernel.h"
#include "../attention_check.h"
#include "../attention_select.h"
#include "../half.h"
#include "../int8_cache.h"

/* --- selection -------------------------------------------------------------------------------- */

enum { MOST = 3000, LONG = 70000 };

static const float *sorted_row;

static int better_first(const void *a, const void *b) {
    const int32_t x = *(const int32_t *)a, y = *(const int32_t *)b;
    if (sorted_row[x] != sorted_row[y]) {
        return sorted_row[x] > sorted_row[y] ? -1 : 1;
    }
    return x < y ? -1 : x > y;
}

static int ascending(const void *a, const void *b) {
    const int32_t x = *(const int32_t *)a, y = *(const int32_t *)b;
    return x < y ? -1 : x > y;
}

enum kind { FEW_VALUES, NORMAL, WITH_INFINITIES, STEEP, CONSTANT, ZEROS_OF_BOTH_SIGNS, KINDS };

static float value_of(enum kind kind, double gaussian, uint32_t word) {
    switch (kind) {
    case FEW_VALUES:
        return (float)rng_below(word, 5);
    case NORMAL:
        return (float)gaussian;
    case WITH_INFINITIES:
        return word % 50 == 0 ? INFINITY : word % 50 == 1 ? -INFINITY : (float)gaussian;
    case STEEP:
        return (float)exp(20 * gaussian);
    case CONSTANT:
        return 3.5F;
    case ZEROS_OF_BOTH_SIGNS:
    case KINDS:
        break;
    }
    return word % 2 == 0 ? 0.0F : -0.0F;
}

static void select_and_compare(attention_select_fn *select, const float *row, int64_t n,
                               int64_t k) {
    static int32_t chosen[LONG + ATTENTION_SELECT_SLACK], wanted[LONG];
    static float space[LONG + ATTENTION_SELECT_SLACK];
    for (int32_t i = 0; i < n; i++) {
        wanted[i] = i;
    }
    sorted_row = row;
    qsort(wanted, (size_t)n, sizeof *wanted, better_first);
    qsort(wanted, (size_t)k, sizeof *wanted, ascending);
    assert_int_equal(select(row, n, k, chosen, space), k);
    assert_memory_equal(chosen, wanted, (size_t)k * sizeof *wanted);
}

static void select_in_every_way(const float *row, int64_t n, int64_t k) {
    const uint32_t isa = cpu_isa();
    select_and_compare(attention_select_scalar, row, n, k);
    if (isa & ISA_AVX2) {
        select_and_compare(attention_select_avx2, row, n, k);
    }
    if (isa & ISA_AVX512) {
        select_and_compare(attention_select_avx512, row, n, k);
    }
}

static void the_largest_are_chosen(void **state) {
    (void)state;
    static float row[MOST];
    static double gaussian[MOST];
    for (uint32_t trial = 0; trial < 600; trial++) {
        uint32_t words[4];
        rng_words(3, 1, trial, 0, words);
        const int32_t n = 1 + (int32_t)rng_below(words[0], trial % 9 == 0 ? MOST : 200);
        const int64_t k = 1 + rng_below(words[1], (uint32_t)n);
        rng_gaussians(3, 2, trial, gaussian, (size_t)n);
        for (int32_t i = 0; i < n; i++) {
            rng_words(3, 3, trial, (uint32_t)i, words);
            row[i] = value_of(trial % KINDS, gaussian[i], words[0]);
        }
        select_in_every_way(row, n, k);
    }
}

/* Of which a sample is looked at first. */
static void the_largest_of_long_rows_are_chosen(void **state) {
    (void)state;
    static const int64_t counts[] = {1, 64, 2048, LONG / 2, LONG - 1, LONG};
    static float row[LONG];
    static double gaussian[LONG];
    rng_gaussians(3, 4, 0, gaussian, LONG);
    for (int kind = 0; kind < KINDS; kind++) {
        for (uint32_t i = 0; i < LONG; i++) {
            uint32_t words[4];
            rng_words(3, 5, 0, i, words);
            row[i] = value_of((enum kind)kind, gaussian[i], words[0]);
        }
        for (size_t i = 0; i < sizeof counts / sizeof counts[0]; i++) {
            select_in_every_way(row, LONG, counts[i]);
        }
    }
}

/* Every 17th value, of which a sample of 4096 is, lies above or below all the others. */
static void a_sample_that_misleads_is_not_believed(void **state) {
    (void)state;
    static float row[LONG];
    static double gaussian[LONG];
    rng_gaussians(3, 6, 0, gaussian, LONG);
    for (int sign = -1; sign <= 1; sign += 2) {
        for (int i = 0; i < LONG; i++) {
            row[i] = (float)(gaussian[i] + (i % 17 == 0 ? 20 * sign : 0));
        }
        select_in_every_way(row, LONG, 64);
        select_in_every_way(row, LONG, 6000);
        select_in_every_way(row, LONG, LONG / 2);
    }
    row[LONG - 2] = NAN;
    static int32_t chosen[LONG + ATTENTION_SELECT_SLACK];
    static float space[LONG + ATTENTION_SELECT_SLACK];
    assert_int_equal(attention_select()(row, LONG, 64, chosen, space), -1);
    row[17] = NAN;
    assert_int_equal(attention_select()(row, LONG, 64, chosen, space), -1);
}

static void nothing_is_chosen_of_a_row_with_nan(void **state) {
    (void)state;
    enum { N = 40 };
    float row[N] = {0}, space[N + ATTENTION_SELECT_SLACK];
    int32_t chosen[N + ATTENTION_SELECT_SLACK];
    for (int i = 0; i < N; i++) {
        row[i] = NAN;
        assert_int_equal(attention_select()(row, N, 3, chosen, space), -1);
        row[i] = (float)i;
    }
    assert_int_equal(attention_select()(row, N, 3, chosen, space), 3);
}

/* --- 16 bits ---------------------------------------------------------------------------------- */

/* Every half and the points between neighbours. */
static void halves_are_rounded_right(void **state) {
    (void)state;
    for (uint16_t bits = 0; bits < 0x7bff; bits++) {
        const float low = half_to_float(bits), high = half_to_float((uint16_t)(bits + 1));
        const float middle = low / 2 + high / 2, even = bits % 2 == 0 ? low : high;
        assert_true(round_to_f16(low) == low && round_to_f16(-low) == -low);
        assert_true(round_to_f16(middle) == even);
        assert_true(round_to_f16(nextafterf(middle, 0)) == low);
        assert_true(round_to_f16(nextafterf(middle, INFINITY)) == high);
        assert_int_equal(half_not_below((double)low), bits);
        assert_int_equal(half_not_below((double)nextafterf(low, INFINITY)), bits + 1);
        assert_int_equal(half_not_below((double)middle), bits + 1);
    }
    assert_true(round_to_f16(65519.99F) == 65504.0F && round_to_f16(65520.0F) == INFINITY);
    assert_int_equal(half_not_below(65504.001), 0x7c00);
}

static void bf16_keeps_eight_bits(void **state) {
    (void)state;
    assert_true(round_to_bf16(1.0F) == 1.0F);
    assert_true(round_to_bf16(1.0F + 0x1p-8F) == 1.0F); /* a tie: the even one */
    assert_true(round_to_bf16(1.0F + 0x3p-8F) == 1.0F + 0x1p-6F);
    assert_true(round_to_bf16(1.0F + 0x1p-8F + 0x1p-20F) == 1.0F + 0x1p-7F);
    assert_true(round_to_bf16(-3.14159F) == -3.140625F);
}

/* --- attention -------------------------------------------------------------------------------- */

static const struct lm_shape shape = {.layers = 3, .heads = 6, .kv_heads = 2, .head_dim = 16};

enum { N = 150, WIDTH = 6 * 16, VALUES = N * WIDTH };

static const int64_t lengths[] = {60, -4, 50, 36, 0}, one_document[] = {N, 0};

static struct attention_problem problem_of(uint64_t seed, const int64_t *documents) {
    struct attention_problem p;
    assert_int_equal(attention_problem_new(&shape, N, &p), ST_OK);
    p.values = ATTENTION_GAUSSIAN;
    attention_problem_fill(&p, seed, documents);
    return p;
}

/* The sequence's answers, `step` tokens a call, in a state of its own. */
static void attend(const char *kernel, const struct attention_params *params,
                   const struct attention_problem *p, int64_t step, float *out) {
    const struct attention_impl *impl = kernel_find(kernel)->impl;
    void *state;
    assert_int_equal(impl->open(&shape, N + 3, params, &state), ST_OK);
    for (int32_t layer = 0; layer < shape.layers; layer++) {
        const struct lm_attention_call all = attention_problem_call(p, layer, 0, N, 2, out);
        assert_true(impl->observe == NULL || impl->observe(state, &all) == ST_OK);
    }
    for (int64_t past = 0; past < N; past += step) {
        const int64_t tokens = step < N - past ? step : N - past;
        for (int32_t layer = 0; layer < shape.layers; layer++) {
            const struct lm_attention_call call =
                attention_problem_call(p, layer, past, tokens, 2, out);
            assert_int_equal(impl->run(state, &call), ST_OK);
        }
    }
    impl->close(state);
}

static int same_bits(const void *a, const void *b, size_t size) { return memcmp(a, b, size) == 0; }

static void all_keys_are_full_attention(void **state) {
    (void)state;
    static float full[VALUES], sparse[VALUES];
    struct attention_problem p = problem_of(5, lengths);
    static const int64_t steps[] = {N, 1, 64, 70};
    for (size_t i = 0; i < sizeof steps / sizeof *steps; i++) {
        attend("attention/full", &(struct attention_params){0}, &p, steps[i], full);
        attend("attention/topk", &(struct attention_params){.k = 60}, &p, steps[i], sparse);
        assert_memory_equal(full, sparse, sizeof full); /* no document is longer */
        attend("attention/topk", &(struct attention_params){.share = 1}, &p, steps[i], sparse);
        assert_memory_equal(full, sparse, sizeof full);
        attend("attention/topk", &(struct attention_params){.k = 40}, &p, steps[i], sparse);
        for (int64_t t = 0; t < N; t++) {
            const int same = same_bits(full + t * WIDTH, sparse + t * WIDTH, WIDTH * sizeof *full);
            assert_int_equal(same, p.segment[t] < 0 || p.position[t] < 40);
        }
    }
    attention_problem_free(&p);
}

static void share_is_rounded_up(void **state) {
    (void)state;
    const struct attention_params c = {.share = 0.05}, k = {.k = 7};
    assert_int_equal(attention_kept(&c, 100), 5); /* 0.05 100 is more than 5 in float64 */
    assert_int_equal(attention_kept(&c, 101), 6);
    assert_int_equal(attention_kept(&c, 1), 1);
    assert_int_equal(attention_kept(&k, 6), 6);
    assert_int_equal(attention_kept(&k, 800), 7);
}

/* Everything outside of a document changes; no bit of its answers does. */
static void segments_never_leak(void **state) {
    (void)state;
    static float before[VALUES], after[VALUES];
    static const char *const names[] = {"attention/full", "attention/topk", "attention/int8_token",
                                        "attention/int8_channel"};
    const struct attention_params params = {.k = 9, .documents = 4};
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        struct attention_problem p = problem_of(5, lengths), other = problem_of(6, lengths);
        attend(names[i], &params, &p, 70, before);
        for (int64_t row = 0; row < shape.kv_heads * p.capacity; row++) {
            const int64_t t = row % p.capacity;
            if (t >= N || p.segment[t] != 2) {
                memcpy(p.k + row * 16, other.k + row * 16, 16 * sizeof(float));
                memcpy(p.v + row * 16, other.v + row * 16, 16 * sizeof(float));
            }
        }
        attend(names[i], &params, &p, 70, after);
        for (int64_t t = 0; t < N; t++) {
            const int same =
                same_bits(before + t * WIDTH, after + t * WIDTH, WIDTH * sizeof *after);
            assert_int_equal(same, p.segment[t] == 2 || p.segment[t] < 0);
        }
        attention_problem_free(&p);
        attention_problem_free(&other);
    }
}

/* --- INT8 ------------------------------------------------------------------------------------- */

/* No output of this size may differ by more when tokens come one by one: both are within rounding
 * of the same sums.  Seen: 2e-7. */
static const double STEP_BOUND = 2e-6;

static void int8_decode_is_int8_prefill(void **state) {
    (void)state;
    static float prefill[VALUES], decoded[VALUES];
    static const char *const names[] = {"attention/int8_token", "attention/int8_channel"};
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        struct attention_problem p = problem_of(7, lengths);
        const struct attention_params params = {.documents = 4};
        attend(names[i], &params, &p, N, prefill);
        attend(names[i], &params, &p, 1, decoded);
        for (int at = 0; at < VALUES; at++) {
            assert_true(fabs((double)prefill[at] - (double)decoded[at]) <= STEP_BOUND);
        }
        attention_problem_free(&p);
    }
}

/* Half a step of the scale that a value has, which the cache itself says. */
static void int8_is_off_by_half_a_step(void **state) {
    (void)state;
    static float out[VALUES];
    for (int by_channel = 0; by_channel < 2; by_channel++) {
        struct attention_problem p = problem_of(8, one_document);
        struct int8_cache *c;
        const struct lm_attention_call call = attention_problem_call(&p, 1, 0, N, 1, out);
        assert_int_equal(int8_cache_new(&shape, N, 1, by_channel, &c), ST_OK);
        if (by_channel) {
            assert_int_equal(int8_cache_observe(c, &call), ST_OK);
        }
        assert_int_equal(int8_cache_attend(c, &call), ST_OK);
        for (int64_t at = 0; at < (int64_t)shape.kv_heads * N * 16; at++) {
            const int64_t head = at / (N * 16), row = at / 16 % N, i = at % 16;
            const int64_t set = by_channel ? (2 + head) * 16 + i : (2 + head) * N + row;
            const double k_step = (double)half_to_float(c->k_scale[set]);
            const double v_step = (double)half_to_float(c->v_scale[(2 + head) * N + row]);
            const int64_t from = (head * p.capacity + row) * 16 + i;
            assert_true(fabs((double)c->k_wide[at] - (double)p.k[from]) <= k_step / 2);
            assert_true(fabs((double)c->v_wide[at] - (double)p.v[from]) <= v_step / 2);
            assert_true(k_step > 0 && k_step < 0.05 && v_step > 0 && v_step < 0.05);
        }
        int8_cache_free(c);
        attention_problem_free(&p);
    }
}

static void int8_bytes_are_the_formulas(void **state) {
    (void)state;
    const double fp16 = 3.0 * 2 * 2 * N * 16 * 2;
    struct int8_cache *c;
    assert_int_equal(int8_cache_new(&shape, N, 1, false, &c), ST_OK);
    assert_true(fabs((double)c->bytes / fp16 - (16 + 2) / (2 * 16.0)) < 1e-12);
    int8_cache_free(c);
    assert_int_equal(int8_cache_new(&shape, N, 1, true, &c), ST_OK);
    assert_true(fabs((double)c->bytes / fp16 - (0.5 + 1 / (2 * 16.0) + 1 / (2.0 * N))) < 1e-12);
    int8_cache_free(c);
}

static void what_has_no_scale_is_refused(void **state) {
    (void)state;
    static float out[VALUES];
    static const float wrong[] = {NAN, INFINITY, 9e6F};
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
        struct attention_problem p = problem_of(9, one_document);
        struct int8_cache *c;
        p.v[37] = wrong[i];
        const struct lm_attention_call call = attention_problem_call(&p, 0, 0, N, 2, out);
        assert_int_equal(int8_cache_new(&shape, N, 1, false, &c), ST_OK);
        assert_int_equal(int8_cache_attend(c, &call), ST_INPUT);
        p.v[37] = 8e6F; /* 127 times the largest half is 8.3e6 */
        assert_int_equal(int8_cache_attend(c, &call), ST_OK);
        int8_cache_free(c);
        attention_problem_free(&p);
    }
    struct attention_problem p = problem_of(9, lengths);
    struct int8_cache *c;
    const struct lm_attention_call call = attention_problem_call(&p, 0, 0, N, 2, out);
    assert_int_equal(int8_cache_new(&shape, N, 2, true, &c), ST_OK);
    assert_int_equal(int8_cache_observe(c, &call), ST_INPUT); /* three documents */
    assert_int_equal(int8_cache_attend(c, &call), ST_INPUT);
    int8_cache_free(c);
    attention_problem_free(&p);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_largest_are_chosen),
        cmocka_unit_test(the_largest_of_long_rows_are_chosen),
        cmocka_unit_test(a_sample_that_misleads_is_not_believed),
        cmocka_unit_test(nothing_is_chosen_of_a_row_with_nan),
        cmocka_unit_test(halves_are_rounded_right),
        cmocka_unit_test(bf16_keeps_eight_bits),
        cmocka_unit_test(all_keys_are_full_attention),
        cmocka_unit_test(share_is_rounded_up),
        cmocka_unit_test(segments_never_leak),
        cmocka_unit_test(int8_decode_is_int8_prefill),
        cmocka_unit_test(int8_is_off_by_half_a_step),
        cmocka_unit_test(int8_bytes_are_the_formulas),
        cmocka_unit_test(what_has_no_scale_is_refused),
    };
    return cmocka_run_group_tests_name("attention", tests, NULL, NULL);
}
