/* The oracle of the projections' loss: by hand, and its gradient against finite differences. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <math.h>
#include <string.h>

#include "../projection_loss.h"

/* --- by hand ---------------------------------------------------------------------------------- */

/* One hidden value x, d_search 1: q and k are x times a number, every cosine is 1. */
static void two_tokens_by_hand(void **state) {
    (void)state;
    const double x[] = {1, 2}, teacher[] = {1, 0, 0.25, 0.5}, wq[] = {0.5}, wk[] = {3};
    const int64_t first[] = {0, 0};
    const struct ref_projection_case c = {2, 1, 1, x, first, teacher, 0.07, 1};
    struct ref_projection_loss loss;
    assert_int_equal(ref_projection_loss(&c, wq, wk, &loss, NULL, NULL), 0);
    assert_int_equal(loss.queries, 1); /* token 0 reads only itself */
    assert_true(fabs(loss.contrastive - log(2)) < 1e-15);
    /* q = 1; logits 3 and 6; teacher 1/3, 2/3 */
    const double log_sum = 6 + log(1 + exp(-3));
    const double kl = (log(1.0 / 3) - 3 + log_sum) / 3 + (log(2.0 / 3) - 6 + log_sum) * 2 / 3;
    assert_true(fabs(loss.divergence - kl) < 1e-14);
}

static void all_positive_costs_nothing(void **state) {
    (void)state;
    const double x[] = {1, 2, -1, 1, 3, 1}, teacher[] = {1, 0, 0, .5, .5, 0, .1, .2, .7};
    const double wq[] = {1, 2, 3, -1}, wk[] = {1, -1, 0, 2};
    const int64_t first[] = {0, 0, 0};
    const struct ref_projection_case c = {3, 2, 2, x, first, teacher, 0.07, 3};
    struct ref_projection_loss loss;
    assert_int_equal(ref_projection_loss(&c, wq, wk, &loss, NULL, NULL), 0);
    assert_int_equal(loss.queries, 2);
    assert_true(fabs(loss.contrastive) < 1e-14 && loss.divergence > 0.01);
}

static void nothing_to_read_is_no_value(void **state) {
    (void)state;
    const double x[] = {1, 2}, teacher[] = {1, 0, 0, 1}, w[] = {1};
    const int64_t first[] = {0, 1};
    const struct ref_projection_case c = {2, 1, 1, x, first, teacher, 0.07, 16};
    struct ref_projection_loss loss;
    assert_int_equal(ref_projection_loss(&c, w, w, &loss, NULL, NULL), 0);
    assert_int_equal(loss.queries, 0);
    assert_true(isnan(loss.contrastive) && isnan(loss.divergence));
}

static void teacher_takes_the_largest_head(void **state) {
    (void)state;
    /* two heads, one key head, width 1: scores 0 and ln 3 in head 0, 0 and -ln 3 in head 1 */
    const double q[] = {0, 0, 1, -1}, k[] = {0, log(3)};
    const int64_t first[] = {0, 0};
    double teacher[4];
    ref_projection_teacher(q, k, 2, 1, 1, first, 2, teacher);
    assert_true(teacher[0] == 1 && teacher[1] == 0);
    assert_true(fabs(teacher[2] - 0.75) < 1e-15 && fabs(teacher[3] - 0.75) < 1e-15);
}

/* --- finite differences ----------------------------------------------------------------------- */

enum { TOKENS = 11, HIDDEN = 5, D = 3, HEADS = 2, HEAD_D = 2, W = D * HIDDEN };

static double next(uint32_t *x) {
    *x = *x * 1664525U + 1013904223U;
    return (double)*x / 2147483648.0 - 1;
}

struct random_case {
    double x[TOKENS * HIDDEN], teacher[TOKENS * TOKENS], w[2 * W];
    int64_t first[TOKENS];
};

/* Three segments: of 7 tokens, of one, of 3. */
static void fill(struct random_case *r) {
    static const int64_t first[TOKENS] = {0, 0, 0, 0, 0, 0, 0, 7, 8, 8, 8};
    double q[TOKENS * HEADS * HEAD_D], k[TOKENS * HEAD_D];
    uint32_t seed = 7;
    memcpy(r->first, first, sizeof first);
    for (int i = 0; i < TOKENS * HIDDEN; i++) {
        r->x[i] = next(&seed);
    }
    for (int i = 0; i < TOKENS * HEADS * HEAD_D; i++) {
        q[i] = 3 * next(&seed);
    }
    for (int i = 0; i < TOKENS * HEAD_D; i++) {
        k[i] = 3 * next(&seed);
    }
    for (int i = 0; i < 2 * W; i++) {
        r->w[i] = next(&seed);
    }
    ref_projection_teacher(q, k, HEADS, 1, HEAD_D, first, TOKENS, r->teacher);
}

static double total_at(const struct ref_projection_case *c, const double *w) {
    struct ref_projection_loss loss;
    assert_int_equal(ref_projection_loss(c, w, w + W, &loss, NULL, NULL), 0);
    return loss.contrastive + loss.divergence;
}

/* Truncation h^2 |f'''| / 6 and cancellation 2^-53 |f| / h are both far below the bound, and any
 * term left out of the gradient is far above it. */
static void gradient_is_that_of_the_loss(void **state) {
    (void)state;
    const double step = 1e-5, bound = 1e-7;
    struct random_case r;
    double gradient[2 * W], largest = 0;
    struct ref_projection_loss loss;
    fill(&r);
    const struct ref_projection_case c = {TOKENS, HIDDEN, D, r.x, r.first, r.teacher, 0.2, 2};
    assert_int_equal(ref_projection_loss(&c, r.w, r.w + W, &loss, gradient, gradient + W), 0);
    assert_int_equal(loss.queries, 8);
    for (int i = 0; i < 2 * W; i++) {
        const double was = r.w[i];
        r.w[i] = was + step;
        const double above = total_at(&c, r.w);
        r.w[i] = was - step;
        const double below = total_at(&c, r.w);
        r.w[i] = was;
        assert_true(fabs((above - below) / (2 * step) - gradient[i]) < bound);
        largest = fmax(largest, fabs(gradient[i]));
    }
    assert_true(largest > 0.1);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(two_tokens_by_hand),
        cmocka_unit_test(all_positive_costs_nothing),
        cmocka_unit_test(nothing_to_read_is_no_value),
        cmocka_unit_test(teacher_takes_the_largest_head),
        cmocka_unit_test(gradient_is_that_of_the_loss),
    };
    return cmocka_run_group_tests_name("projection loss", tests, NULL, NULL);
}
