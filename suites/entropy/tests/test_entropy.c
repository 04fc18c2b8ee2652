/* Entropies of rows, curves, control keys, and what is gathered from a whole model. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "../../../datasets/rng.h"
#include "../../../reference/entropy.h"
#include "../../lm/lm_capture.h"
#include "../../lm/tests/tiny.h"
#include "../entropy_gather.h"

static void near(double got, double want, double tolerance) {
    if (!(fabs(got - want) <= tolerance)) {
        print_error("got %.17g, want %.17g\n", got, want);
        fail();
    }
}

static void gaussians(uint32_t stream, double by, float *out, size_t count) {
    for (size_t i = 0; i < count; i += 4) {
        double g[4];
        rng_gaussians(1, stream, i, g, 4);
        for (size_t c = 0; c < 4 && i + c < count; c++) {
            out[i + c] = (float)(by * g[c]);
        }
    }
}

/* --- rows ------------------------------------------------------------------------------------- */

enum { D = 8, ROWS = 20, KEYS = 300 };

static struct entropy_rows random_rows(double by, float *q, float *k) {
    gaussians(1, by, q, (size_t)ROWS * D);
    gaussians(2, by, k, (size_t)KEYS * D);
    return (struct entropy_rows){q, k, D, D, D, ROWS, KEYS - ROWS + 1};
}

static void rows_agree_with_the_oracle(void **state) {
    (void)state;
    static float q[ROWS * D], k[KEYS * D], scores[ROWS * KEYS];
    double h[ROWS];
    for (double by = 0.01; by < 10; by *= 4) {
        const struct entropy_rows r = random_rows(by, q, k);
        entropy_of_rows(&r, scores, h);
        for (int i = 0; i < ROWS; i++) {
            struct entropy_sample s = {.n = r.first + i, .got = h[i]};
            struct judge j;
            s.want = ref_entropy(q + (ptrdiff_t)i * D, k, D, D, s.n, &s.reach);
            judge_begin(&j);
            entropy_judge(&j, "h", i, D, &s);
            assert_int_equal(j.verdict, VERDICT_PASS);
            s.got += 3 * entropy_bound(judge_gamma, D, s.n, s.reach, s.want);
            entropy_judge(&j, "h", i, D, &s);
            assert_int_equal(j.verdict, VERDICT_FAIL);
            judge_end(&j);
        }
    }
}

/* Equal keys: ln n; a key far above the others: 0. */
static void oracle_knows_known_entropies(void **state) {
    (void)state;
    static float q[D] = {1}, k[KEYS * D];
    double reach;
    near(ref_entropy(q, k, D, D, KEYS, &reach), log(KEYS), 1e-12);
    near(reach, 0, 0);
    k[(ptrdiff_t)17 * D] = 4000;
    near(ref_entropy(q, k, D, D, KEYS, &reach), 0, 1e-12);
    near(reach, 4000 / sqrt(D), 1e-9);
    k[(ptrdiff_t)19 * D] = 4000;
    near(ref_entropy(q, k, D, D, KEYS, NULL), log(2), 1e-12);
    near(ref_entropy(q, k, D, D, 19, NULL), 0, 1e-12); /* the other is not read yet */
    k[0] = NAN;
    assert_true(isnan(ref_entropy(q, k, D, D, KEYS, NULL)));
}

static void impossible_rows_fail(void **state) {
    (void)state;
    const double wrong[] = {-0.01, log(64) + 0.01, (double)NAN, (double)INFINITY};
    for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++) {
        struct judge j;
        judge_begin(&j);
        entropy_judge_range(&j, "h", 0, 64, log(64));
        entropy_judge_range(&j, "h", 0, 64, 0);
        assert_int_equal(j.verdict, VERDICT_PASS);
        entropy_judge_range(&j, "h", 0, 64, wrong[i]);
        assert_int_equal(j.verdict, VERDICT_FAIL);
        judge_end(&j);
    }
}

/* --- curves ----------------------------------------------------------------------------------- */

enum { TEXTS = 3, HEADS = 2 };

static struct entropy_mean values[TEXTS * HEADS * ENTROPY_POINTS];

/* H = alpha ln N + beta + shift, a shift of its own for each text and head. */
static struct entropy_view straight(double alpha, double beta) {
    const struct entropy_view v = {.values = values,
                                   .population = ENTROPY_LAST,
                                   .texts = TEXTS,
                                   .heads = HEADS,
                                   .points = ENTROPY_POINTS,
                                   .count = HEADS};
    for (int i = 0; i < TEXTS * HEADS; i++) {
        for (int p = 0; p < ENTROPY_POINTS; p++) {
            const double h = alpha * log((double)entropy_context((size_t)p)) + beta + 0.1 * i;
            values[i * ENTROPY_POINTS + p] = (struct entropy_mean){h, exp(h)};
        }
    }
    return v;
}

static void exact_lines_are_recovered(void **state) {
    (void)state;
    const struct entropy_view v = straight(0.375, 0.5);
    const struct stats_line line = entropy_line(&v);
    near(line.slope, 0.375, 1e-12);
    near(line.intercept, 0.75, 1e-12);
    near(line.slope_se, 0, 1e-12);
    const struct interval alpha = entropy_alpha(&v);
    near(alpha.lo, 0.375, 1e-12);
    near(alpha.hi, 0.375, 1e-12);
    for (size_t i = 1; i < ENTROPY_POINTS; i++) {
        near(entropy_local_slope(&v, i), 0.375, 1e-12);
    }
    assert_true(isnan(entropy_local_slope(&v, 0)));
    assert_int_equal(entropy_rows_behind(&v, 3), TEXTS * HEADS);
    struct entropy_view one = v;
    one.first = 1;
    one.count = 1;
    near(entropy_line(&one).intercept, 0.5 + 0.1 * 3, 1e-12);
    near(entropy_at(&one, 0).h, 0.375 * log(64) + 0.8, 1e-12);
}

/* se^2 = sum r^2 / (n - 2) / sum (x - mean)^2, for x = 0 .. 7 in steps of ln 2 and residuals +e
 * and -e in turn. */
static void errors_are_those_of_the_formula(void **state) {
    (void)state;
    const double e = 0.01, step = log(2);
    struct entropy_view v = straight(0.5, 0);
    double sum = 0;
    for (int i = 0; i < TEXTS * HEADS; i++) {
        for (int p = 0; p < ENTROPY_POINTS; p++) {
            values[i * ENTROPY_POINTS + p].h += p % 2 == 0 ? e : -e;
        }
    }
    /* sum x r = e (0-1+2-3+4-5+6-7) = -4 e; sum (x - 3.5)^2 = 42 */
    const double slope = -4 * e / 42;
    for (int p = 0; p < ENTROPY_POINTS; p++) {
        const double r = (p % 2 == 0 ? e : -e) - slope * (p - 3.5);
        sum += r * r;
    }
    near(entropy_line(&v).slope, 0.5 + slope / step, 1e-12);
    near(entropy_line(&v).slope_se, sqrt(sum / 6 / 42) / step, 1e-12);
}

static void intervals_repeat_and_hold_the_value(void **state) {
    (void)state;
    const struct entropy_view v = straight(0.4, 0);
    for (int i = 0; i < TEXTS * HEADS; i++) {
        for (int p = 0; p < ENTROPY_POINTS; p++) {
            values[i * ENTROPY_POINTS + p].h += 0.01 * p * (i / HEADS);
        }
    }
    const struct interval a = entropy_alpha(&v), b = entropy_alpha(&v);
    assert_true(a.lo < a.value && a.value < a.hi);
    near(a.lo, 0.4, 1e-12); /* of 10,000 resamples 1 in 27 has the first text only */
    near(a.hi, 0.4 + 0.02 / log(2), 1e-12);
    assert_memory_equal(&a, &b, sizeof a);
}

static void populations_are_rows(void **state) {
    (void)state;
    double h[512];
    for (int t = 0; t < 512; t++) {
        h[t] = t == 511 ? 100 : t;
    }
    near(entropy_over_rows(ENTROPY_LAST, 256, h).h, 255, 0);
    near(entropy_over_rows(ENTROPY_LAST_FEW, 256, h).h, 251.5, 0);
    near(entropy_over_rows(ENTROPY_ALL, 256, h).h, 127.5, 0);
    near(entropy_over_rows(ENTROPY_LAST, 64, (const double[64]){[63] = 2}).exp_h, exp(2), 1e-12);
    assert_int_equal(entropy_point_count(63), 0);
    assert_int_equal(entropy_point_count(127), 1);
    assert_int_equal(entropy_point_count(8192), 8);
    assert_int_equal(entropy_point_count(1 << 20), ENTROPY_POINTS);
    near(entropy_abscissa(ENTROPY_ALL, 64), log(64), 0);
    assert_true(entropy_abscissa(ENTROPY_LAST_FEW, 64) < log(64));
}

/* --- control keys ----------------------------------------------------------------------------- */

static float keys[KEYS * D], made[KEYS * D], logits[KEYS];
static double squared[KEYS];

static struct entropy_head some_head(void) {
    gaussians(3, 2, keys, (size_t)KEYS * D);
    entropy_squared_norms(keys, KEYS, D, squared);
    return (struct entropy_head){keys, squared, KEYS, D, 7, 11};
}

static double norm(const float *k) {
    double sum = 0;
    for (int i = 0; i < D; i++) {
        sum += (double)k[i] * (double)k[i];
    }
    return sum;
}

static void controls_match_what_they_say(void **state) {
    (void)state;
    const struct entropy_head h = some_head();
    float q[D];
    gaussians(4, 1, q, D);
    entropy_make_keys(&h, ENTROPY_NORM, made);
    double alike = 0;
    for (int i = 0; i < KEYS; i++) {
        near(norm(made + (ptrdiff_t)i * D), squared[i], 1e-5 * squared[i]);
        for (int c = 0; c < D; c++) {
            alike += (double)made[i * D + c] * (double)keys[i * D + c];
        }
    }
    assert_true(fabs(alike) < 0.1 * KEYS * squared[0]); /* other directions */
    near(entropy_query_scale(&h, ENTROPY_NORM, made, q, 100, logits), 1, 0);

    entropy_make_keys(&h, ENTROPY_RANDOM, made);
    const double by = entropy_query_scale(&h, ENTROPY_RANDOM, made, q, 100, logits);
    double own = 0, theirs = 0;
    for (int i = 0; i < 100; i++) {
        own += squared[i];
    }
    for (int i = 0; i < KEYS; i++) {
        theirs += by * by * norm(made + (ptrdiff_t)i * D) / KEYS;
    }
    near(by, sqrt(own / 100 / D), 1e-12);
    near(theirs, own / 100, 0.1 * own / 100);

    entropy_make_keys(&h, ENTROPY_VARIANCE, made);
    const double scale = entropy_query_scale(&h, ENTROPY_VARIANCE, made, q, 100, logits);
    double sums[2] = {0, 0}, squares[2] = {0, 0};
    for (int i = 0; i < 100; i++) {
        double z[2] = {0, 0};
        for (int c = 0; c < D; c++) {
            z[0] += (double)q[c] * (double)keys[i * D + c];
            z[1] += scale * (double)q[c] * (double)made[i * D + c];
        }
        for (int a = 0; a < 2; a++) {
            sums[a] += z[a] / 100;
            squares[a] += z[a] * z[a] / 100;
        }
    }
    const double variance = squares[0] - sums[0] * sums[0];
    near(squares[1] - sums[1] * sums[1], variance, 1e-5 * variance);
}

static void controls_are_the_same_every_time(void **state) {
    (void)state;
    static float again[KEYS * D];
    struct entropy_head h = some_head();
    for (int which = 0; which < ENTROPY_KEYS; which++) {
        entropy_make_keys(&h, (enum entropy_keys)which, made);
        entropy_make_keys(&h, (enum entropy_keys)which, again);
        assert_memory_equal(made, again, sizeof made);
    }
    h.row++;
    entropy_make_keys(&h, ENTROPY_VARIANCE, again);
    assert_memory_not_equal(made, again, sizeof made);
}

static bool same_key(const float *a, const float *b) {
    for (int i = 0; i < D; i++) {
        if (a[i] != b[i]) {
            return false;
        }
    }
    return true;
}

static void shuffled_keys_are_all_the_keys(void **state) {
    (void)state;
    const struct entropy_head h = some_head();
    bool taken[KEYS] = {false};
    int moved = 0;
    entropy_make_keys(&h, ENTROPY_SHUFFLED, made);
    for (int i = 0; i < KEYS; i++) {
        int from = 0;
        while (from < KEYS && !same_key(made + (ptrdiff_t)i * D, keys + (ptrdiff_t)from * D)) {
            from++;
        }
        assert_true(from < KEYS && !taken[from]);
        taken[from] = true;
        moved += from != i;
    }
    assert_true(moved > KEYS / 2);
}

/* --- a whole model ---------------------------------------------------------------------------- */

enum { LENGTH = 128, POINTS = 2 };

static struct lm_model *model;
static int32_t ids[LENGTH];

static int setup(void **state) {
    (void)state;
    for (int i = 0; i < LENGTH; i++) {
        ids[i] = (i * 37 + 5) % TINY_VOCABULARY;
    }
    return tiny_load(NULL, &model) == ST_OK ? 0 : -1;
}

static int teardown(void **state) {
    (void)state;
    lm_free(model);
    return 0;
}

static void gather(struct entropy_results *r, size_t texts, int threads) {
    struct lm_session *s;
    *r = (struct entropy_results){.texts = texts,
                                  .layers = TINY_LAYERS,
                                  .heads = TINY_HEADS,
                                  .points = POINTS,
                                  .length = LENGTH,
                                  .seed = 3,
                                  .threads = threads};
    assert_int_equal(entropy_results_new(r), ST_OK);
    assert_int_equal(lm_session_new(model, LENGTH, threads, &s), ST_OK);
    for (size_t text = 0; text < texts; text++) {
        assert_int_equal(entropy_gather_text(r, text, s, lm_shape(model), ids), ST_OK);
    }
    lm_session_free(s);
    for (int i = 0; i < TINY_LAYERS; i++) {
        assert_int_equal(r->judges[i].verdict, VERDICT_PASS);
    }
}

/* What the plug saw, kept as it is. */
struct seen {
    float q[TINY_LAYERS][LENGTH * TINY_HEADS * TINY_HEAD_DIM];
    float k[TINY_LAYERS][TINY_KV_HEADS * LENGTH * TINY_HEAD_DIM];
};

static enum status look(void *context, const struct lm_attention_call *call) {
    struct seen *s = context;
    assert_int_equal(call->past, 0);
    assert_int_equal(call->capacity, LENGTH);
    memcpy(s->q[call->layer], call->q, sizeof s->q[0]);
    memcpy(s->k[call->layer], call->k, sizeof s->k[0]);
    return lm_attention_full(NULL, call);
}

/* Every value by the oracle, from queries and keys that another plug saw. */
static void gathered_means_are_the_oracles(void **state) {
    (void)state;
    static struct seen seen;
    const struct lm_attention plug = {look, &seen};
    struct entropy_results r;
    struct lm_session *s;
    assert_int_equal(lm_session_new(model, LENGTH, 1, &s), ST_OK);
    assert_int_equal(lm_forward(s, &plug, ids, NULL, LENGTH, NULL), ST_OK);
    lm_session_free(s);
    gather(&r, 1, 1);
    for (int head = 0; head < TINY_LAYERS * TINY_HEADS; head++) {
        const int layer = head / TINY_HEADS, at = head % TINY_HEADS;
        const float *k = seen.k[layer] + (ptrdiff_t)(at / 2) * LENGTH * TINY_HEAD_DIM;
        double h[LENGTH];
        for (int t = 0; t < LENGTH; t++) {
            h[t] = ref_entropy(seen.q[layer] + (ptrdiff_t)(t * TINY_HEADS + at) * TINY_HEAD_DIM, k,
                               TINY_HEAD_DIM, TINY_HEAD_DIM, t + 1, NULL);
        }
        for (size_t p = 0; p < POINTS; p++) {
            const int64_t n = entropy_context(p);
            const size_t place = (size_t)head * ENTROPY_POINTS + p;
            near(r.values[ENTROPY_SERIES_LAST][place].h, h[n - 1], 1e-5);
            near(r.values[ENTROPY_SERIES_ALL][place].h, entropy_over_rows(ENTROPY_ALL, n, h).h,
                 1e-5);
            near(r.values[ENTROPY_SERIES_ALL][place].exp_h,
                 entropy_over_rows(ENTROPY_ALL, n, h).exp_h, 1e-3);
            near(r.values[ENTROPY_SERIES_FEW][place].h, entropy_over_rows(ENTROPY_LAST_FEW, n, h).h,
                 1e-5);
        }
    }
    entropy_results_free(&r);
}

/* The text's keys in any order are the same keys where the whole text is read. */
static void shuffling_all_keys_changes_nothing(void **state) {
    (void)state;
    struct entropy_results r;
    gather(&r, 1, 1);
    bool differs = false;
    for (size_t head = 0; head < (size_t)TINY_LAYERS * TINY_HEADS; head++) {
        const size_t whole = head * ENTROPY_POINTS + POINTS - 1;
        const size_t half = head * ENTROPY_POINTS;
        const struct entropy_mean *own = r.values[ENTROPY_SERIES_FEW];
        const struct entropy_mean *shuffled = r.values[ENTROPY_SERIES_FEW + ENTROPY_SHUFFLED];
        near(shuffled[whole].h, own[whole].h, 0.2); /* rows before the last lack a few */
        differs = differs || fabs(shuffled[half].h - own[half].h) > 1e-6;
    }
    assert_true(differs);
    entropy_results_free(&r);
}

/* Beyond rounding: the forward's linear layers are cut by threads. */
static void threads_change_nothing(void **state) {
    (void)state;
    struct entropy_results one, three;
    gather(&one, 2, 1);
    gather(&three, 2, 3);
    for (size_t series = 0; series < ENTROPY_SERIES; series++) {
        for (size_t i = 0; i < (size_t)2 * TINY_LAYERS * TINY_HEADS * ENTROPY_POINTS; i++) {
            near(three.values[series][i].h, one.values[series][i].h, 1e-4);
        }
    }
    /* the second text is the first one again: the model's keys agree, random ones are new */
    const size_t curves = (size_t)TINY_LAYERS * TINY_HEADS * ENTROPY_POINTS;
    const size_t bytes = curves * sizeof(struct entropy_mean);
    assert_memory_equal(one.values[ENTROPY_SERIES_ALL], one.values[ENTROPY_SERIES_ALL] + curves,
                        bytes);
    const struct entropy_mean *random = one.values[ENTROPY_SERIES_FEW + ENTROPY_RANDOM];
    assert_memory_not_equal(random, random + curves, bytes);
    entropy_results_free(&one);
    entropy_results_free(&three);
}

/* A key that is not a number is seen in every row that reads it. */
static void nan_fails_the_layer(void **state) {
    (void)state;
    static float k[TINY_KV_HEADS * LENGTH * D], q[TINY_HEADS * POINTS * ENTROPY_TAIL * D];
    struct entropy_results r = {.texts = 1,
                                .layers = 1,
                                .heads = TINY_HEADS,
                                .points = POINTS,
                                .length = LENGTH,
                                .threads = 1};
    gaussians(5, 1, k, sizeof k / sizeof *k);
    gaussians(6, 1, q, sizeof q / sizeof *q);
    k[3] = NAN;
    const struct entropy_layer l = {
        .kv_heads = TINY_KV_HEADS, .d = D, .capacity = LENGTH, .k = k, .q = q};
    assert_int_equal(entropy_results_new(&r), ST_OK);
    assert_int_equal(entropy_gather_layer(&r, &l), ST_OK);
    assert_int_equal(r.judges[0].verdict, VERDICT_FAIL);
    entropy_results_free(&r);
}

/* --- capturing -------------------------------------------------------------------------------- */

static void a_capture_gives_the_same_entropies(void **state) {
    (void)state;
    struct trace t;
    struct lm_session *s;
    struct entropy_results r, own = {.texts = 1,
                                     .layers = TINY_LAYERS,
                                     .heads = TINY_HEADS,
                                     .points = POINTS,
                                     .length = LENGTH,
                                     .seed = 3,
                                     .threads = 1};
    gather(&r, 1, 1);
    assert_int_equal(lm_session_new(model, LENGTH, 1, &s), ST_OK);
    assert_int_equal(lm_capture(s, ids, LENGTH, &t), ST_OK);
    lm_session_free(s);
    assert_int_equal(t.layer_count, TINY_LAYERS); /* first, middle and last of two */
    assert_int_equal(lm_capture_check(&t), ST_OK);
    assert_int_equal(entropy_results_new(&own), ST_OK);
    for (int64_t i = 0; i < TINY_LAYERS; i++) {
        const struct entropy_layer l = {.layer = (size_t)i,
                                        .kv_heads = t.kv_heads,
                                        .d = t.head_dim,
                                        .capacity = t.tokens,
                                        .k = t.k + i * t.kv_heads * t.tokens * t.head_dim,
                                        .q = t.q + i * t.heads * t.position_count * t.head_dim};
        assert_int_equal(entropy_gather_layer(&own, &l), ST_OK);
    }
    for (size_t series = 0; series < ENTROPY_SERIES; series++) {
        if (series != ENTROPY_SERIES_ALL) {
            assert_memory_equal(r.values[series], own.values[series],
                                sizeof(struct entropy_mean) * TINY_LAYERS * TINY_HEADS *
                                    ENTROPY_POINTS);
        }
    }
    t.positions[3]--;
    assert_int_equal(lm_capture_check(&t), ST_INPUT);
    trace_free(&t);
    entropy_results_free(&r);
    entropy_results_free(&own);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(rows_agree_with_the_oracle),
        cmocka_unit_test(oracle_knows_known_entropies),
        cmocka_unit_test(impossible_rows_fail),
        cmocka_unit_test(exact_lines_are_recovered),
        cmocka_unit_test(errors_are_those_of_the_formula),
        cmocka_unit_test(intervals_repeat_and_hold_the_value),
        cmocka_unit_test(populations_are_rows),
        cmocka_unit_test(controls_match_what_they_say),
        cmocka_unit_test(controls_are_the_same_every_time),
        cmocka_unit_test(shuffled_keys_are_all_the_keys),
        cmocka_unit_test(gathered_means_are_the_oracles),
        cmocka_unit_test(shuffling_all_keys_changes_nothing),
        cmocka_unit_test(threads_change_nothing),
        cmocka_unit_test(nan_fails_the_layer),
        cmocka_unit_test(a_capture_gives_the_same_entropies),
    };
    return cmocka_run_group_tests_name("entropy", tests, setup, teardown);
}
