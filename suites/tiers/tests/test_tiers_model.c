/* S004's printed numbers: which follow from its constants, to the digit, and what the others are.
 */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdlib.h>
#include <string.h>

#include "../../../harness/run/run.h"
#include "../tiers_fixtures.h"
#include "../tiers.h"
#include "../tiers_printed.h"
#include "../tiers_requests.h"

/* --- the group, checked ----------------------------------------------------------------------- */

/* A run of no registered experiment: the group is planned and checked by hand. */
static struct run run;
static struct group *group;

static enum status plan(struct run *r) { return tiers_model_part.plan(r); }

static const struct experiment planned = {.name = "model", .plan = plan};

static int setup(void **state) {
    (void)state;
    run.options.experiment_count = 1;
    run.options.experiments[0] = &planned;
    run.record = tree_new();
    if (run.record == NULL || run_plan(&run) != ST_OK || run.group_count != 1) {
        return -1;
    }
    group = &run.groups[0]->group;
    for (size_t i = 0; i < group->cell_count; i++) {
        if (tiers_model_part.check(&run, group, &group->cells[i]) != ST_OK) {
            return -1;
        }
    }
    return 0;
}

static int teardown(void **state) {
    (void)state;
    run_free(&run);
    return 0;
}

static bool text_is(const struct cell *c, const char *name, const char *wanted) {
    const struct param *p = cell_param(c, name);
    return wanted == NULL ? p == NULL : p != NULL && strcmp(p->text, wanted) == 0;
}

/* What a cell is found by; NULL, and tier -1: it has none. */
struct where {
    const char *table, *workload, *config, *attention;
    int64_t tier;
    const char *quantity, *by;
};

/* The only such cell; `by` NULL: any. */
static const struct cell *cell_of(const struct where *w) {
    const struct cell *found = NULL;
    for (size_t i = 0; i < group->cell_count; i++) {
        const struct cell *c = &group->cells[i];
        if (text_is(c, "table", w->table) && text_is(c, "workload", w->workload) &&
            text_is(c, "config", w->config) && text_is(c, "attention", w->attention) &&
            cell_integer(c, "tier", -1) == w->tier && text_is(c, "quantity", w->quantity) &&
            (w->by == NULL || text_is(c, "by", w->by))) {
            assert_null(found);
            found = c;
        }
    }
    if (found == NULL) {
        fail_msg("no cell: %s %s %s", w->table, w->quantity, w->by);
    }
    return found;
}

/* --- every cell ------------------------------------------------------------------------------- */

static void every_cell_agrees_with_the_oracle(void **state) {
    (void)state;
    assert_true(group->cell_count > 100);
    for (size_t i = 0; i < group->cell_count; i++) {
        const struct cell *c = &group->cells[i];
        if (c->verdict != VERDICT_PASS) {
            fail_msg("%s: %s", cell_param(c, "quantity")->text, c->reason);
        }
    }
}

static void no_two_cells_are_one(void **state) {
    (void)state;
    for (size_t i = 0; i < group->cell_count; i++) {
        for (size_t j = 0; j < i; j++) {
            assert_string_not_equal(group->cells[i].id, group->cells[j].id);
        }
    }
}

/* A law that does not give what its oracle gives is refused. */
static double off(const struct tiers_row *r) {
    return tiers_row_lists[0]->law->computed(r) * (1 + 1e-9);
}

static void a_wrong_formula_is_refused(void **state) {
    (void)state;
    const struct tiers_law wrong = {"term", "nothing", "share", off,
                                    tiers_row_lists[0]->law->oracle};
    struct tiers_row row = *tiers_row_lists[0];
    struct cell c = {.state = &row};
    row.law = &wrong;
    assert_int_equal(tiers_model_part.check(&run, NULL, &c), ST_OK);
    assert_int_equal(c.verdict, VERDICT_FAIL);
    cell_free(&c);
}

/* --- what is printed -------------------------------------------------------------------------- */

static bool same(double a, double b, double tolerance) {
    return isnan(a) || isnan(b) ? isnan(a) && isnan(b) : fabs(a - b) <= tolerance;
}

/* NaN: there is none. */
static void check(const struct where *w, double computed, double matches) {
    const struct cell *c = cell_of(w);
    const double got = cell_value(c, "computed"), follows = cell_value(c, "matches");
    if (!same(got, computed, 5e-6 * fabs(computed)) || !same(follows, matches, 0)) {
        fail_msg("%s %s: computed %.9g, not %.9g; matches %g", w->table, w->quantity, got, computed,
                 follows);
    }
}

/* Mean latency and speed-up follow in all eight models; ranges hold two of the eight speed-ups. */
static void workloads(void **state) {
    (void)state;
    static const struct {
        const char *name;
        double mean, speedup, sparse_mean, sparse_speedup, dense_in, sparse_in;
    } printed[] = {
        {"streaming", 0.177, 5.64972, 0.092, 10.86957, 0, 1},
        {"interactive", 0.344, 2.90698, 0.174, 5.74713, 0, 1},
        {"continuous", 0.576, 1.73611, 0.2885, 3.46620, 0, 0},
        {"safety", 0.7555, 1.32363, 0.378, 2.64550, 0, 0},
    };
    for (size_t i = 0; i < 4; i++) {
        struct where w = {"workloads", printed[i].name, NULL, "dense", -1, "mean latency", NULL};
        check(&w, printed[i].mean, 1);
        w.quantity = "speed-up";
        check(&w, printed[i].speedup, 1);
        w.quantity = "expected speed-up";
        check(&w, printed[i].speedup, printed[i].dense_in);
        w.attention = "2x a tier";
        check(&w, printed[i].sparse_speedup, printed[i].sparse_in);
        w.quantity = "speed-up";
        check(&w, printed[i].sparse_speedup, 1);
        w.quantity = "mean latency";
        check(&w, printed[i].sparse_mean, 1);
    }
}

/* A window of 16 at 64 tokens saves 1.031 of a layer. */
static void sparse_attention_by_operations(void **state) {
    (void)state;
    const struct where w = {"workloads", "streaming", NULL, "by operations", -1, "speed-up", NULL};
    check(&w, 1 / (0.007 + 0.17 / (6400.0 / 6208)), 0);
}

static void percentiles(void **state) {
    (void)state;
    struct where w = {"p99", "interactive", NULL, NULL, -1, "p99", NULL};
    check(&w, 0.368, 1);
    w.quantity = "p99 of the worst case";
    w.by = "shares x p99 of tiers";
    check(&w, 36.8, 1);
    w.by = "99th of 100 requests";
    check(&w, 100, 0);
    w.workload = "streaming";
    check(&w, 100, NAN);
}

static void reductions_of_p99(void **state) {
    (void)state;
    struct where w = {"p99",           "interactive",          NULL, NULL, -1,
                      "p99 reduction", "shares x p99 of tiers"};
    check(&w, 63.2, 1);
    w.by = "99th of 100 requests";
    static const char *const names[] = {"streaming", "interactive", "continuous", "safety"};
    for (size_t i = 0; i < 4; i++) {
        w.workload = names[i];
        check(&w, 0, 0);
    }
}

static void constants_of_tiers(void **state) {
    (void)state;
    struct where w = {"constants", NULL, "micro", NULL, 1, "latency of tier 0's", NULL};
    check(&w, 37.6471, 0);
    w.config = "baseline";
    check(&w, 33.8235, 0);
    w.tier = 3;
    check(&w, 0.529412, 1);
    w.config = NULL;
    w.tier = 2;
    check(&w, NAN, NAN);
}

static void results(void **state) {
    (void)state;
    static const struct {
        const char *config;
        int64_t tier;
        double rate, speedup, bytes, power;
    } printed[] = {
        {"micro", 0, 1176.47, 1, 208250, 1.41176},
        {"micro", 1, 3125, 2.65625, 40000, 1.5625},
        {"micro", 3, 83333.3, 70.8333, 24, 1.66667},
        {"baseline", 0, 294.118, 1, 3332000, 1.5},
        {"baseline", 1, 869.565, 2.95652, 517500, 1.56522},
        {"baseline", 3, 55555.6, 188.889, 54, 1.66667},
    };
    for (size_t i = 0; i < 6; i++) {
        struct where w = {"results", NULL, printed[i].config, NULL, printed[i].tier, NULL, NULL};
        w.quantity = "calls a second";
        check(&w, printed[i].rate, 1);
        w.quantity = "speed-up";
        check(&w, printed[i].speedup, 1);
        w.quantity = "bytes a call";
        check(&w, printed[i].bytes, NAN);
        w.quantity = "average power";
        check(&w, printed[i].power, NAN);
    }
}

/* The means do not follow; what is taken from the printed means does, and so do the percentiles. */
static void mixed(void **state) {
    (void)state;
    static const char tiers[] = "latencies of its tiers", mean[] = "the printed mean";
    check(&(struct where){"mixed", "interactive", "micro", NULL, -1, "mean latency", tiers}, 302.8,
          0);
    check(&(struct where){"mixed", "interactive", "micro", NULL, -1, "speed-up", tiers}, 2.80713,
          0);
    check(&(struct where){"mixed", "interactive", "micro", NULL, -1, "speed-up", mean}, 2.30978, 1);
    check(&(struct where){"mixed", "interactive", "micro", NULL, -1, "p50 latency", tiers}, 320, 1);
    check(&(struct where){"mixed", "interactive", "micro", NULL, -1, "p99 latency", tiers}, 850, 1);
    check(&(struct where){"mixed", "interactive", "micro", NULL, -1, "calls a second", tiers},
          3302.51, 0);
    check(&(struct where){"mixed", "interactive", "micro", NULL, -1, "calls a second", mean},
          2717.39, 1);
    check(&(struct where){"mixed", "interactive", "baseline", NULL, -1, "mean latency", tiers},
          1147.2, 0);
    check(&(struct where){"mixed", "interactive", "baseline", NULL, -1, "speed-up", tiers}, 2.96374,
          0);
    check(&(struct where){"mixed", "interactive", "baseline", NULL, -1, "speed-up", mean}, 2.74637,
          1);
    check(&(struct where){"mixed", "interactive", "baseline", NULL, -1, "p99 latency", tiers}, 3400,
          1);
}

static void traffic_of_workloads(void **state) {
    (void)state;
    static const struct {
        const char *name;
        double layers, sequence, micro, baseline, in_layers, in_sequence, in_micro, in_baseline,
            summary;
    } printed[] = {
        {"streaming", 80, 85, 86.1505, 86.8926, 1, 0, 0, 0, 1},
        {"interactive", 60, 70, 72.3121, 73.7869, 1, 0, 0, 0, 0},
        {"continuous", 35, 47.5, 50.3948, 52.2342, 1, 1, 0, 0, 0},
        {"safety", 20, 27.5, 29.2371, 30.3406, 1, 1, 1, 0, 0},
    };
    for (size_t i = 0; i < 4; i++) {
        struct where w = {"traffic", printed[i].name, NULL, NULL, -1, "less traffic", "layers"};
        check(&w, printed[i].layers, printed[i].in_layers);
        w.by = "layers x tokens";
        check(&w, printed[i].sequence, printed[i].in_sequence);
        w.by = NULL;
        w.config = "micro";
        check(&w, printed[i].micro, printed[i].in_micro);
        w.config = "baseline";
        check(&w, printed[i].baseline, printed[i].in_baseline);
        w.config = NULL;
        w.quantity = "less traffic, summary";
        check(&w, printed[i].layers, printed[i].summary);
    }
}

static void traffic_of_tiers(void **state) {
    (void)state;
    struct where w = {"traffic", NULL, NULL, NULL, 1, "fewer reads", "layers"};
    check(&w, 50, 1);
    w.by = "layers x tokens";
    check(&w, 75, 0);
    w = (struct where){"traffic", NULL, "micro", NULL, 1, "less traffic", "MB/s of its table"};
    check(&w, 48.9796, 0);
    w.by = "bytes a call of its table";
    check(&w, 80.7923, 0);
    w.quantity = "traffic left";
    w.tier = 3;
    check(&w, 0.0115246, 1);
}

/* --- what is measured ------------------------------------------------------------------------- */

static void measured_workloads_are_the_printed_ones(void **state) {
    (void)state;
    for (size_t i = 0; i < TIERS_MIXES; i++) {
        const struct tiers_workload *w = tiers_workload_find(tiers_mixes[i].workload);
        assert_non_null(w);
        for (int tier = 0; tier < TIERS; tier++) {
            assert_true(fabs(100 * w->share[tier] - tiers_mixes[i].percent[tier]) < 1e-9);
        }
    }
    for (size_t i = 0; i < TIERS_RESULTS; i++) {
        assert_non_null(tiers_config_find(tiers_results[i].config));
    }
}

/* --- fixtures --------------------------------------------------------------------------------- */

static void fixtures_hold(void **state) {
    (void)state;
    for (const struct fixture *f = tiers_fixtures; f->name != NULL; f++) {
        enum verdict v;
        char reason[CELL_REASON];
        assert_int_equal(fixture_check(f, &v, reason, sizeof reason), ST_OK);
        if (v != VERDICT_PASS) {
            fail_msg("%s: %s", f->name, reason);
        }
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_cell_agrees_with_the_oracle),
        cmocka_unit_test(no_two_cells_are_one),
        cmocka_unit_test(a_wrong_formula_is_refused),
        cmocka_unit_test(workloads),
        cmocka_unit_test(sparse_attention_by_operations),
        cmocka_unit_test(percentiles),
        cmocka_unit_test(reductions_of_p99),
        cmocka_unit_test(constants_of_tiers),
        cmocka_unit_test(results),
        cmocka_unit_test(mixed),
        cmocka_unit_test(traffic_of_workloads),
        cmocka_unit_test(traffic_of_tiers),
        cmocka_unit_test(measured_workloads_are_the_printed_ones),
        cmocka_unit_test(fixtures_hold),
    };
    return cmocka_run_group_tests_name("tiers_model", tests, setup, teardown);
}
