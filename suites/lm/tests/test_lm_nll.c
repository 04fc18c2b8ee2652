/* Losses over more tokens and a larger vocabulary than one tile of logits, against float64. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "../lm_model.h"

/* Hidden rows and weights are small whole numbers of which no logit, up to STEEP * 12, is rounded:
 * all of the error is that of the exponentials and their sum. */
enum { COUNT = 901, HIDDEN = 3, VOCABULARY = 2001, STEEP = 4 };
static const double BOUND = 0x1p-24 * (19 + 7.61); /* ln 2001 < 7.61 */

static float hidden[COUNT * HIDDEN], output[VOCABULARY * HIDDEN];
static int32_t target[COUNT];
static const struct lm_model model = {.shape = {.hidden = HIDDEN, .vocabulary = VOCABULARY},
                                      .output = output};

static int whole(uint32_t *x, int range) {
    *x = *x * 1664525U + 1013904223U;
    return (int)((*x >> 8) % (uint32_t)(2 * range + 1)) - range;
}

static int setup(void **state) {
    (void)state;
    uint32_t x = 1;
    for (int i = 0; i < COUNT * HIDDEN; i++) {
        hidden[i] = (float)whole(&x, 2);
    }
    for (int i = 0; i < VOCABULARY * HIDDEN; i++) {
        output[i] = (float)(STEEP * whole(&x, 2));
    }
    for (int i = 0; i < COUNT; i++) {
        target[i] = i % 7 == 3 ? -1 : (i * 1013 + 5) % VOCABULARY;
    }
    target[0] = VOCABULARY - 1;
    return 0;
}

static double logit(int token, int entry) {
    double z = 0;
    for (int i = 0; i < HIDDEN; i++) {
        z += (double)hidden[token * HIDDEN + i] * (double)output[entry * HIDDEN + i];
    }
    return z;
}

static double loss(int token) {
    double most = -INFINITY, sum = 0;
    for (int v = 0; v < VOCABULARY; v++) {
        most = fmax(most, logit(token, v));
    }
    for (int v = 0; v < VOCABULARY; v++) {
        sum += exp(logit(token, v) - most);
    }
    return log(sum) + most - logit(token, target[token]);
}

static void losses_agree(void **state) {
    (void)state;
    static double nll[COUNT];
    assert_int_equal(lm_nll(&model, hidden, target, COUNT, 2, nll), ST_OK);
    for (int t = 0; t < COUNT; t++) {
        const double wanted = target[t] < 0 ? 0 : loss(t);
        assert_true(fabs(nll[t] - wanted) <= BOUND);
    }
}

static void threads_change_no_bit(void **state) {
    (void)state;
    static double one[COUNT], five[COUNT];
    assert_int_equal(lm_nll(&model, hidden, target, COUNT, 1, one), ST_OK);
    assert_int_equal(lm_nll(&model, hidden, target, COUNT, 5, five), ST_OK);
    assert_memory_equal(one, five, sizeof one);
}

/* The largest entry lies in the first tile, in the middle one, in the last; e^-300 is 0 beside it.
 */
static void one_entry_far_above_the_others_is_found_in_any_tile(void **state) {
    (void)state;
    static const int at[] = {0, 1000, VOCABULARY - 1};
    const float one[HIDDEN] = {1};
    for (int i = 0; i < 3; i++) {
        const float kept = output[at[i] * HIDDEN];
        const int32_t same = at[i], other = 17;
        double nll;
        output[at[i] * HIDDEN] = 300;
        assert_int_equal(lm_nll(&model, one, &same, 1, 2, &nll), ST_OK);
        assert_true(nll == 0);
        assert_int_equal(lm_nll(&model, one, &other, 1, 2, &nll), ST_OK);
        assert_true(nll == 300 - (double)output[17 * HIDDEN]);
        output[at[i] * HIDDEN] = kept;
    }
}

static void what_is_not_finite_shows(void **state) {
    (void)state;
    static const float values[] = {NAN, INFINITY};
    for (size_t i = 0; i < 2 * VOCABULARY; i += 500) {
        float *weight = &output[i / 2 * HIDDEN];
        const float one[HIDDEN] = {1}, kept = *weight;
        const int32_t other = 17;
        double nll;
        *weight = values[i / 500 % 2];
        assert_int_equal(lm_nll(&model, one, &other, 1, 1, &nll), ST_OK);
        *weight = kept;
        assert_true(isnan(nll));
    }
}

static void no_token_has_no_loss(void **state) {
    (void)state;
    assert_int_equal(lm_nll(&model, hidden, target, 0, 2, NULL), ST_OK);
}

static void targets_outside_the_vocabulary_are_refused(void **state) {
    (void)state;
    const int32_t outside = VOCABULARY;
    double nll;
    assert_int_equal(lm_nll(&model, hidden, &outside, 1, 2, &nll), ST_INPUT);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(losses_agree),
        cmocka_unit_test(threads_change_no_bit),
        cmocka_unit_test(one_entry_far_above_the_others_is_found_in_any_tile),
        cmocka_unit_test(what_is_not_finite_shows),
        cmocka_unit_test(no_token_has_no_loss),
        cmocka_unit_test(targets_outside_the_vocabulary_are_refused),
    };
    return cmocka_run_group_tests_name("lm_nll", tests, setup, NULL);
}
