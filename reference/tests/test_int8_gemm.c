/* The oracle of the int8 product against one worked out by hand. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "../int8_gemm.h"

static void product_by_hand(void **state) {
    (void)state;
    enum { M = 2, N = 3, K = 2 };
    const int8_t a[M * K] = {1, 2, -127, 127}, w[N * K] = {3, 4, -5, 6, 127, -127};
    const double want[M * N] = {11, 7, -127, 127, 1397, -32258};
    double out[M * N];
    ref_int8_gemm(a, w, M, N, K, out);
    for (int i = 0; i < M * N; i++) {
        assert_true(out[i] == want[i]);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(product_by_hand),
    };
    return cmocka_run_group_tests_name("int8_gemm", tests, NULL, NULL);
}
