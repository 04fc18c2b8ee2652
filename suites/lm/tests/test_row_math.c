/* Softmax, sums of exponentials, entropy and SwiGLU rows of every instruction set that this machine
 * has, against float64. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "../../../harness/base/cpu.h"
#include "../row_math.h"

enum { N = 1003 };

static const struct {
    const struct row_math *math;
    uint32_t isa;
} variants[] = {{&row_math_scalar, 0}, {&row_math_avx2, ISA_AVX2}, {&row_math_avx512, ISA_AVX512}};

static void for_each_variant(void (*check)(const struct row_math *math)) {
    for (size_t i = 0; i < sizeof variants / sizeof *variants; i++) {
        if ((cpu_isa() & variants[i].isa) == variants[i].isa) {
            check(variants[i].math);
        }
    }
}

/* From -60 to 60, no two alike. */
static float value(int64_t i) { return (float)((double)(i * 7919 % N) / N * 120 - 60); }

static void check_softmax(const struct row_math *math) {
    for (int64_t n = 1; n <= N; n += n < 40 ? 1 : 107) {
        float row[N];
        double sum = 0, most = -INFINITY;
        for (int64_t i = 0; i < n; i++) {
            row[i] = value(i) / 6;
            most = fmax(most, (double)row[i]);
        }
        for (int64_t i = 0; i < n; i++) {
            sum += exp((double)row[i] - most);
        }
        math->softmax(row, n);
        for (int64_t i = 0; i < n; i++) {
            /* The difference is rounded before its exponential is taken. */
            const double below = (double)(value(i) / 6) - most, wanted = exp(below) / sum;
            assert_true(fabs((double)row[i] - wanted) <= 0x1p-23 * (4 - below) * wanted);
        }
    }
}

static void softmax_agrees(void **state) {
    (void)state;
    for_each_variant(check_softmax);
}

/* The chosen values' softmax where they stand, to the bit, and 0 elsewhere. */
static void check_chosen(const struct row_math *math) {
    static const int32_t chosen[] = {0, 1, 77, 500, N - 1};
    enum { CHOSEN = sizeof chosen / sizeof *chosen };
    float row[N], alone[CHOSEN], space[CHOSEN];
    for (int64_t i = 0; i < N; i++) {
        row[i] = value(i) / 6;
    }
    for (int i = 0; i < CHOSEN; i++) {
        alone[i] = row[chosen[i]];
    }
    math->softmax(alone, CHOSEN);
    row_softmax_chosen(math, row, N, chosen, CHOSEN, space);
    for (int i = 0; i < CHOSEN; i++) {
        assert_memory_equal(&row[chosen[i]], &alone[i], sizeof alone[i]);
        assert_true(row[chosen[i]] > 0);
        row[chosen[i]] = 0;
    }
    for (int64_t i = 0; i < N; i++) {
        assert_true(row[i] == 0);
    }
}

static void chosen_values_alone_weigh(void **state) {
    (void)state;
    for_each_variant(check_chosen);
}

static void check_exp_sum(const struct row_math *math) {
    float row[N];
    for (int64_t n = 1; n <= N; n += n < 40 ? 1 : 107) {
        double most = -INFINITY, sum = 0, lost = 0;
        for (int64_t i = 0; i < n; i++) {
            row[i] = value(i) / 6;
            most = fmax(most, (double)row[i]);
        }
        for (int64_t i = 0; i < n; i++) {
            const double below = (double)row[i] - most;
            sum += exp(below);
            lost += 0x1p-24 * (19 - below) * exp(below);
        }
        float max;
        assert_true(fabs(math->exp_sum(row, n, &max) - sum) <= lost);
        assert_true((double)max == most);
        row[n - 1] = NAN;
        assert_true(isnan(math->exp_sum(row, n, &max)));
    }
}

static void exp_sum_agrees(void **state) {
    (void)state;
    for_each_variant(check_exp_sum);
}

static void check_entropy(const struct row_math *math) {
    float row[N];
    for (int64_t n = 1; n <= N; n += n < 40 ? 1 : 107) {
        double most = -INFINITY, sum = 0, wanted = 0;
        for (int64_t i = 0; i < n; i++) {
            row[i] = value(i) / 16;
            most = fmax(most, (double)row[i]);
        }
        for (int64_t i = 0; i < n; i++) {
            sum += exp((double)row[i] - most);
        }
        for (int64_t i = 0; i < n; i++) {
            const double p = exp((double)row[i] - most) / sum;
            wanted -= p * log(p);
        }
        assert_true(fabs(math->entropy(row, n) - wanted) <= 4e-6 * (1 + wanted));
    }
}

/* Uniform: ln n; one key far above the others: 0; two such: ln 2. */
static void check_known_entropies(const struct row_math *math) {
    float row[N];
    for (int64_t n = 1; n <= N; n++) {
        row[n - 1] = -3.25F;
        assert_true(fabs(math->entropy(row, n) - log((double)n)) <= 1e-14);
    }
    row[700] = 1e4F;
    assert_true(fabs(math->entropy(row, N)) <= 1e-30);
    row[3] = 1e4F;
    assert_true(fabs(math->entropy(row, N) - log(2)) <= 1e-15);
    row[5] = NAN;
    assert_true(isnan(math->entropy(row, N)));
}

static void entropy_agrees(void **state) {
    (void)state;
    for_each_variant(check_entropy);
    for_each_variant(check_known_entropies);
}

static void check_extremes(const struct row_math *math) {
    float row[40] = {-3e38F, 3e38F};
    math->softmax(row, 2);
    assert_true(row[1] == 1 && row[0] >= 0 && row[0] < 1e-37F);
    for (int i = 0; i < 40; i++) {
        row[i] = i == 35 ? NAN : 1;
    }
    math->softmax(row, 40);
    assert_true(isnan(row[0]) && isnan(row[39])); /* never hidden */
}

static void extremes_stay_sane(void **state) {
    (void)state;
    for_each_variant(check_extremes);
}

static void check_swiglu(const struct row_math *math) {
    float gate[N], up[N], out[N];
    for (int64_t i = 0; i < N; i++) {
        gate[i] = value(i);
        up[i] = value(N - 1 - i);
    }
    math->swiglu(gate, up, out, N);
    for (int64_t i = 0; i < N; i++) {
        const double g = (double)gate[i], wanted = g / (1 + exp(-g)) * (double)up[i];
        assert_true(fabs((double)out[i] - wanted) <= 1e-6 * fabs(wanted));
    }
    math->swiglu(gate, up, gate, N);
    assert_memory_equal(gate, out, sizeof out);
}

static void swiglu_agrees(void **state) {
    (void)state;
    for_each_variant(check_swiglu);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(softmax_agrees),     cmocka_unit_test(chosen_values_alone_weigh),
        cmocka_unit_test(exp_sum_agrees),     cmocka_unit_test(entropy_agrees),
        cmocka_unit_test(extremes_stay_sane), cmocka_unit_test(swiglu_agrees),
    };
    return cmocka_run_group_tests_name("row_math", tests, NULL, NULL);
}
