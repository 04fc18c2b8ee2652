/* Training's parts against the float64 oracle: teacher, loss and gradient; AdamW by hand. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "../../../datasets/rng.h"
#include "../../../harness/base/cpu.h"
#include "../../../harness/base/memory.h"
#include "../../../reference/projection_loss.h"
#include "../train_adamw.h"
#include "../train_loss.h"
#include "../train_row.h"

/* More than two blocks of queries; no two widths are equal. */
enum {
    TOKENS = 150,
    HIDDEN = 24,
    D = 12,
    HEADS = 4,
    KV_HEADS = 2,
    HEAD_D = 8,
    W = D * HIDDEN,
    QK = (HEADS + KV_HEADS) * HEAD_D
};

static float x[TOKENS * HIDDEN], qk[TOKENS * QK], weights[2 * W];
static double wide_x[TOKENS * HIDDEN], wide_weights[2 * W], wide_teacher[TOKENS * TOKENS];
static int32_t segment[TOKENS];
static int64_t first[TOKENS];

static void fill(uint32_t stream, float *out, int count, double size) {
    double row[TOKENS * QK];
    rng_gaussians(5, stream, 0, row, (size_t)count);
    for (int i = 0; i < count; i++) {
        out[i] = (float)(size * row[i]);
    }
}

static void widen(const float *in, double *out, int count) {
    for (int i = 0; i < count; i++) {
        out[i] = (double)in[i];
    }
}

/* Segments of 100, 1, 30 and 15 tokens, then padding. */
static void place_segments(void) {
    static const int begins[] = {0, 100, 101, 131, 146, TOKENS};
    for (int s = 0; s < 5; s++) {
        for (int t = begins[s]; t < begins[s + 1]; t++) {
            segment[t] = s < 4 ? s : -1;
            first[t] = s < 4 ? begins[s] : t;
        }
    }
}

static int setup(void **state) {
    static double q[TOKENS * HEADS * HEAD_D], k[TOKENS * KV_HEADS * HEAD_D];
    (void)state;
    fill(1, x, TOKENS * HIDDEN, 1);
    fill(2, qk, TOKENS * QK, 2);
    fill(3, weights, 2 * W, 0.3);
    widen(x, wide_x, TOKENS * HIDDEN);
    widen(weights, wide_weights, 2 * W);
    place_segments();
    for (int t = 0; t < TOKENS; t++) {
        widen(qk + t * QK, q + t * HEADS * HEAD_D, HEADS * HEAD_D);
        widen(qk + t * QK + HEADS * HEAD_D, k + t * KV_HEADS * HEAD_D, KV_HEADS * HEAD_D);
    }
    ref_projection_teacher(q, k, HEADS, KV_HEADS, HEAD_D, first, TOKENS, wide_teacher);
    return 0;
}

static struct teacher make_teacher(void) {
    const struct teacher_input in = {HEADS, KV_HEADS, HEAD_D, TOKENS, segment, qk};
    struct teacher t;
    assert_int_equal(teacher_new(&in, &t), ST_OK);
    return t;
}

/* --- teacher ---------------------------------------------------------------------------------- */

static double row_sum(int64_t t) {
    double sum = 0;
    for (int64_t j = 0; j < TOKENS; j++) {
        sum += wide_teacher[t * TOKENS + j];
    }
    return sum;
}

/* Scores reach 40 and are off by up to 8 products of 2^-24 of that: 2e-5 relative in a weight. */
static void teacher_agrees_with_the_oracle(void **state) {
    (void)state;
    struct teacher got = make_teacher();
    for (int64_t t = 0; t < TOKENS; t++) {
        const double sum = row_sum(t);
        double entropy = 0;
        assert_int_equal(got.first[t], first[t]);
        for (int64_t j = first[t]; j <= t; j++) {
            const double want = wide_teacher[t * TOKENS + j] / sum;
            const double have = (double)got.weights[got.at[t] + j - first[t]];
            assert_true(fabs(have - want) <= 5e-5 * want + 1e-12);
            entropy -= want == 0 ? 0 : want * log(want);
        }
        assert_true(fabs((double)got.entropy[t] - entropy) < 1e-4);
    }
    teacher_free(&got);
}

/* The positives are those that no other key goes before. */
static void positives_are_the_largest(void **state) {
    (void)state;
    struct teacher got = make_teacher();
    for (int64_t t = 0; t < TOKENS; t++) {
        const float *row = got.weights + got.at[t];
        const int64_t n = t - first[t] + 1, count = teacher_positive_count(&got, t);
        assert_int_equal(count, n < TEACHER_POSITIVES ? n : TEACHER_POSITIVES);
        for (int64_t i = 0; i < count; i++) {
            const int32_t key = got.positives[t * TEACHER_POSITIVES + i];
            int64_t ahead = 0;
            assert_in_range(key, 0, n - 1);
            for (int64_t j = 0; j < n; j++) {
                ahead += row[j] > row[key] || (row[j] == row[key] && j < key);
            }
            assert_int_equal(ahead, i);
        }
    }
    teacher_free(&got);
}

/* Queries of zero weigh all keys alike: the first ones are the positives. */
static void ties_go_to_the_smaller_index(void **state) {
    (void)state;
    static const float zeros[TOKENS * QK];
    const struct teacher_input in = {HEADS, KV_HEADS, HEAD_D, TOKENS, segment, zeros};
    struct teacher got;
    assert_int_equal(teacher_new(&in, &got), ST_OK);
    for (int64_t i = 0; i < TEACHER_POSITIVES; i++) {
        assert_int_equal(got.positives[99 * TEACHER_POSITIVES + i], i);
    }
    assert_true(fabs((double)got.entropy[99] - log(100)) < 1e-5);
    teacher_free(&got);
}

/* --- loss ------------------------------------------------------------------------------------- */

static const struct train_shape shape = {HIDDEN, D, TOKENS, 0.07F};

static struct train_loss run_loss(const struct teacher *teacher, float *gradient) {
    struct train_space *space;
    struct train_loss loss = {.queries = 0};
    assert_int_equal(train_space_new(&shape, &space), ST_OK);
    memset(gradient, 0, 2 * W * sizeof *gradient);
    train_loss_add(space, weights, x, teacher, &loss, gradient);
    train_space_free(space);
    return loss;
}

/* Relative to the largest entry; float32 sums of 1e4 terms with a cosine logit of up to 14. */
static const double BOUND = 2e-5;

static void loss_and_gradient_agree_with_the_oracle(void **state) {
    (void)state;
    static double want[2 * W];
    static float got[2 * W];
    const struct ref_projection_case c = {
        TOKENS,           HIDDEN, D, wide_x, first, wide_teacher, (double)shape.temperature,
        TEACHER_POSITIVES};
    struct ref_projection_loss oracle;
    struct teacher teacher = make_teacher();
    assert_int_equal(
        ref_projection_loss(&c, wide_weights, wide_weights + W, &oracle, want, want + W), 0);
    const struct train_loss loss = run_loss(&teacher, got);
    const double queries = (double)loss.queries;
    double largest = 0;
    assert_int_equal(loss.queries, 99 + 29 + 14);
    assert_int_equal(oracle.queries, loss.queries);
    assert_true(fabs(loss.contrastive / queries - oracle.contrastive) < BOUND * oracle.contrastive);
    assert_true(fabs(loss.divergence / queries - oracle.divergence) < BOUND * oracle.divergence);
    for (int i = 0; i < 2 * W; i++) {
        largest = fmax(largest, fabs(want[i]));
    }
    for (int i = 0; i < 2 * W; i++) {
        assert_true(fabs((double)got[i] / queries - want[i]) < BOUND * largest);
    }
    teacher_free(&teacher);
}

/* --- one query, every instruction set --------------------------------------------------------- */

static void rows_agree(void **state) {
    (void)state;
    static const struct {
        const struct train_row_math *math;
        uint32_t isa;
    } sets[] = {{&train_row_avx2, ISA_AVX2}, {&train_row_avx512, ISA_AVX512}};
    struct teacher teacher = make_teacher();
    for (size_t i = 0; i < sizeof sets / sizeof *sets; i++) {
        if ((cpu_isa() & sets[i].isa) != sets[i].isa) {
            continue;
        }
        for (int64_t t = 1; t < 100; t++) {
            float a[100], b[100], scale[100], pull_a[100] = {0}, pull_b[100] = {0}, space[200];
            fill(9 + (uint32_t)t, a, 100, 3);
            fill(8, scale, 100, 1);
            for (int j = 0; j < 100; j++) {
                b[j] = a[j];
                scale[j] = 0.5F + fabsf(scale[j]);
            }
            struct train_row r = {t + 1,
                                  a,
                                  scale,
                                  0.3F,
                                  0.9F,
                                  teacher.weights + teacher.at[t],
                                  (double)teacher.entropy[t],
                                  teacher.positives + t * TEACHER_POSITIVES,
                                  teacher_positive_count(&teacher, t),
                                  pull_a,
                                  space};
            const struct train_row_loss want = train_row_scalar.row(&r);
            r.products = b;
            r.key_pull = pull_b;
            const struct train_row_loss got = sets[i].math->row(&r);
            assert_true(fabs(want.contrastive - got.contrastive) < 1e-5);
            assert_true(fabs(want.divergence - got.divergence) < 1e-5);
            assert_true(fabs(want.query_pull - got.query_pull) < 1e-5);
            for (int j = 0; j < 100; j++) {
                assert_true(fabsf(a[j] - b[j]) < 1e-6F && fabsf(pull_a[j] - pull_b[j]) < 1e-5F);
            }
        }
    }
    teacher_free(&teacher);
}

/* --- AdamW ------------------------------------------------------------------------------------ */

static const struct adamw defaults = {1e-4, 0.01, 0.9, 0.95, 1e-8, 1.0};

/* The first step moves each weight by the rate against its gradient's sign, whatever its size. */
static void first_step_by_hand(void **state) {
    (void)state;
    float w[] = {1, -2}, first_moment[] = {0, 0}, second[] = {0, 0};
    const float gradient[] = {0.3F, -0.4F};
    struct adamw_state s = {2, w, first_moment, second};
    adamw_step(&defaults, &s, gradient, 1, 1, 1);
    assert_true(fabs((double)w[0] - (1 - 1e-6 - 1e-4)) < 1e-7);
    assert_true(fabs((double)w[1] - (-2 + 2e-6 + 1e-4)) < 2e-7);
    assert_true(fabsf(first_moment[0] - 0.03F) < 1e-8F);
    assert_true(fabsf(second[1] - 0.008F) < 1e-8F);
}

/* w 1, then gradients 1 and -0.5 at rate 0.1 without decay: m 0.1, 0.04; v 0.05, 0.06; m / 0.19, v
 * / 0.0975. */
static void second_step_by_hand(void **state) {
    (void)state;
    const struct adamw a = {0.1, 0, 0.9, 0.95, 1e-8, 10};
    float w[] = {1}, first_moment[] = {0}, second[] = {0};
    struct adamw_state s = {1, w, first_moment, second};
    adamw_step(&a, &s, &(const float){1}, 1, 1, 1);
    assert_true(fabs((double)w[0] - 0.9) < 1e-6);
    adamw_step(&a, &s, &(const float){-0.5F}, 1, 2, 1);
    assert_true(fabs((double)w[0] - (0.9 - 0.1 * (0.04 / 0.19) / sqrt(0.06 / 0.0975))) < 1e-6);
}

/* A gradient of norm 5 enters the moments as one of norm 1; `scale` comes before that. */
static void long_gradients_are_clipped(void **state) {
    (void)state;
    float w[] = {0, 0}, first_moment[] = {0, 0}, second[] = {0, 0};
    const float gradient[] = {3, 4};
    struct adamw_state s = {2, w, first_moment, second};
    adamw_step(&defaults, &s, gradient, 1, 1, 1);
    assert_true(fabsf(first_moment[0] - 0.06F) < 1e-7F && fabsf(first_moment[1] - 0.08F) < 1e-7F);
    first_moment[0] = first_moment[1] = 0;
    adamw_step(&defaults, &s, gradient, 0.1, 1, 1);
    assert_true(fabsf(first_moment[0] - 0.03F) < 1e-7F && fabsf(first_moment[1] - 0.04F) < 1e-7F);
}

static void the_rate_rises_and_falls(void **state) {
    (void)state;
    assert_true(adamw_share(0, 100, 1000) == 0);
    assert_true(fabs(adamw_share(50, 100, 1000) - 0.5) < 1e-15);
    assert_true(adamw_share(100, 100, 1000) == 1);
    assert_true(fabs(adamw_share(550, 100, 1000) - 0.5) < 1e-15);
    assert_true(adamw_share(999, 100, 1000) < 1e-5 && adamw_share(999, 100, 1000) > 0);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(teacher_agrees_with_the_oracle),
        cmocka_unit_test(positives_are_the_largest),
        cmocka_unit_test(ties_go_to_the_smaller_index),
        cmocka_unit_test(loss_and_gradient_agree_with_the_oracle),
        cmocka_unit_test(rows_agree),
        cmocka_unit_test(first_step_by_hand),
        cmocka_unit_test(second_step_by_hand),
        cmocka_unit_test(long_gradients_are_clipped),
        cmocka_unit_test(the_rate_rises_and_falls),
    };
    return cmocka_run_group_tests_name("train", tests, setup, NULL);
}
