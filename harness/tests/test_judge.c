/* The judge: comparisons that NaN cannot pass, canaries, poison, watched inputs. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <math.h>
#include <string.h>

#include "../judge/judge.h"

static void equal_values_pass(void **state) {
    (void)state;
    struct judge j;
    judge_begin(&j);
    judge_near(&j, "x", 0, 1.5, 1.5, 0, 0);
    assert_int_equal(j.verdict, VERDICT_PASS);
}

static void errors_beyond_bounds_lower_the_verdict(void **state) {
    (void)state;
    struct judge j;
    judge_begin(&j);
    judge_near(&j, "x", 3, 1.2, 1.0, 0.5, 0.1);
    assert_int_equal(j.verdict, VERDICT_MARGINAL);
    judge_near(&j, "y", 4, 2.0, 1.0, 0.5, 0.1);
    assert_int_equal(j.verdict, VERDICT_FAIL);
    assert_non_null(strstr(j.reason, "y[4]"));
    judge_near(&j, "z", 5, 1.0, 1.0, 0.5, 0.1);
    assert_int_equal(j.verdict, VERDICT_FAIL);
    assert_non_null(strstr(j.reason, "y[4]"));
}

static void nan_fails_on_either_side(void **state) {
    (void)state;
    const double cases[][2] = {{NAN, 1}, {1, NAN}, {NAN, NAN}, {INFINITY, 1}};
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct judge j;
        judge_begin(&j);
        judge_near(&j, "x", 0, cases[i][0], cases[i][1], 1e300, 1e300);
        assert_int_equal(j.verdict, VERDICT_FAIL);
    }
}

/* An expectation that became infinite makes its own relative bound infinite. */
static void an_infinite_bound_is_none(void **state) {
    (void)state;
    struct judge j;
    judge_begin(&j);
    judge_near(&j, "x", 0, 1, INFINITY, judge_gamma(10) * INFINITY, judge_gamma(10) * INFINITY);
    assert_int_equal(j.verdict, VERDICT_FAIL);
}

/* Of 100 roundings of 1: 40 units are likely, 100 possible. */
static void sums_are_as_near_as_their_roundings_allow(void **state) {
    (void)state;
    const struct {
        double units, terms, roundings;
        enum verdict verdict;
    } cases[] = {
        {40, 1, 100, VERDICT_PASS},      {42, 1, 100, VERDICT_MARGINAL},
        {100, 1, 100, VERDICT_MARGINAL}, {102, 1, 100, VERDICT_FAIL},
        {102, 3, 100, VERDICT_PASS},     {0, 1, 0, VERDICT_PASS},
        {2, 1, 0, VERDICT_FAIL},         {0, NAN, 100, VERDICT_FAIL},
        {NAN, 1, 100, VERDICT_FAIL},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        const float got[] = {1, (float)(1 + cases[i].units * 0x1p-24)};
        const double want[] = {1, 1}, terms[] = {1, cases[i].terms};
        struct judge j;
        judge_begin(&j);
        judge_sums(&j, "x", got, want, terms, 2, cases[i].roundings);
        assert_int_equal(j.verdict, cases[i].verdict);
        assert_true(j.verdict == VERDICT_PASS || strstr(j.reason, "x[1]") != NULL);
    }
}

static void too_many_inputs_fail(void **state) {
    (void)state;
    static const char data[JUDGE_INPUTS + 1];
    struct judge j;
    judge_begin(&j);
    for (size_t i = 0; i < JUDGE_INPUTS; i++) {
        judge_watch(&j, "data", data + i, 1);
    }
    assert_int_equal(j.verdict, VERDICT_PASS);
    judge_watch(&j, "nothing", NULL, 1);
    assert_int_equal(j.verdict, VERDICT_PASS);
    judge_watch(&j, "the last", data + JUDGE_INPUTS, 1);
    assert_int_equal(j.verdict, VERDICT_FAIL);
    assert_non_null(strstr(j.reason, "the last"));
}

static void writes_beside_an_output_are_seen(void **state) {
    (void)state;
    for (int where = -1; where <= 1; where++) {
        struct judge j;
        judge_begin(&j);
        unsigned char *out = judge_output(&j, "out", 40);
        assert_non_null(out);
        judge_poison(&j);
        assert_int_equal(out[0], JUDGE_POISON);
        assert_int_equal(out[39], JUDGE_POISON);
        memset(out, 0, 40);
        if (where != 0) {
            out[where < 0 ? -1 : 40] = 0;
        }
        judge_called(&j);
        assert_int_equal(j.verdict, where == 0 ? VERDICT_PASS : VERDICT_FAIL);
        judge_end(&j);
    }
}

static void poison_reads_as_nan_and_minus_one(void **state) {
    (void)state;
    struct judge j;
    judge_begin(&j);
    float *f = judge_output(&j, "f", sizeof *f);
    int32_t *i = judge_output(&j, "i", sizeof *i);
    judge_poison(&j);
    assert_true(isnan(*f));
    assert_int_equal(*i, -1);
    judge_end(&j);
}

static void changed_inputs_are_seen(void **state) {
    (void)state;
    unsigned char data[1003];
    memset(data, 7, sizeof data);
    for (size_t at = 0; at < sizeof data; at += 167) {
        struct judge j;
        judge_begin(&j);
        judge_watch(&j, "data", data, sizeof data);
        judge_called(&j);
        assert_int_equal(j.verdict, VERDICT_PASS);
        data[at] ^= 1;
        judge_called(&j);
        assert_int_equal(j.verdict, VERDICT_FAIL);
        assert_non_null(strstr(j.reason, "data"));
        data[at] ^= 1;
    }
}

static void checksums_tell_every_byte_apart(void **state) {
    (void)state;
    unsigned char data[300] = {0};
    uint64_t zero = judge_checksum(data, sizeof data);
    for (size_t i = 0; i < sizeof data; i++) {
        data[i] = 0x80;
        assert_true(judge_checksum(data, sizeof data) != zero);
        data[i] = 0;
    }
    assert_true(judge_checksum(data, 299) != zero);
}

static void gamma_grows_with_terms(void **state) {
    (void)state;
    assert_true(judge_gamma(1024) > 1024 * 0x1p-24);
    assert_true(judge_gamma(1024) < 1025 * 0x1p-24);
    assert_true(judge_gamma_likely(1024) < judge_gamma(1024));
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(equal_values_pass),
        cmocka_unit_test(errors_beyond_bounds_lower_the_verdict),
        cmocka_unit_test(nan_fails_on_either_side),
        cmocka_unit_test(an_infinite_bound_is_none),
        cmocka_unit_test(sums_are_as_near_as_their_roundings_allow),
        cmocka_unit_test(too_many_inputs_fail),
        cmocka_unit_test(writes_beside_an_output_are_seen),
        cmocka_unit_test(poison_reads_as_nan_and_minus_one),
        cmocka_unit_test(changed_inputs_are_seen),
        cmocka_unit_test(checksums_tell_every_byte_apart),
        cmocka_unit_test(gamma_grows_with_terms),
    };
    return cmocka_run_group_tests_name("judge", tests, NULL, NULL);
}
