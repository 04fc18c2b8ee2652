/* Block-bootstrap intervals against what is known of their width, and exact ranks. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <math.h>

#include "../judge/block_bootstrap.h"

enum { N = 6000, SERIES = 8 };

static void near(double got, double want, double share) {
    if (!(fabs(got - want) <= share * fabs(want))) {
        fail_msg("got %.17g, want %.17g", got, want);
    }
}

/* N uniform values, each `repeated` times in a row: that many neighbours count as one. */
static void fill(uint32_t *x, size_t repeated, uint64_t seed) {
    uint64_t state = seed;
    uint32_t value = 0;
    for (size_t i = 0; i < N; i++) {
        value = i % repeated == 0 ? (uint32_t)(stats_random(&state) >> 44) : value;
        x[i] = value;
    }
}

/* Half the widths of a quantile's and the mean's interval in thousandths of the range of values, in
 * the mean of some series. */
struct widths {
    double quantile, mean;
};

static struct widths half_widths(size_t repeated, size_t block, int permille) {
    struct widths out = {0, 0};
    uint32_t x[N];
    for (uint64_t seed = 0; seed < SERIES; seed++) {
        struct interval q;
        fill(x, repeated, seed);
        block_quantiles(x, N, block, &permille, 1, &q);
        assert_true(q.lo <= q.value && q.value <= q.hi);
        const struct interval mean = block_mean(x, N, block);
        assert_true(mean.lo < mean.value && mean.value < mean.hi);
        out.quantile += (q.hi - q.lo) / 2 / 1048.576 / SERIES;
        out.mean += (mean.hi - mean.lo) / 2 / 1048.576 / SERIES;
    }
    return out;
}

/* 1.96 standard deviations: of the share of values below a quantile p, and of the mean. */
static double of_quantile(double p, double repeated) {
    return 1960 * sqrt(p * (1 - p) * repeated / N);
}

static double of_mean(double repeated) { return 1960 * sqrt(repeated / 12 / N); }

static void ranks_are_exact(void **state) {
    (void)state;
    assert_int_equal(block_rank(1, 500), 1);
    assert_int_equal(block_rank(20, 950), 19);
    assert_int_equal(block_rank(21, 950), 20);
    assert_int_equal(block_rank(100, 70), 7); /* .07 times 100 is above 7 in binary */
    assert_int_equal(block_rank(100, 990), 99);
    assert_int_equal(block_rank(101, 990), 100);
    assert_int_equal(block_rank(100000, 999), 99900);
    assert_int_equal(block_rank(7, 1000), 7);
}

static void quantiles_are_those_of_all_values(void **state) {
    (void)state;
    const uint32_t x[] = {15, 50, 20, 40, 35, 35, 20};
    const int permille[] = {1, 300, 500, 1000};
    struct interval q[4];
    block_quantiles(x, 7, 2, permille, 4, q);
    assert_true(q[0].value == 15 && q[1].value == 20 && q[2].value == 35 && q[3].value == 50);
    assert_true(block_mean(x, 7, 2).value == 215.0 / 7);
}

static void nothing_has_no_value(void **state) {
    (void)state;
    const uint32_t x[] = {3, 4};
    const int permille = 500;
    struct interval q;
    block_quantiles(x, 0, 1, &permille, 1, &q);
    assert_true(isnan(q.value) && isnan(q.lo) && isnan(q.hi));
    assert_true(isnan(block_mean(x, 0, 1).value));
    block_quantiles(x, 2, 2, &permille, 1, &q);
    assert_true(q.value == 3 && isnan(q.lo) && isnan(q.hi));
    assert_true(isnan(block_mean(x, 2, 2).hi));
    const struct block_rounds none = {x, 0, 2}, one = {x, 1, 2};
    assert_true(isnan(block_ratio_of_means(&none, &none).value));
    assert_true(isnan(block_ratio_of_quantiles(&none, &none, 500).value));
    assert_true(isnan(block_ratio_of_means(&one, &one).lo));
    assert_true(block_ratio_of_quantiles(&one, &one, 500).value == 1);
    assert_true(isnan(block_ratio_of_quantiles(&one, &one, 500).lo));
}

static void independent_values_have_the_known_width(void **state) {
    (void)state;
    near(half_widths(1, 1, 950).quantile, of_quantile(.95, 1), .15);
    near(half_widths(1, 1, 990).quantile, of_quantile(.99, 1), .15);
    const struct widths single = half_widths(1, 1, 500), blocks = half_widths(1, 20, 500);
    near(single.quantile, of_quantile(.5, 1), .15);
    near(single.mean, of_mean(1), .1);
    near(blocks.quantile, of_quantile(.5, 1), .15); /* blocks do no harm */
    near(blocks.mean, of_mean(1), .1);
}

static void blocks_see_that_neighbours_are_alike(void **state) {
    (void)state;
    const struct widths single = half_widths(16, 1, 500), blocks = half_widths(16, 128, 500);
    near(blocks.quantile, of_quantile(.5, 16), .15);
    near(blocks.mean, of_mean(16), .15);
    near(half_widths(16, 128, 950).quantile, of_quantile(.95, 16), .2);
    assert_true(single.quantile < of_quantile(.5, 16) / 3); /* a quarter in truth */
    assert_true(single.mean < of_mean(16) / 3);
}

static void equal_values_have_no_width(void **state) {
    (void)state;
    uint32_t x[100];
    for (int i = 0; i < 100; i++) {
        x[i] = 42;
    }
    const int permille = 990;
    struct interval q;
    block_quantiles(x, 100, 5, &permille, 1, &q);
    assert_true(q.lo == 42 && q.hi == 42);
    assert_true(block_mean(x, 100, 5).lo == 42 && block_mean(x, 100, 5).hi == 42);
}

/* Both drift by a factor of 40 between rounds, with a ratio of 2 in each. */
static void ratios_resample_their_rounds_together(void **state) {
    (void)state;
    enum { ROUNDS = 40, EACH = 10 };
    uint32_t a[ROUNDS * EACH], b[ROUNDS * EACH * 2];
    for (uint32_t i = 0; i < ROUNDS * EACH; i++) {
        b[2 * i] = b[2 * i + 1] = 100 * (i / EACH + 1) + i % EACH;
        a[i] = 2 * b[2 * i];
    }
    const struct block_rounds x = {a, ROUNDS, EACH}, y = {b, ROUNDS, 2 * EACH};
    const struct interval mean = block_ratio_of_means(&x, &y),
                          tail = block_ratio_of_quantiles(&x, &y, 990);
    near(mean.value, 2, 1e-12);
    near(mean.lo, 2, 1e-12);
    near(mean.hi, 2, 1e-12);
    assert_true(tail.value == 2 && tail.lo == 2 && tail.hi == 2);
}

/* Of 40 rounds, each of one value, over a constant: half a median's width is 1.96 sqrt(40 / 4)
 * rounds; the mean's, 1.96 sqrt((40^2 - 1) / 12 / 40). */
static void ratios_are_as_wide_as_rounds_differ(void **state) {
    (void)state;
    enum { ROUNDS = 40, EACH = 5 };
    uint32_t a[ROUNDS * EACH], b[ROUNDS];
    for (uint32_t i = 0; i < ROUNDS * EACH; i++) {
        a[i] = 1000 * (i / EACH + 1);
        b[i / EACH] = 1000;
    }
    const struct block_rounds x = {a, ROUNDS, EACH}, y = {b, ROUNDS, 1};
    const struct interval mean = block_ratio_of_means(&x, &y),
                          middle = block_ratio_of_quantiles(&x, &y, 500);
    near(mean.value, 20.5, 1e-12);
    near((mean.hi - mean.lo) / 2, 1.96 * sqrt(1599.0 / 12 / ROUNDS), .1);
    assert_true(middle.value == 20);
    near((middle.hi - middle.lo) / 2, 1.96 * sqrt(ROUNDS / 4.0), .15);
}

static void an_interval_can_be_computed_again(void **state) {
    (void)state;
    uint32_t x[N];
    fill(x, 3, 1);
    const int permille[] = {500, 990};
    struct interval one[2], two[2];
    block_quantiles(x, N, 30, permille, 2, one);
    block_quantiles(x, N, 30, permille, 2, two);
    assert_memory_equal(one, two, sizeof one);
    assert_true(one[0].lo < one[0].hi && one[1].lo < one[1].hi);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(ranks_are_exact),
        cmocka_unit_test(quantiles_are_those_of_all_values),
        cmocka_unit_test(nothing_has_no_value),
        cmocka_unit_test(independent_values_have_the_known_width),
        cmocka_unit_test(blocks_see_that_neighbours_are_alike),
        cmocka_unit_test(equal_values_have_no_width),
        cmocka_unit_test(ratios_resample_their_rounds_together),
        cmocka_unit_test(ratios_are_as_wide_as_rounds_differ),
        cmocka_unit_test(an_interval_can_be_computed_again),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
