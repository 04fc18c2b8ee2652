/* The ranking oracle where float64 is not enough, and orders with ties. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "../../../reference/rank.h"
#include "../rank.h"

/* 2^40 + 2^-20 - 2^40 is 2^-20: sums in float64 lose it and call the keys equal. */
static void the_oracle_sees_what_float64_loses(void **state) {
    (void)state;
    static const float q[] = {0x1p20F, 0x1p-10F, 0x1p20F};
    static const float k[] = {0x1p20F, 0,         -0x1p20F, /* 0 */
                              0x1p20F, 0x1p-10F,  -0x1p20F, /* 2^-20 */
                              0x1p20F, -0x1p-10F, -0x1p20F, /* -2^-20 */
                              0x1p20F, 0x1p-10F,  -0x1p20F};
    int32_t order[4];
    assert_int_equal(ref_rank(q, k, 4, 3, order), 0);
    static const int32_t wanted[] = {1, 3, 0, 2};
    assert_memory_equal(order, wanted, sizeof wanted);
    assert_true(ref_logit(q, k + 3, 3) == ref_logit(q, k, 3));
}

static void equal_scores_keep_their_order(void **state) {
    (void)state;
    static const double scores[] = {1, 2, 1, 3, 2, 0.0, -0.0};
    static const int32_t wanted[] = {3, 1, 4, 0, 2, 5, 6};
    int32_t order[7];
    assert_int_equal(rank_order(scores, 7, order), ST_OK);
    assert_memory_equal(order, wanted, sizeof wanted);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_oracle_sees_what_float64_loses),
        cmocka_unit_test(equal_scores_keep_their_order),
    };
    return cmocka_run_group_tests_name("rank", tests, NULL, NULL);
}
