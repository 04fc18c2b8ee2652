/* Bounds of pages against the oracle's, and what the estimate promises: no key of a page scores
 * more. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <math.h>

#include "../../../datasets/rng.h"
#include "../../../harness/base/memory.h"
#include "../../../reference/pages.h"
#include "../pages.h"

enum { SEED = 31, MOST_D = 64 };

static float *whole_rows(uint32_t stream, int64_t rows, int32_t d) {
    float *out = mem_alloc_array((size_t)(rows * d), sizeof *out);
    double row[MOST_D];
    assert_non_null(out);
    for (int64_t j = 0; j < rows; j++) {
        rng_gaussians(SEED, stream, (uint64_t)j, row, (size_t)d);
        for (int32_t i = 0; i < d; i++) {
            out[j * d + i] = (float)nearbyint(4 * row[i]);
        }
    }
    return out;
}

static void check_bounds(int64_t n, int32_t d, int32_t page) {
    const int64_t pages = (n + page - 1) / page;
    float *keys = whole_rows(1, n, d);
    float *bounds = mem_alloc_array((size_t)(pages * 2 * d + 1), sizeof *bounds);
    double low[MOST_D], high[MOST_D];
    assert_non_null(bounds);
    bounds[pages * 2 * d] = 77;
    pages_bounds(keys, n, d, page, bounds);
    for (int64_t p = 0; p < pages; p++) {
        const int64_t from = p * page, count = n - from < page ? n - from : page;
        ref_page_bounds(keys + from * d, count, d, low, high);
        for (int32_t i = 0; i < d; i++) {
            assert_true((double)bounds[(p * 2) * d + i] == low[i]);
            assert_true((double)bounds[(p * 2 + 1) * d + i] == high[i]);
        }
    }
    assert_true(bounds[pages * 2 * d] == 77);
    mem_free(keys);
    mem_free(bounds);
}

static void bounds_are_the_oracles(void **state) {
    (void)state;
    check_bounds(160, 64, 16);
    check_bounds(161, 37, 16); /* a last page of one key */
    check_bounds(175, 8, 16);
    check_bounds(5, 3, 16); /* fewer keys than a page */
    check_bounds(9, 1, 1);
    check_bounds(0, 4, 16);
}

/* Whole numbers: both sides are exact. */
static void no_key_of_a_page_scores_more(void **state) {
    (void)state;
    enum { N = 173, D = 64, PAGE = 16, PAGES = (N + PAGE - 1) / PAGE };
    float *keys = whole_rows(2, N, D), *q = whole_rows(3, 1, D);
    float bounds[PAGES * 2 * D], scores[PAGES];
    pages_bounds(keys, N, D, PAGE, bounds);
    const struct pages_call call = {q, bounds, PAGES, D};
    pages_best()->run(&call, scores);
    for (int64_t j = 0; j < N; j++) {
        double product = 0;
        for (int32_t i = 0; i < D; i++) {
            product += (double)q[i] * (double)keys[j * D + i];
        }
        assert_true(product <= (double)scores[j / PAGE]);
    }
    mem_free(keys);
    mem_free(q);
}

/* A page of one key is scored by the product itself. */
static void a_page_of_one_key_scores_its_product(void **state) {
    (void)state;
    static const float q[] = {1, -2, 0, 3}, key[] = {5, 7, 11, -13};
    float bounds[8], score;
    pages_bounds(key, 1, 4, 16, bounds);
    const struct pages_call call = {q, bounds, 1, 4};
    pages_best()->run(&call, &score);
    assert_true(score == 5 - 14 - 39);
}

/* Reading 2 x 2 by hand: q = (1, -1), keys (1, 2), (3, -4). */
static void the_oracle_takes_the_better_bound_of_each_dimension(void **state) {
    (void)state;
    static const float q[] = {1, -1}, low[] = {1, -4}, high[] = {3, 2};
    double terms;
    assert_true(ref_page_score(q, low, high, 2, &terms) == 3 + 4);
    assert_true(terms == 7);
    assert_true(ref_page_score(q + 1, low + 1, high + 1, 1, &terms) == 4);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(bounds_are_the_oracles),
        cmocka_unit_test(no_key_of_a_page_scores_more),
        cmocka_unit_test(a_page_of_one_key_scores_its_product),
        cmocka_unit_test(the_oracle_takes_the_better_bound_of_each_dimension),
    };
    return cmocka_run_group_tests_name("pages", tests, NULL, NULL);
}
