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
    assert_true(r.int8_1 > 1e8 && r.int8_1 < 1e14);
    assert_string_equal(r.int8_kernel->operation, "int8_peak");
}

/* What a journal keeps of them; a limit that it lacks is no limit. */
static void limits_are_stored_and_loaded(void **state) {
    (void)state;
    const struct roofline r = {1,
                               2,
                               3,
                               4,
                               5,
                               6,
                               7,
                               8,
                               kernel_find("stream_read/scalar"),
                               kernel_find("fma_peak/scalar"),
                               kernel_find("int8_peak/scalar")};
    struct roofline loaded;
    struct tree *node = tree_new(), *empty = tree_new();
    assert_non_null(node);
    assert_non_null(empty);
    roofline_store(&r, node);
    assert_true(roofline_load(node, &loaded));
    assert_true(loaded.read_1 == 1 && loaded.read_all == 2 && loaded.cached_1 == 3);
    assert_true(loaded.peak_1 == 4 && loaded.peak_all == 5);
    assert_true(loaded.int8_1 == 6 && loaded.int8_all == 7);
    assert_int_equal(loaded.threads, 8);
    assert_ptr_equal(loaded.read_kernel, r.read_kernel);
    assert_ptr_equal(loaded.peak_kernel, r.peak_kernel);
    assert_ptr_equal(loaded.int8_kernel, r.int8_kernel);
    assert_false(roofline_load(empty, &loaded));
    tree_free(node);
    tree_free(empty);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_floor_scales_one_threads_best),
        cmocka_unit_test(limits_are_measured),
        cmocka_unit_test(limits_are_stored_and_loaded),
    };
    return cmocka_run_group_tests_name("roofline", tests, NULL, NULL);
}
