/* The floor below which a device's time is not believed; other metrics have fixtures. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <math.h>

#include "../adsampling_metrics.h"

/* 2 TB/s of memory, so at most 8 TB/s of cache; 10 T instructions a second. */
static const struct ads_device card = {2e12, 1e13};

static void one_query_is_bound_by_reading(void **state) {
    (void)state;
    double bytes = 8e8, dims = bytes / 4; /* 100 us to read, 40 us to compute */
    assert_true(fabs(ads_device_floor(&card, bytes, dims) - 1e-4) < 1e-12);
}

static void a_batch_is_bound_by_computing(void **state) {
    (void)state;
    double bytes = 8e8, dims = bytes / 4 * 64;
    assert_true(fabs(ads_device_floor(&card, bytes, dims) - 2.56e-3) < 1e-12);
}

/* Events around a stream that holds no work are a few microseconds apart. */
static void an_empty_stream_is_too_fast(void **state) {
    (void)state;
    assert_true(3e-6 < ads_device_floor(&card, 1.88e8, 4.7e7));
}

static void a_card_that_tells_nothing_has_no_floor(void **state) {
    (void)state;
    const struct ads_device silent = {0, 0}, half = {2e12, 0};
    assert_true(isnan(ads_device_floor(&silent, 8e8, 2e8)));
    assert_true(fabs(ads_device_floor(&half, 8e8, 2e8) - 1e-4) < 1e-12);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(one_query_is_bound_by_reading),
        cmocka_unit_test(a_batch_is_bound_by_computing),
        cmocka_unit_test(an_empty_stream_is_too_fast),
        cmocka_unit_test(a_card_that_tells_nothing_has_no_floor),
    };
    return cmocka_run_group_tests_name("floor", tests, NULL, NULL);
}
