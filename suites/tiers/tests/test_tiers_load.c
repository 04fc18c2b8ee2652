/* Arrivals and latencies. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <math.h>

#include "../tiers_load.h"

static void arrivals_are_poisson(void **state) {
    (void)state;
    enum { COUNT = 20000 };
    static double at[COUNT];
    tiers_arrivals(COUNT, 500, 3, at);
    int longer = 0, twice = 0;
    for (int i = 1; i < COUNT; i++) {
        assert_true(at[i] > at[i - 1]);
        longer += at[i] - at[i - 1] > 1.0 / 500;
    }
    /* gaps: mean and deviation 1/500, a share 1/e above the mean; five deviations each */
    assert_true(at[0] > 0 && fabs(at[COUNT - 1] * 500 / COUNT - 1) < 5 / sqrt(COUNT));
    assert_true(fabs((double)longer / COUNT - exp(-1)) < 5 * sqrt(.2325 / COUNT));
    /* no gap depends on the one before: as often two longer ones in a row as independence has it */
    for (int i = 2; i < COUNT; i++) {
        twice += at[i] - at[i - 1] > 1.0 / 500 && at[i - 1] - at[i - 2] > 1.0 / 500;
    }
    assert_true(fabs((double)twice / COUNT - exp(-2)) < 5 * sqrt(.2 / COUNT));
}

static void a_seed_has_its_arrivals(void **state) {
    (void)state;
    double a[10], b[10], c[10];
    tiers_arrivals(10, 7, 1, a);
    tiers_arrivals(10, 7, 1, b);
    tiers_arrivals(10, 7, 2, c);
    assert_memory_equal(a, b, sizeof a);
    assert_true(a[0] != c[0]);
}

static void a_latency_that_is_too_long_is_the_longest(void **state) {
    (void)state;
    assert_int_equal(tiers_latency_ns(5, 5), 0);
    assert_int_equal(tiers_latency_ns(5, 1005), 1000);
    assert_int_equal(tiers_latency_ns(0, UINT32_MAX), UINT32_MAX);
    assert_int_equal(tiers_latency_ns(0, (uint64_t)UINT32_MAX + 1), UINT32_MAX);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(arrivals_are_poisson),
        cmocka_unit_test(a_seed_has_its_arrivals),
        cmocka_unit_test(a_latency_that_is_too_long_is_the_longest),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
