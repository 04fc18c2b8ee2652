/* The crossover experiment: its plan, what its judge refuses, and where costs cross. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../../../harness/run/run.h"
#include "../crossover.h"
#include "../crossover_metrics.h"

static const struct experiment *experiment;

static int setup(void **state) {
    (void)state;
    progress_start(true, PROGRESS_NEVER);
    experiment = experiment_find("crossover");
    return experiment != NULL ? 0 : -1;
}

static struct run planned(enum profile profile, const char *filter) {
    struct run r = {.options = {.profile = profile, .experiment_count = 1, .filter = filter}};
    r.options.experiments[0] = experiment;
    r.record = tree_new();
    assert_non_null(r.record);
    assert_int_equal(run_plan(&r), ST_OK);
    return r;
}

/* The group of a name; NULL: it is not planned. */
static struct group *group_of(const struct run *r, const char *name) {
    for (size_t i = 0; i < r->group_count; i++) {
        if (strcmp(r->groups[i]->group.name, name) == 0) {
            return &r->groups[i]->group;
        }
    }
    return NULL;
}

/* --- plan ------------------------------------------------------------------------------------- */

static void each_group_is_timed_beside_full_attention(void **state) {
    (void)state;
    for (int profile = PROFILE_SMOKE; profile <= PROFILE_FULL; profile++) {
        struct run r = planned((enum profile)profile, NULL);
        size_t cells = 0, timed = 0;
        for (size_t i = 0; i < r.group_count; i++) {
            const struct group *g = &r.groups[i]->group;
            cells += g->cell_count;
            timed += g->rounds > 0;
            if (g->rounds > 0) {
                assert_true(g->rounds >= 30 && g->rounds <= CROSSOVER_ROUNDS);
                assert_string_equal(g->cells[0].arm, "read");
                assert_string_equal(g->cells[g->control].arm, "full");
            }
        }
        assert_true(timed >= 3 && cells <= 1200);
        run_free(&r);
    }
}

static size_t crossings_in(const struct run *r) { return group_of(r, "crossings")->cell_count; }

/* Four pairs, by counts and by time, for each kind of data that has groups. */
static void each_kind_of_data_has_its_crossings(void **state) {
    (void)state;
    struct run smoke = planned(PROFILE_SMOKE, NULL), full = planned(PROFILE_FULL, NULL);
    assert_int_equal(crossings_in(&smoke), 2 * 8);
    assert_int_equal(crossings_in(&full), 6 * 8);
    run_free(&smoke);
    run_free(&full);
}

/* --- a group ---------------------------------------------------------------------------------- */

static const char small[] = "planted-128-1-4000";
static const char few[] =
    "data=planted/d=128/kv_heads=1/context=4000/dtype=f32(/k=64|/m=16/ef=64|$)";

static struct cell *cell_of(struct group *g, enum crossover_method method) {
    for (size_t i = 0; i < g->cell_count; i++) {
        if (crossover_method_of(&g->cells[i]) == method) {
            return &g->cells[i];
        }
    }
    fail();
    return NULL;
}

static double value_of(const struct cell *c, const char *name) {
    const struct metric *m = cell_metric_find(c, name);
    return m != NULL && m->has_value ? m->value : NAN;
}

static void check_all(struct run *r, struct group *g) {
    for (size_t i = 0; i < g->cell_count; i++) {
        assert_int_equal(experiment->check(r, g, &g->cells[i]), ST_OK);
        if (g->cells[i].verdict > VERDICT_MARGINAL) {
            fail_msg("%s %s: %s", g->cells[i].arm, g->cells[i].kernel, g->cells[i].reason);
        }
    }
}

static enum verdict judged(struct crossover_group *s, const struct crossover_arm *a) {
    struct judge j;
    judge_begin(&j);
    assert_int_equal(crossover_judge_step(s, a, 0, 0, &j), ST_OK);
    judge_end(&j);
    return j.verdict;
}

/* Of what a step chose, the first row or page is given up for one behind it that was not. */
static void choose_worse(struct crossover_group *s, int64_t unit) {
    int32_t *chosen = s->space.chosen;
    const int64_t count = s->space.count[0];
    int64_t at = 0;
    while (at + unit < count && chosen[at + unit] == chosen[at] + unit) {
        at += unit;
    }
    assert_true(at + unit < count);
    for (int64_t i = at; i < at + unit; i++) {
        chosen[i] += (int32_t)unit;
    }
}

static void judge_refuses(struct crossover_group *s, struct crossover_arm *a, int64_t unit) {
    double stage[CROSSOVER_STAGES] = {0};
    assert_int_equal(crossover_step(s, a, 0, stage, NULL), ST_OK);
    assert_int_not_equal(judged(s, a), VERDICT_FAIL);
    choose_worse(s, unit);
    assert_int_equal(judged(s, a), VERDICT_FAIL);
}

static const struct graph_impl *real;

/* Counts one evaluation that it does not make. */
static int64_t miscounting(const void *index, const float *query, int64_t k, int32_t ef,
                           int32_t *ids, float *scores, struct graph_counts *counts) {
    if (counts != NULL) {
        counts->evaluations++;
    }
    return real->search(index, query, k, ef, ids, scores, counts);
}

/* Searches with other candidates while it counts. */
static int64_t searching_otherwise(const void *index, const float *query, int64_t k, int32_t ef,
                                   int32_t *ids, float *scores, struct graph_counts *counts) {
    return real->search(index, query, counts != NULL ? k - 1 : k, counts != NULL ? ef - 1 : ef, ids,
                        scores, counts);
}

/* The verdict on the flat search's cell with its search replaced. */
static void search_is_refused(struct crossover_group *s, struct group *g,
                              int64_t (*search)(const void *, const float *, int64_t, int32_t,
                                                int32_t *, float *, struct graph_counts *),
                              const char *reason) {
    struct cell *c = cell_of(g, CROSSOVER_HNSW);
    struct crossover_arm *a = c->state;
    const struct kernel *kernel = a->kernel;
    real = kernel->impl;
    struct graph_impl other = *real;
    struct kernel replaced = *kernel;
    other.search = search;
    replaced.impl = &other;
    struct crossover_graph graph = *a->graph;
    const struct crossover_graph *built = a->graph;
    graph.kernel = a->kernel = &replaced;
    a->graph = &graph;
    c->metric_count = 0;
    assert_int_equal(crossover_check_arm(s, c), ST_OK);
    assert_int_equal(c->verdict, VERDICT_FAIL);
    assert_non_null(strstr(c->reason, reason));
    a->kernel = kernel;
    a->graph = built;
}

static void a_timed_step_must_choose_what_was_checked(struct group *g) {
    struct cell *c = cell_of(g, CROSSOVER_TOPK);
    struct crossover_arm *a = c->state;
    for (size_t i = 0; i < g->cell_count; i++) {
        assert_true(experiment->time(g, &g->cells[i], 0) >= 0);
    }
    assert_int_equal(a->other_answers, 0);
    a->answers[1] ^= 1;
    experiment->time(g, c, 0);
    assert_int_equal(a->other_answers, 1);
    assert_true(a->stage[CROSSOVER_ESTIMATE][0] > 0 && isnan(a->stage[CROSSOVER_GATHER][0]));
}

static void a_group_is_checked_and_timed(void **state) {
    (void)state;
    struct run r = planned(PROFILE_SMOKE, few);
    struct group *g = group_of(&r, small);
    assert_non_null(g);
    assert_int_equal(experiment->prepare(&r, g), ST_OK);
    check_all(&r, g);
    struct crossover_group *s = g->state;
    judge_refuses(s, cell_of(g, CROSSOVER_TOPK)->state, 1);
    judge_refuses(s, cell_of(g, CROSSOVER_QUEST)->state, s->page);
    a_timed_step_must_choose_what_was_checked(g);
    const struct cell *full = cell_of(g, CROSSOVER_FULL), *topk = cell_of(g, CROSSOVER_TOPK);
    assert_float_equal(value_of(full, "mass_share"), 1, 1e-12);
    assert_float_equal(value_of(full, "macs"), 2.0 * 4000 * 128, 0);
    assert_float_equal(value_of(topk, "macs"), (4000.0 + 2 * 64) * 128, 0);
    assert_float_equal(value_of(topk, "recall_at_k"), 1, 0.01);
    assert_true(value_of(cell_of(g, CROSSOVER_HNSW), "evaluations") > 64);
    search_is_refused(s, g, miscounting, "evaluations and");
    search_is_refused(s, g, searching_otherwise, "counting, it finds other keys");
    experiment->release(g);
    run_free(&r);
}

/* --- keys in narrower formats ----------------------------------------------------------------- */

/* Below, float32 alone; from there on each K in every format. */
static void many_keys_are_scored_in_every_format(void **state) {
    (void)state;
    for (int profile = PROFILE_SMOKE; profile <= PROFILE_FULL; profile++) {
        struct run r = planned((enum profile)profile, NULL);
        size_t cells[CROSSOVER_FORMATS] = {0}, many = 0;
        for (size_t i = 0; i < r.group_count; i++) {
            const struct group *g = &r.groups[i]->group;
            for (size_t j = 0; j < g->cell_count; j++) {
                const struct cell *c = &g->cells[j];
                const enum scores_format format = crossover_format_of(c);
                const bool from = cell_integer(c, "context", 0) >= CROSSOVER_NARROW_FROM;
                const bool topk = crossover_method_of(c) == CROSSOVER_TOPK;
                assert_true(format == SCORES_F32 || (topk && from));
                cells[format] += topk && from;
                many += topk && from;
            }
        }
        assert_true(many > 0);
        assert_int_equal(cells[SCORES_F16], cells[SCORES_F32]);
        assert_int_equal(cells[SCORES_INT8], cells[SCORES_F32]);
        run_free(&r);
    }
}

static struct cell *topk_of(struct group *g, enum scores_format format) {
    for (size_t i = 0; i < g->cell_count; i++) {
        struct cell *c = &g->cells[i];
        if (crossover_method_of(c) == CROSSOVER_TOPK && crossover_format_of(c) == format) {
            return c;
        }
    }
    fail();
    return NULL;
}

static const struct scores_impl *right;

/* One score of many is off by a thousandth of their scale. */
static void one_wrong_score(const struct scores_call *call, float *scores) {
    right->run(call, scores);
    float most = 0;
    for (int64_t i = 0; i < call->n; i++) {
        most = fmaxf(most, fabsf(scores[i]));
    }
    scores[call->n - 1] -= most / 1000;
}

static void scores_are_refused(struct crossover_group *s, struct crossover_arm *a) {
    double stage[CROSSOVER_STAGES] = {0};
    right = a->scores;
    const struct scores_impl wrong = {right->format, one_wrong_score};
    assert_int_equal(crossover_step(s, a, 0, stage, NULL), ST_OK);
    a->scores = &wrong;
    assert_int_equal(judged(s, a), VERDICT_FAIL);
    a->scores = right;
}

/* Timed in every round, as the run loop does. */
static void time_all(struct run *r, struct group *g) {
    for (int round = 0; round < CROSSOVER_ROUNDS; round++) {
        for (size_t i = 0; i < g->cell_count; i++) {
            struct cell *c = &g->cells[i];
            assert_true(cell_sample(c, experiment->time(g, c, round), round));
        }
    }
    assert_int_equal(experiment->summarise(r, g), ST_OK);
}

static void narrow_keys_are_judged_in_their_format(void **state) {
    static const int key_bytes[CROSSOVER_FORMATS] = {512, 256, 128 + 4};
    (void)state;
    struct run r = planned(PROFILE_SMOKE, "kv_heads=1/context=16000/dtype=[a-z0-9]+(/k=64|)$");
    struct group *g = group_of(&r, "planted-128-1-16000");
    assert_non_null(g);
    assert_int_equal(experiment->prepare(&r, g), ST_OK);
    check_all(&r, g);
    time_all(&r, g);
    for (int format = SCORES_F32; format < CROSSOVER_FORMATS; format++) {
        const struct cell *c = topk_of(g, (enum scores_format)format);
        const bool wide = format == SCORES_F32;
        judge_refuses(g->state, c->state, 1);
        scores_are_refused(g->state, c->state);
        assert_true(value_of(c, "bytes_touched") == 16000 * key_bytes[format] + 64 * 1024);
        assert_true(value_of(c, "mass_share") > 0.95);
        assert_true(value_of(c, "bandwidth_share") > 0);
        assert_true(wide ? isnan(value_of(c, "time_ratio")) : value_of(c, "time_ratio") > 0);
        assert_true(wide ? value_of(c, "cheapest") == 1 : isnan(value_of(c, "cheapest")));
    }
    experiment->release(g);
    run_free(&r);
}

enum { NARROW_HEADS = 3, NARROW_N = 50, NARROW_D = 16 };

static struct crossover_group gaussian_group(void) {
    struct crossover_group s = {0};
    const struct crossover_plan plan = {.kind = CROSSOVER_GAUSSIAN,
                                        .n = NARROW_N,
                                        .d = NARROW_D,
                                        .heads = NARROW_HEADS,
                                        .queries = 1,
                                        .seed = 3};
    assert_int_equal(crossover_data_new(&plan, 1, &s.data), ST_OK);
    return s;
}

static void assert_near_float32(const struct crossover_group *s, const struct crossover_arm *a,
                                int32_t head) {
    const struct scores_call call = crossover_scores_call(s, a, 0, head);
    const struct scores_call wide = {
        .q = call.q, .k = crossover_keys_of(&s->data, head), .n = NARROW_N, .d = NARROW_D};
    float got[NARROW_N], want[NARROW_N];
    a->scores->run(&call, got);
    scores_best(SCORES_F32)->run(&wide, want);
    for (int i = 0; i < NARROW_N; i++) {
        assert_float_equal(got[i], want[i], 0.05);
    }
}

static void narrow_keys_are_those_of_their_head(void **state) {
    (void)state;
    struct cell cells[2] = {{.param_count = 0}};
    const struct group g = {.cells = cells, .cell_count = 2};
    struct crossover_group s = gaussian_group();
    cell_param_text(&cells[0], "dtype", "f16");
    cell_param_text(&cells[1], "dtype", "int8");
    assert_int_equal(crossover_keys_make(&s, &g), ST_OK);
    assert_true(crossover_narrow_bytes(&g, NARROW_D) == 2 * NARROW_D + NARROW_D + 4);
    for (int format = SCORES_F32; format < CROSSOVER_FORMATS; format++) {
        const struct crossover_arm a = {.scores = scores_best((enum scores_format)format)};
        for (int32_t head = 0; head < NARROW_HEADS; head++) {
            assert_near_float32(&s, &a, head);
        }
    }
    crossover_keys_free(&s);
    crossover_data_free(&s.data);
}

static void a_key_that_does_not_fit_is_refused(void **state) {
    static const struct {
        const char *dtype;
        float value;
    } cases[] = {{"f16", 1e5F}, {"int8", 1e9F}};
    (void)state;
    for (size_t i = 0; i < 2; i++) {
        struct cell c = {.param_count = 0};
        const struct group g = {.cells = &c, .cell_count = 1};
        struct crossover_group s = gaussian_group();
        cell_param_text(&c, "dtype", cases[i].dtype);
        s.data.k[NARROW_N] = cases[i].value;
        assert_int_equal(crossover_keys_make(&s, &g), ST_INPUT);
        crossover_keys_free(&s);
        crossover_data_free(&s.data);
    }
}

static void too_large_for_memory_is_skipped(void **state) {
    (void)state;
    struct run r = planned(PROFILE_SMOKE, few);
    struct group *g = group_of(&r, small);
    for (size_t i = 0; i < g->cells[0].param_count; i++) {
        struct param *p = &g->cells[0].params[i];
        p->integer = strcmp(p->name, "context") == 0 ? 2000000000 : p->integer;
    }
    assert_int_equal(experiment->prepare(&r, g), ST_OK);
    for (size_t i = 0; i < g->cell_count; i++) {
        assert_int_equal(g->cells[i].verdict, VERDICT_SKIP);
        assert_non_null(strstr(g->cells[i].reason, "GiB of memory are needed"));
    }
    assert_int_equal(experiment->summarise(&r, g), ST_OK);
    experiment->release(g);
    run_free(&r);
}

/* --- crossings -------------------------------------------------------------------------------- */

static void assert_crossing(const double *first, const double *second,
                            enum crossover_crossing_kind kind, double from, double to) {
    static const double n[] = {1000, 2000, 4000};
    const struct crossover_crossing x = crossover_crossing_of(n, first, second, 3);
    assert_int_equal(x.kind, kind);
    assert_true(isnan(x.n) == (kind != CROSSOVER_CROSSES));
    assert_true(isnan(from) ? isnan(x.from) : x.from == from);
    assert_true(isnan(to) ? isnan(x.to) : x.to == to);
}

static void a_crossing_is_found_or_named(void **state) {
    (void)state;
    const double none[] = {NAN, NAN, NAN}, falls[] = {2, 1.5, 0.5}, high[] = {3, 2, 1.1},
                 low[] = {0.5, 1, 0.9}, returns[] = {0.5, 0.5, 2}, one[] = {1, 1, 1},
                 late[] = {NAN, 1, 1};
    assert_crossing(falls, one, CROSSOVER_CROSSES, 1000, 4000);
    assert_crossing(high, one, CROSSOVER_NEVER, 1000, 4000);
    assert_crossing(low, one, CROSSOVER_ALWAYS, 1000, 4000);
    assert_crossing(returns, one, CROSSOVER_NEVER, 1000, 4000);
    assert_crossing(high, late, CROSSOVER_NEVER, 2000, 4000);
    assert_crossing(none, one, CROSSOVER_UNMEASURED, NAN, NAN);
}

/* As if the arm's first cell kept all, and all its others nothing. */
static void pretend(struct group *g, enum crossover_method method, double macs, double us) {
    struct cell *c = cell_of(g, method);
    cell_metric(c, "mass_share", "share", true, 1, 1);
    cell_metric(c, "output_cosine", "share", true, 1, 1);
    cell_metric(c, "macs", "macs", true, macs, 1);
    cell_metric(c, "time_us_p50", "us", false, us, 30);
    for (int round = 0; round < CROSSOVER_ROUNDS; round++) {
        assert_true(cell_sample(c, us * (1 + round % 3), round));
    }
}

static struct cell *crossing_of(const struct run *r, const char *pair, const char *by) {
    struct group *g = group_of(r, "crossings");
    for (size_t i = 0; i < g->cell_count; i++) {
        struct cell *c = &g->cells[i];
        if (strcmp(cell_string(c, "data"), "planted") == 0 &&
            strcmp(cell_string(c, "pair"), pair) == 0 && strcmp(cell_string(c, "by"), by) == 0) {
            assert_int_equal(experiment->check((struct run *)(uintptr_t)r, g, c), ST_OK);
            return c;
        }
    }
    fail();
    return NULL;
}

/* Counts cross where 2 becomes 1/2 between 4000 and 16000: at 8000; times do not. */
static void crossings_come_from_the_cheapest_cells(void **state) {
    (void)state;
    struct run r = planned(PROFILE_SMOKE, NULL);
    struct group *first = group_of(&r, small), *second = group_of(&r, "planted-128-1-16000");
    pretend(first, CROSSOVER_HNSW, 200, 9);
    pretend(first, CROSSOVER_FULL, 100, 3);
    pretend(second, CROSSOVER_HNSW, 100, 8);
    pretend(second, CROSSOVER_FULL, 200, 4);
    const struct cell *c = crossing_of(&r, "hnsw / full", "counts");
    assert_float_equal(value_of(c, "crossover_n"), 8000, 1e-6);
    assert_int_equal(c->verdict, VERDICT_PASS);
    c = crossing_of(&r, "hnsw / full", "time");
    assert_true(isnan(value_of(c, "crossover_timed_n")));
    assert_float_equal(value_of(c, "time_ratio"), 0.5, 1e-12);
    c = crossing_of(&r, "quest / full", "counts");
    assert_true(isnan(value_of(c, "crossover_n")));
    assert_int_equal(c->verdict, VERDICT_MARGINAL);
    assert_non_null(strstr(c->reason, "no N was measured"));
    c = crossing_of(&r, "hnsw / quest", "counts");
    assert_float_equal(value_of(c, "crossover_model_n"), 297937, 0);
    run_free(&r);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_group_is_timed_beside_full_attention),
        cmocka_unit_test(each_kind_of_data_has_its_crossings),
        cmocka_unit_test(a_group_is_checked_and_timed),
        cmocka_unit_test(many_keys_are_scored_in_every_format),
        cmocka_unit_test(narrow_keys_are_judged_in_their_format),
        cmocka_unit_test(narrow_keys_are_those_of_their_head),
        cmocka_unit_test(a_key_that_does_not_fit_is_refused),
        cmocka_unit_test(too_large_for_memory_is_skipped),
        cmocka_unit_test(a_crossing_is_found_or_named),
        cmocka_unit_test(crossings_come_from_the_cheapest_cells),
    };
    return cmocka_run_group_tests(tests, setup, NULL);
}
