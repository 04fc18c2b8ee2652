/* Philox4x32-10, the normal quantile, and Gaussians made of both. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "../normal.h"
#include "../rng.h"
#include "support.h"

/* Known answers published with Random123 (Salmon et al.), file kat_vectors, "philox4x32 10". */
static void philox_gives_the_published_answers(void **state) {
    static const struct {
        uint32_t counter[4], key[2], answer[4];
    } known[] = {
        {{0, 0, 0, 0}, {0, 0}, {0x6627e8d5, 0xe169c58d, 0xbc57ac4c, 0x9b00dbd8}},
        {{0xffffffff, 0xffffffff, 0xffffffff, 0xffffffff},
         {0xffffffff, 0xffffffff},
         {0x408f276d, 0x41c83b0e, 0xa20bc7c6, 0x6d5451fd}},
        {{0x243f6a88, 0x85a308d3, 0x13198a2e, 0x03707344},
         {0xa4093822, 0x299f31d0},
         {0xd16cfe09, 0x94fdcceb, 0x5001e420, 0x24126ea1}},
    };
    (void)state;
    for (size_t i = 0; i < sizeof known / sizeof *known; i++) {
        uint32_t out[4];
        philox4x32(known[i].counter, known[i].key, out);
        assert_memory_equal(out, known[i].answer, sizeof out);
    }
}

static void every_part_of_an_address_counts(void **state) {
    (void)state;
    uint32_t origin[4], other[4];
    rng_words(1, 2, 3, 4, origin);
    const struct {
        uint64_t seed;
        uint32_t stream;
        uint64_t row;
        uint32_t block;
    } changed[] = {{2, 2, 3, 4}, {1 + (1ULL << 32), 2, 3, 4}, {1, 3, 3, 4},
                   {1, 2, 4, 4}, {1, 2, 3 + (1ULL << 32), 4}, {1, 2, 3, 5}};
    for (size_t i = 0; i < sizeof changed / sizeof *changed; i++) {
        rng_words(changed[i].seed, changed[i].stream, changed[i].row, changed[i].block, other);
        assert_memory_not_equal(origin, other, sizeof origin);
    }
}

static void units_and_bounds_stay_inside(void **state) {
    (void)state;
    assert_true(rng_unit(0) == 0x1p-33);
    assert_true(rng_unit(UINT32_MAX) == 1.0 - 0x1p-33);
    assert_int_equal(rng_below(0, 17), 0);
    assert_int_equal(rng_below(UINT32_MAX, 17), 16);
    assert_int_equal(rng_below(UINT32_MAX, 1), 0);
}

/* libm's erfc, an independent way to the same function, must lead back to p. */
static void quantile_inverts_the_distribution(void **state) {
    (void)state;
    for (int i = 1; i < 1000; i++) {
        const double p = ldexp(0.7, -i);
        const double z = normal_quantile(p);
        const double back = 0.5 * erfc(-z / sqrt(2.0));
        assert_true(fabs(back / p - 1.0) <= 2e-15 * (1.0 + z * z));
    }
    for (int i = 0x2000; i < 0x4000; i++) {
        const double p = i * 0x1p-14;
        const double z = normal_quantile(p);
        const double back = 0.5 * erfc(z / sqrt(2.0));
        assert_true(fabs(back / (1.0 - p) - 1.0) <= 2e-15 * (1.0 + z * z));
        assert_true(normal_quantile(1.0 - p) == -z);
    }
    assert_true(normal_quantile(0.5) == 0.0);
}

static void logarithm_is_libms(void **state) {
    (void)state;
    assert_true(natural_log(1.0) == 0.0);
    for (int i = -1000; i < 1000; i++) {
        const double x = ldexp(0.7 + i * 0x1p-11, i), want = log(x);
        assert_true(fabs(natural_log(x) - want) <= 0x1p-51 * fmax(fabs(want), 0.25));
    }
}

enum { ROWS = 1000, COLUMNS = 1000 };

static double sample[ROWS][COLUMNS];

static int draw_sample(void **state) {
    (void)state;
    for (uint64_t r = 0; r < ROWS; r++) {
        rng_gaussians(7, 0, r, sample[r], COLUMNS);
    }
    return 0;
}

/* Bounds are five standard errors of each statistic over the 10^6 values. */
static void gaussians_have_the_moments_of_a_normal(void **state) {
    (void)state;
    const double n = (double)ROWS * COLUMNS;
    double power[5] = {0};
    for (size_t r = 0; r < ROWS; r++) {
        for (size_t i = 0; i < COLUMNS; i++) {
            const double z = sample[r][i];
            power[1] += z / n;
            power[2] += z * z / n;
            power[3] += z * z * z / n;
            power[4] += z * z * z * z / n;
        }
    }
    assert_true(fabs(power[1]) <= 5.0 * sqrt(1.0 / n));
    assert_true(fabs(power[2] - 1.0) <= 5.0 * sqrt(2.0 / n));
    assert_true(fabs(power[3]) <= 5.0 * sqrt(15.0 / n));
    assert_true(fabs(power[4] - 3.0) <= 5.0 * sqrt(96.0 / n));
}

static void gaussians_fill_the_tails(void **state) {
    static const double cuts[] = {-4.0, -3.0, -2.0, -1.0, 0.0, 1.0, 2.0, 3.0, 4.0};
    (void)state;
    const double n = (double)ROWS * COLUMNS;
    for (size_t c = 0; c < sizeof cuts / sizeof *cuts; c++) {
        const double p = 0.5 * erfc(-cuts[c] / sqrt(2.0));
        double below = 0.0;
        for (size_t r = 0; r < ROWS; r++) {
            for (size_t i = 0; i < COLUMNS; i++) {
                below += sample[r][i] < cuts[c];
            }
        }
        assert_true(fabs(below - n * p) <= 5.0 * sqrt(n * p * (1.0 - p)));
    }
}

static void neighbouring_values_are_uncorrelated(void **state) {
    (void)state;
    double along = 0.0, across = 0.0;
    const double n = (double)(ROWS - 1) * (COLUMNS - 1);
    for (size_t r = 0; r + 1 < ROWS; r++) {
        for (size_t i = 0; i + 1 < COLUMNS; i++) {
            along += sample[r][i] * sample[r][i + 1] / n;
            across += sample[r][i] * sample[r + 1][i] / n;
        }
    }
    assert_true(fabs(along) <= 5.0 / sqrt(n));
    assert_true(fabs(across) <= 5.0 / sqrt(n));
}

static void a_prefix_does_not_depend_on_the_length(void **state) {
    (void)state;
    double whole[13], part[13];
    rng_gaussians(9, 1, 5, whole, 13);
    for (size_t length = 0; length < 13; length++) {
        part[length] = -99.0;
        rng_gaussians(9, 1, 5, part, length);
        assert_memory_equal(whole, part, length * sizeof *part);
        assert_true(part[length] == -99.0);
    }
}

/* The values are data: records made on other machines rest on these bits. */
static void the_bits_are_pinned(void **state) {
    (void)state;
    assert_string_equal(hash_hex(sample, sizeof sample),
                        "eb92f07adb0459093f187513ef55f61e93d734da7c3caef10bdf6aa14c902a3d");
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(philox_gives_the_published_answers),
        cmocka_unit_test(every_part_of_an_address_counts),
        cmocka_unit_test(units_and_bounds_stay_inside),
        cmocka_unit_test(quantile_inverts_the_distribution),
        cmocka_unit_test(logarithm_is_libms),
        cmocka_unit_test(gaussians_have_the_moments_of_a_normal),
        cmocka_unit_test(gaussians_fill_the_tails),
        cmocka_unit_test(neighbouring_values_are_uncorrelated),
        cmocka_unit_test(a_prefix_does_not_depend_on_the_length),
        cmocka_unit_test(the_bits_are_pinned),
    };
    return cmocka_run_group_tests(tests, draw_sample, NULL);
}
