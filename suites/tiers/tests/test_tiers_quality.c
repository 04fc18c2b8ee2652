/* Divergence of next tokens against its oracle, its judge, and what the group plans and skips. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdlib.h>
#include <string.h>

#include "../../../harness/run/run.h"
#include "../../../reference/divergence.h"
#include "../../lm/tests/tiny.h"
#include "../tiers_divergence.h"
#include "../tiers.h"

/* --- the tiny model, whole and without its first layer ---------------------------------------- */

/* More predictions than one block holds. */
enum { N = 150 };

static struct lm_model *model;
static int32_t ids[N];
static float full[N * TINY_HIDDEN], kept[N * TINY_HIDDEN];

static enum status forward(int32_t first, float *hidden) {
    struct lm_session *s;
    enum status st = lm_session_new(model, N, 2, &s);
    if (st == ST_OK) {
        st = lm_session_layers(s, first, TINY_LAYERS);
        st = st == ST_OK ? lm_forward(s, NULL, ids, NULL, N, hidden) : st;
        lm_session_free(s);
    }
    return st;
}

static int setup(void **state) {
    (void)state;
    progress_start(true, PROGRESS_NEVER);
    tiny_tokens(ids, N);
    return tiny_load(NULL, &model) == ST_OK && forward(0, full) == ST_OK &&
                   forward(1, kept) == ST_OK
               ? 0
               : -1;
}

static int teardown(void **state) {
    (void)state;
    lm_free(model);
    return 0;
}

/* --- divergence ------------------------------------------------------------------------------- */

/* All predictions written out, one row of logits at a time. */
static struct tiers_text written_out(void) {
    struct tiers_text sum = {.kl = 0};
    for (int t = 0; t + 1 < N; t++) {
        float p[TINY_VOCABULARY], q[TINY_VOCABULARY];
        double log_p[TINY_VOCABULARY], log_q[TINY_VOCABULARY];
        lm_logits(model, full + (ptrdiff_t)t * TINY_HIDDEN, 1, 1, p);
        lm_logits(model, kept + (ptrdiff_t)t * TINY_HIDDEN, 1, 1, q);
        ref_log_softmax(p, TINY_VOCABULARY, log_p);
        ref_log_softmax(q, TINY_VOCABULARY, log_q);
        sum.kl += ref_divergence(log_p, log_q, TINY_VOCABULARY);
        sum.full.sum -= log_p[ids[t + 1]];
        sum.kept.sum -= log_q[ids[t + 1]];
        sum.same_top += ref_largest(p, TINY_VOCABULARY) == ref_largest(q, TINY_VOCABULARY);
    }
    return sum;
}

static struct tiers_text compared(const float *a, const float *b, int threads, enum verdict v) {
    struct tiers_text out;
    struct judge j;
    judge_begin(&j);
    assert_int_equal(tiers_compare(model, a, b, ids, N, threads, &j, &out), ST_OK);
    assert_int_equal(j.verdict, v);
    judge_end(&j);
    return out;
}

/* Logits of one row and of a block may differ in their last bits. */
static void a_text_agrees_with_the_oracle(void **state) {
    (void)state;
    const struct tiers_text wanted = written_out();
    const struct tiers_text got = compared(full, kept, 2, VERDICT_PASS);
    assert_int_equal(got.full.predictions, N - 1);
    assert_int_equal(got.kept.predictions, N - 1);
    assert_true(wanted.kl > 1);
    assert_true(fabs(got.kl - wanted.kl) <= 1e-4 * wanted.kl);
    assert_true(fabs(got.full.sum - wanted.full.sum) <= 1e-5 * wanted.full.sum);
    assert_true(fabs(got.kept.sum - wanted.kept.sum) <= 1e-5 * wanted.kept.sum);
    assert_int_equal(got.same_top, wanted.same_top);
}

static void losses_are_those_of_the_model(void **state) {
    (void)state;
    double nll[N - 1], sum = 0;
    const struct tiers_text got = compared(full, kept, 1, VERDICT_PASS);
    assert_int_equal(lm_nll(model, kept, ids + 1, N - 1, 1, nll), ST_OK);
    for (int t = 0; t + 1 < N; t++) {
        sum += nll[t];
    }
    assert_true(fabs(got.kept.sum - sum) <= 1e-5 * sum);
}

static void a_model_does_not_differ_from_itself(void **state) {
    (void)state;
    const struct tiers_text got = compared(full, full, 2, VERDICT_PASS);
    assert_true(got.kl == 0 && got.full.sum == got.kept.sum);
    assert_int_equal(got.same_top, N - 1);
}

static void direction_matters(void **state) {
    (void)state;
    const struct tiers_text there = compared(full, kept, 1, VERDICT_PASS),
                            back = compared(kept, full, 1, VERDICT_PASS);
    assert_false(fabs(there.kl - back.kl) <= 1e-3 * there.kl);
    assert_true(there.full.sum == back.kept.sum);
}

static void threads_change_no_bit(void **state) {
    (void)state;
    const struct tiers_text one = compared(full, kept, 1, VERDICT_PASS),
                            three = compared(full, kept, 3, VERDICT_PASS);
    assert_memory_equal(&one, &three, sizeof one);
}

/* NaN in the row that is judged. */
static void what_is_not_finite_fails(void **state) {
    (void)state;
    const float before = kept[0];
    kept[0] = NAN;
    const struct tiers_text got = compared(full, kept, 1, VERDICT_FAIL);
    kept[0] = before;
    assert_true(isnan(got.kl) && isnan(got.kept.sum) && isfinite(got.full.sum));
}

/* --- the group -------------------------------------------------------------------------------- */

static enum status plan(struct run *r) { return tiers_quality_part.plan(r); }

static const struct experiment planned_experiment = {.name = "quality", .plan = plan};

static struct run planned(enum profile profile) {
    struct run r = {.options = {.profile = profile, .experiment_count = 1}};
    r.options.experiments[0] = &planned_experiment;
    r.record = tree_new();
    assert_non_null(r.record);
    assert_int_equal(run_plan(&r), ST_OK);
    assert_int_equal(r.group_count, 1);
    return r;
}

static size_t cells_of(const struct group *g, const char *skip) {
    size_t count = 0;
    int64_t before = INT64_MAX;
    for (size_t i = 0; i < g->cell_count; i++) {
        if (strcmp(cell_param(&g->cells[i], "skip")->text, skip) == 0) {
            const int64_t kept_layers = cell_integer(&g->cells[i], "layers_kept", 0);
            assert_true(kept_layers >= 1 && kept_layers < before);
            before = kept_layers;
            count++;
        }
    }
    return count;
}

static void each_profile_leaves_out_early_and_late_layers(void **state) {
    (void)state;
    static const size_t early[] = {2, 5, 8}, late[] = {1, 5, 8};
    for (int profile = PROFILE_SMOKE; profile <= PROFILE_FULL; profile++) {
        struct run r = planned((enum profile)profile);
        const struct group *g = &r.groups[0]->group;
        assert_int_equal(cells_of(g, "none"), 1);
        assert_int_equal(cells_of(g, "early"), early[profile]);
        assert_int_equal(cells_of(g, "late"), late[profile]);
        run_free(&r);
    }
}

static void without_weights_every_cell_is_skipped(void **state) {
    (void)state;
    struct run r = planned(PROFILE_SMOKE);
    struct group *g = &r.groups[0]->group;
    const char *cache = getenv("ATTEST_CACHE");
    char *before = cache != NULL ? strdup(cache) : NULL;
    assert_int_equal(setenv("ATTEST_CACHE", "/nonexistent", 1), 0);
    assert_int_equal(tiers_quality_part.prepare(&r, g), ST_OK);
    assert_int_equal(before != NULL ? setenv("ATTEST_CACHE", before, 1) : unsetenv("ATTEST_CACHE"),
                     0);
    for (size_t i = 0; i < g->cell_count; i++) {
        assert_int_equal(g->cells[i].verdict, VERDICT_SKIP);
        assert_true(g->cells[i].reason[0] != '\0');
    }
    tiers_quality_part.release(g);
    free(before);
    run_free(&r);
}

/* The pinned model over its first text: all layers are the whole model, fewer are not. */
static void the_pinned_model_is_measured(void **state) {
    (void)state;
    struct run r = planned(PROFILE_SMOKE);
    struct group *g = &r.groups[0]->group;
    assert_int_equal(tiers_quality_part.prepare(&r, g), ST_OK);
    const bool here = g->cells[0].verdict != VERDICT_SKIP;
    for (size_t i = 0; i < 2 && here; i++) {
        struct cell *c = &g->cells[i];
        assert_int_equal(tiers_quality_part.check(&r, g, c), ST_OK);
        assert_int_equal(c->verdict, VERDICT_PASS);
        const double kl = cell_value(c, "kl_nats"), same = cell_value(c, "top1_agreement");
        assert_true(i == 0 ? kl == 0 && same == 1 && cell_value(c, "ppl_gap") == 0
                           : kl > 0 && same < 1 && cell_value(c, "ppl_gap") > 0);
    }
    tiers_quality_part.release(g);
    run_free(&r);
    if (!here) {
        print_message("the model is not there: run datasets/fetch-smollm2.sh\n");
        skip();
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_text_agrees_with_the_oracle),
        cmocka_unit_test(losses_are_those_of_the_model),
        cmocka_unit_test(a_model_does_not_differ_from_itself),
        cmocka_unit_test(direction_matters),
        cmocka_unit_test(threads_change_no_bit),
        cmocka_unit_test(what_is_not_finite_fails),
        cmocka_unit_test(each_profile_leaves_out_early_and_late_layers),
        cmocka_unit_test(without_weights_every_cell_is_skipped),
        cmocka_unit_test(the_pinned_model_is_measured),
    };
    return cmocka_run_group_tests_name("tiers_quality", tests, setup, teardown);
}
