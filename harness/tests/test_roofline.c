/* The floor under every time, and what it is made of. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "../run/run.h"

/* A machine whose pool woke slowly once had its floor set too high, and right samples were refused.
 */
static void the_floor_scales_one_threads_best(void **state) {
    (void)state;
    struct run r = {.roofline = {.cached_1 = 100, .peak_1 = 1000}};
    assert_true(run_floor_seconds(&r, 1, 100, 0) == 1);
    assert_true(run_floor_seconds(&r, 16, 3200, 0) == 2);
    assert_true(run_floor_seconds(&r, 4, 100, 12000) == 3);
}

static void limits_are_measured(void **state) {
    (void)state;
    struct roofline r;
    assert_int_equal(roofline_measure(1, &r), ST_OK);
    assert_true(r.read_1 > 1e8 && r.read_1 < 1e13);
    assert_true(r.cached_1 > r.read_1); /* a buffer in L1 is read faster than memory */
    assert_true(r.peak_1 > 1e8 && r.peak_1 < 1e13);
    assert_string_equal(r.read_kernel->operation, "stream_read");
    assert_string_equal(r.peak_kernel->operation, "fma_peak");
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_floor_scales_one_threads_best),
        cmocka_unit_test(limits_are_measured),
    };
    return cmocka_run_group_tests_name("roofline", tests, NULL, NULL);
}
