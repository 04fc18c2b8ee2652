/* What attention over chosen rows has in common with attention over all: bits where the rows are
 * the same, whatever lies between them; and its rounding over many keys. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <math.h>
#include <string.h>

#include "../../../datasets/rng.h"
#include "../../../harness/base/memory.h"
#include "../attend.h"

enum { SEED = 37, D = 128 };

static void fill_row(uint32_t stream, int64_t j, float *out) {
    double row[D];
    rng_gaussians(SEED, stream, (uint64_t)j, row, D);
    for (int32_t i = 0; i < D; i++) {
        out[i] = (float)row[i];
    }
}

/* The same rows side by side, and three apart with NaN between: the same bits. */
static void where_rows_lie_changes_nothing(void **state) {
    (void)state;
    enum { COUNT = 77, APART = 3, N = COUNT * APART };
    static float near_k[COUNT * D], near_v[COUNT * D], far_k[N * D], far_v[N * D];
    static float near_weights[COUNT], far_weights[COUNT];
    float q[D], near_out[D], far_out[D];
    int32_t chosen[COUNT];
    for (int32_t i = 0; i < N * D; i++) {
        far_k[i] = far_v[i] = NAN;
    }
    fill_row(1, 0, q);
    for (int32_t j = 0; j < COUNT; j++) {
        chosen[j] = j * APART + j % APART;
        fill_row(2, j, near_k + j * D);
        fill_row(3, j, near_v + j * D);
        memcpy(far_k + chosen[j] * D, near_k + j * D, D * sizeof *near_k);
        memcpy(far_v + chosen[j] * D, near_v + j * D, D * sizeof *near_v);
    }
    const struct attend_call side = {q, near_k, near_v, NULL, COUNT, COUNT, D};
    const struct attend_call apart = {q, far_k, far_v, chosen, N, COUNT, D};
    attend_best()->run(&side, near_weights, near_out);
    attend_best()->run(&apart, far_weights, far_out);
    assert_memory_equal(near_out, far_out, sizeof near_out);
    assert_memory_equal(near_weights, far_weights, sizeof near_weights);
}

/* Equal keys, values 1 and weights of 1 / n: each sum is 1, and so near to it only because rows are
 * added up in blocks; one running sum of float32 would be off by more. */
static void long_sums_stay_accurate(void **state) {
    (void)state;
    enum { N = 300000, WIDTH = 16 };
    float *k = mem_alloc_array((size_t)N, WIDTH * sizeof *k);
    float *v = mem_alloc_array((size_t)N, WIDTH * sizeof *v);
    float *weights = mem_alloc_array(N, sizeof *weights), q[WIDTH] = {1}, out[WIDTH], one = 0;
    assert_non_null(k);
    assert_non_null(v);
    assert_non_null(weights);
    for (int64_t i = 0; i < (int64_t)N * WIDTH; i++) {
        v[i] = 1;
    }
    const struct attend_call call = {q, k, v, NULL, N, N, WIDTH};
    attend_best()->run(&call, weights, out);
    for (int64_t j = 0; j < N; j++) {
        one += weights[j];
    }
    for (int32_t i = 0; i < WIDTH; i++) {
        assert_true(fabs((double)out[i] - 1) < fabs((double)one - 1) / 4);
    }
    mem_free(k);
    mem_free(v);
    mem_free(weights);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(where_rows_lie_changes_nothing),
        cmocka_unit_test(long_sums_stay_accurate),
    };
    return cmocka_run_group_tests_name("attend", tests, NULL, NULL);
}
