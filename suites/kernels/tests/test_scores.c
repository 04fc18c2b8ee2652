/* Scores of packed keys: what a format keeps of a key, and the oracle's halves. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <math.h>

#include "../../../datasets/half.h"
#include "../../../datasets/rng.h"
#include "../../../reference/scores.h"
#include "../scores.h"

enum { N = 50, D = 37, SEED = 37 };

static void the_oracle_reads_halves(void **state) {
    (void)state;
    assert_true(ref_half(0x3c00) == 1 && ref_half(0xc000) == -2 && ref_half(0x7bff) == 65504);
    assert_true(ref_half(0x0001) == 0x1p-24 && ref_half(0x8400) == -0x1p-14);
    for (uint32_t bits = 0; bits < 0x10000; bits++) {
        if ((bits & 0x7c00) != 0x7c00) {
            assert_true(ref_half((uint16_t)bits) == (double)half_to_float((uint16_t)bits));
        }
    }
}

/* q = (1, 2, -1, 3), k = (5, -1, 2, 1) by hand, scale 1/2: (5 - 2 - 2 + 3) / 2 / 2. */
static void the_oracle_scales_and_divides(void **state) {
    (void)state;
    static const float q[] = {1, 2, -1, 3};
    static const double k[] = {5, -1, 2, 1};
    double terms;
    assert_true(ref_score(q, k, 0.5, 4, &terms) == 1);
    assert_true(terms == 3);
}

struct keys {
    float q[D], wide[N * D], scale[N];
    uint16_t half[N * D];
    int8_t steps[N * D];
};

static void fill(struct keys *keys) {
    double row[D];
    for (int64_t j = 0; j < N; j++) {
        rng_gaussians(SEED, 1, (uint64_t)j, row, D);
        for (int32_t i = 0; i < D; i++) {
            keys->wide[j * D + i] = (float)row[i];
            keys->half[j * D + i] = float_to_half((float)row[i]);
        }
    }
    rng_gaussians(SEED, 2, 0, row, D);
    for (int32_t i = 0; i < D; i++) {
        keys->q[i] = (float)row[i];
    }
    scores_pack_int8(keys->wide, N, D, keys->steps, keys->scale);
}

/* Each value is off by at most half a step: 2^-11 of it, or half of the key's scale. */
static void packed_keys_score_what_they_keep(void **state) {
    (void)state;
    static struct keys keys;
    float f32[N], f16[N], int8[N];
    fill(&keys);
    scores_best(SCORES_F32)->run(&(struct scores_call){keys.q, keys.wide, NULL, N, D}, f32);
    scores_best(SCORES_F16)->run(&(struct scores_call){keys.q, keys.half, NULL, N, D}, f16);
    scores_best(SCORES_INT8)
        ->run(&(struct scores_call){keys.q, keys.steps, keys.scale, N, D}, int8);
    for (int64_t j = 0; j < N; j++) {
        double products = 0, magnitudes = 0;
        for (int32_t i = 0; i < D; i++) {
            products += fabs((double)keys.q[i] * (double)keys.wide[j * D + i]);
            magnitudes += fabs((double)keys.q[i]);
        }
        const double rounding = (D + 3) * 0x1p-22 * products;
        const double half_off = 0x1p-11 * products + rounding;
        const double int8_off = magnitudes * (double)keys.scale[j] / 2 + rounding;
        assert_true(fabs((double)f16[j] - (double)f32[j]) <= half_off / sqrt(D));
        assert_true(fabs((double)int8[j] - (double)f32[j]) <= int8_off / sqrt(D));
        assert_true(int8[j] != f32[j]);
    }
}

static void a_key_that_is_not_finite_has_no_scale(void **state) {
    (void)state;
    static const float keys[] = {1, NAN, 2, INFINITY, 0, 0, 127, -127};
    int8_t steps[8];
    float scale[4];
    scores_pack_int8(keys, 4, 2, steps, scale);
    assert_true(isinf(scale[0]) && isinf(scale[1]));
    assert_true(scale[2] == 0 && steps[4] == 0 && steps[5] == 0);
    assert_true(scale[3] == 1 && steps[6] == 127 && steps[7] == -127);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_oracle_reads_halves),
        cmocka_unit_test(the_oracle_scales_and_divides),
        cmocka_unit_test(packed_keys_score_what_they_keep),
        cmocka_unit_test(a_key_that_is_not_finite_has_no_scale),
    };
    return cmocka_run_group_tests_name("scores", tests, NULL, NULL);
}
