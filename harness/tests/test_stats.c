/* Statistics against values worked out by hand or by other programs. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <math.h>

#include "../judge/stats.h"

static void near(double got, double want, double tolerance) {
    if (!(fabs(got - want) <= tolerance)) {
        print_error("got %.17g, want %.17g\n", got, want);
        fail();
    }
}

static void quantiles_are_nearest_rank(void **state) {
    (void)state;
    const double x[] = {15, 50, 20, 40, 35};
    near(stats_quantile(x, 5, 0.05), 15, 0);
    near(stats_quantile(x, 5, 0.30), 20, 0);
    near(stats_quantile(x, 5, 0.40), 20, 0);
    near(stats_quantile(x, 5, 0.50), 35, 0);
    near(stats_quantile(x, 5, 1.00), 50, 0);
    near(stats_median(x, 4), 30, 0);
    near(stats_mean(x, 5), 32, 0);
}

static void nothing_has_no_value(void **state) {
    (void)state;
    const double x[] = {1};
    assert_true(isnan(stats_mean(x, 0)));
    assert_true(isnan(stats_quantile(x, 0, 0.5)));
    assert_true(isnan(stats_mann_whitney(x, 0, x, 1)));
    struct interval one = stats_mean_interval(x, 1);
    near(one.value, 1, 0);
    assert_true(isnan(one.lo) && isnan(one.hi));
}

/* The normal approximation with continuity correction, worked out by hand. */
static void mann_whitney_as_by_hand(void **state) {
    (void)state;
    const double x[] = {1.1, 2.2, 3.3, 4.4, 5.5, 6.6}, y[] = {4.0, 5.0, 6.0, 7.0, 8.0, 9.0};
    /* U = 6: z = (|6 - 18| - 0.5) / sqrt(6*6*13/12) = 11.5/6.2450 = 1.8415; p = 0.06555 */
    near(stats_mann_whitney(x, 6, y, 6), 0.06555, 1e-4);
    near(stats_mann_whitney(x, 6, x, 6), 1, 0);
    /* all tied within and between: nothing to tell apart */
    const double same[] = {2, 2, 2};
    near(stats_mann_whitney(same, 3, same, 3), 1, 0);
}

static void ratios_pair_their_samples(void **state) {
    (void)state;
    double a[40], b[40];
    for (int i = 0; i < 40;
         i++) { /* both drift by a factor of 40, their ratio is 2 in every round */
        b[i] = 1 + i;
        a[i] = 2 * b[i];
    }
    struct interval sums = stats_ratio_of_sums(a, b, 40),
                    medians = stats_ratio_of_medians(a, b, 40);
    near(sums.value, 2, 1e-12);
    near(sums.lo, 2, 1e-12);
    near(sums.hi, 2, 1e-12);
    near(medians.value, 2, 1e-12);
}

static void intervals_hold_the_value_and_repeat(void **state) {
    (void)state;
    double x[50];
    for (int i = 0; i < 50; i++) {
        x[i] = (i * 37) % 50;
    }
    struct interval once = stats_mean_interval(x, 50), twice = stats_mean_interval(x, 50);
    assert_true(once.lo < once.value && once.value < once.hi);
    near(once.lo, twice.lo, 0);
    near(once.hi, twice.hi, 0);
    /* standard error of the mean is 2.06: the interval is about 8 wide */
    assert_true(once.hi - once.lo > 6 && once.hi - once.lo < 10);
}

/* Anscombe's first set: 3.00 + 0.500 x, with the errors that every textbook prints. */
static void lines_are_least_squares(void **state) {
    (void)state;
    const double x[] = {10, 8, 13, 9, 11, 14, 6, 4, 12, 7, 5};
    const double y[] = {8.04, 6.95, 7.58, 8.81, 8.33, 9.96, 7.24, 4.26, 10.84, 4.82, 5.68};
    struct stats_line l = stats_line(x, y, 11);
    near(l.slope, 0.5000909, 1e-7);
    near(l.intercept, 3.0000909, 1e-7);
    near(l.slope_se, 0.1179, 5e-5);
    near(l.intercept_se, 1.1247, 5e-5);
    const double straight[] = {3, 1, 6};
    l = stats_line((const double[]){1, 0, 2.5}, straight, 3);
    near(l.slope, 2, 1e-15);
    near(l.intercept, 1, 1e-15);
    near(l.slope_se, 0, 1e-15);
}

static void a_line_needs_points(void **state) {
    (void)state;
    const double x[] = {1, 2}, y[] = {3, 5}, same[] = {4, 4, 4};
    struct stats_line l = stats_line(x, y, 2);
    near(l.slope, 2, 0);
    assert_true(isnan(l.slope_se) && isnan(l.intercept_se));
    assert_true(isnan(stats_line(x, y, 1).slope) && isnan(stats_line(x, y, 0).slope));
    assert_true(isnan(stats_line(same, x, 2).slope));
}

/* Two groups: a resample has both, or one of them twice. */
static double sum_of(const void *data, const size_t *picked, size_t n) {
    const double *x = data;
    double sum = 0;
    for (size_t i = 0; i < n; i++) {
        sum += x[picked[i]];
    }
    return sum < 0 ? NAN : sum;
}

static void groups_are_resampled_whole(void **state) {
    (void)state;
    const double x[] = {1, 4};
    struct interval i = stats_group_interval(sum_of, x, 2);
    near(i.value, 5, 0);
    near(i.lo, 2, 0);
    near(i.hi, 8, 0);
    /* a quarter of the resamples has no value, and two thirds of the others are 0 */
    const double signs[] = {-1, 1};
    i = stats_group_interval(sum_of, signs, 2);
    near(i.lo, 0, 0);
    near(i.hi, 2, 0);
    assert_true(isnan(stats_group_interval(sum_of, x, 1).lo));
    assert_true(isnan(stats_group_interval(sum_of, x, 0).value));
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(lines_are_least_squares),
        cmocka_unit_test(a_line_needs_points),
        cmocka_unit_test(groups_are_resampled_whole),
        cmocka_unit_test(quantiles_are_nearest_rank),
        cmocka_unit_test(nothing_has_no_value),
        cmocka_unit_test(mann_whitney_as_by_hand),
        cmocka_unit_test(ratios_pair_their_samples),
        cmocka_unit_test(intervals_hold_the_value_and_repeat),
    };
    return cmocka_run_group_tests_name("stats", tests, NULL, NULL);
}
