/* The self-check over registries of its own: what is wrong on purpose here must fail it. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <fcntl.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "../record/cells_tree.h"
#include "../cli/commands.h"
#include "../judge/operation.h"
#include "../record/record.h"
#include "../run/run.h"
#include "../run/selfcheck.h"

/* --- an operation whose verification sees nothing --------------------------------------------- */

static enum status accept_all(const struct kernel *k, size_t index, struct verification *v) {
    (void)k;
    (void)index;
    (void)v;
    return ST_OK;
}

static enum status cannot_verify(const struct kernel *k, size_t index, struct verification *v) {
    (void)index;
    (void)v;
    return status_set(ST_SYSTEM, "no room for %s", k->name);
}

static const struct mutant unseen[] = {
    {"zero", MUTANT_ZERO, "", {.name = "mutant/zero", .operation = "blind"}},
    {.name = NULL},
};

static const struct mutant_absence excused_twice[] = {
    {MUTANT_ZERO, "", "there is one, though"},
    {.reason = NULL},
};

static const struct operation blind = {"blind", {""}, 1, accept_all, unseen, NULL};
static const struct operation broken = {"broken", {""}, 1, cannot_verify, unseen, excused_twice};

const struct operation *const operations[] = {&blind, &broken, NULL};

/* --- kernels: a run measures the machine with three ------------------------------------------- */

extern const struct kernel kernel_fma_peak_scalar, kernel_int8_peak_scalar,
    kernel_stream_read_scalar;

const struct kernel *const kernels[] = {&kernel_fma_peak_scalar, &kernel_int8_peak_scalar,
                                        &kernel_stream_read_scalar, NULL};

/* --- an experiment with good and bad metrics -------------------------------------------------- */

static const struct metric_info metrics[] = {
    {"good", "share", true, "right, and told apart"},
    {"wrong", "share", true, "computed wrongly"},
    {"uncovered", "s", false, "without a fixture"},
    {NULL, NULL, false, NULL},
};

static enum status right(struct fixture_values *v) {
    *v = (struct fixture_values){0.5, 0.5, 0, 1e-9};
    return ST_OK;
}

static enum status no_data(struct fixture_values *v) {
    *v = (struct fixture_values){NAN, NAN, 0, 0};
    return ST_OK;
}

static enum status wrong_value(struct fixture_values *v) {
    *v = (struct fixture_values){0.6, 0.5, 0, 0.05};
    return ST_OK;
}

static enum status zero_for_no_data(struct fixture_values *v) {
    *v = (struct fixture_values){0, NAN, 0, 1};
    return ST_OK;
}

static enum status indistinct(struct fixture_values *v) {
    *v = (struct fixture_values){0.5, 0.5, 0.55, 0.1};
    return ST_OK;
}

static enum status no_memory(struct fixture_values *v) {
    (void)v;
    return status_set(ST_SYSTEM, "no memory here");
}

static const struct fixture fixtures[] = {
    {"right", {"good"}, "zero", right},
    {"no-data", {"good"}, "zero", no_data},
    {"wrong", {"wrong"}, "zero", wrong_value},
    {"zero-for-no-data", {"wrong"}, "zero", zero_for_no_data},
    {"indistinct", {"good", "wrong"}, "a tenth more", indistinct},
    {"not-run", {"good"}, "zero", no_memory},
    {"stranger", {"good", "nobody"}, "zero", right},
    {.name = NULL},
};

static const char *added_metric, *added_unit;
static bool added_output;

static enum status plan(struct run *run) {
    struct group *g = run_group(run, "only", 0);
    return g != NULL && group_cell(run, g, "arm", "") != NULL ? ST_OK : ST_SYSTEM;
}

static enum status check(struct run *run, struct group *g, struct cell *c) {
    (void)run;
    (void)g;
    cell_metric(c, added_metric, added_unit, added_output, 1, 1);
    return ST_OK;
}

static const struct experiment sample = {
    .name = "sample",
    .title = "a sample",
    .source = "none",
    .metrics = metrics,
    .fixtures = fixtures,
    .plan = plan,
    .check = check,
};

const struct experiment *const experiments[] = {&sample, &experiment_selfcheck, NULL};

const struct experiment *experiment_find(const char *name) {
    for (size_t i = 0; experiments[i] != NULL; i++) {
        if (strcmp(experiments[i]->name, name) == 0) {
            return experiments[i];
        }
    }
    return NULL;
}

/* --- tests ------------------------------------------------------------------------------------ */

static char folder[256], record[300], printed[300];

/* Runs a command with stdout and stderr in a file. */
static enum status quietly(enum status (*command)(int, char **), int argc, char **argv) {
    fflush(stdout);
    int out = dup(STDOUT_FILENO), err = dup(STDERR_FILENO);
    int file = open(printed, O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
    assert_true(out >= 0 && err >= 0 && file >= 0);
    dup2(file, STDOUT_FILENO);
    dup2(file, STDERR_FILENO);
    enum status st = command(argc, argv);
    fflush(stdout);
    dup2(out, STDOUT_FILENO);
    dup2(err, STDERR_FILENO);
    close(out);
    close(err);
    close(file);
    return st;
}

static struct cell *lines;
static size_t line_count;

static void read_lines(void) {
    struct tree *root = NULL;
    cells_free(lines, line_count);
    assert_int_equal(record_read(record, &root, NULL), ST_OK);
    assert_int_equal(cells_from_tree(root, &lines, &line_count), ST_OK);
    tree_free(root);
}

/* A line of the record that the one self-check of make_folder() left. */
static void expect(const char *name, enum verdict verdict, const char *reason) {
    for (size_t i = 0; i < line_count; i++) {
        char line[512];
        selfcheck_line(&lines[i], line, sizeof line);
        if (strcmp(line, name) == 0) {
            assert_string_equal(lines[i].experiment, "selfcheck");
            assert_int_equal(lines[i].verdict, verdict);
            if (strstr(lines[i].reason, reason) == NULL) {
                fail_msg("%s: '%s' lacks '%s'", name, lines[i].reason, reason);
            }
            return;
        }
    }
    fail_msg("no line %s", name);
}

static void blind_verification_fails(void **state) {
    (void)state;
    expect("rejects blind/zero/zero", VERDICT_FAIL, "was accepted");
}

static void broken_verification_fails(void **state) {
    (void)state;
    expect("rejects broken/zero/zero", VERDICT_FAIL, "no room for mutant/zero");
}

static void missing_kinds_fail(void **state) {
    (void)state;
    expect("complete blind", VERDICT_FAIL, "blind: stale: no mutant");
    expect("complete broken", VERDICT_FAIL, "broken: zero: a mutant, and a reason");
}

static void kernels_without_operation_fail(void **state) {
    (void)state;
    expect("accepts fma_peak/scalar", VERDICT_FAIL, "no such operation");
}

static void fixtures_are_judged(void **state) {
    (void)state;
    expect("fixture sample/right/good", VERDICT_PASS, "0.5, not 0: zero");
    expect("fixture sample/no-data/good", VERDICT_PASS, "nan, not 0");
    expect("fixture sample/wrong/wrong", VERDICT_FAIL, "got 0.6, right is 0.5");
    expect("fixture sample/zero-for-no-data/wrong", VERDICT_FAIL, "got 0, right is nan");
    expect("fixture sample/indistinct/good+wrong", VERDICT_FAIL, "is what the defect gives too");
    expect("fixture sample/not-run/good", VERDICT_FAIL, "no memory here");
    expect("fixture sample/stranger/good+nobody", VERDICT_FAIL, "declares no metric nobody");
}

static void metrics_need_a_fixture(void **state) {
    (void)state;
    expect("covered sample/good", VERDICT_PASS, "5 fixtures");
    expect("covered sample/wrong", VERDICT_PASS, "3 fixtures");
    expect("covered sample/uncovered", VERDICT_FAIL, "no fixture");
}

static void failures_are_printed(void **state) {
    (void)state;
    char text[16384];
    int file = open(printed, O_RDONLY | O_CLOEXEC);
    ssize_t length = read(file, text, sizeof text - 1);
    close(file);
    assert_true(length > 0);
    text[length] = '\0';
    assert_non_null(strstr(text, "\nnot ok 4 - rejects blind/zero/zero: was accepted\n"));
    assert_non_null(strstr(text, "\nok 8 - fixture sample/right/good: 0.5, not 0: zero\n"));
    assert_non_null(strstr(text, "\n1..17\n# record: "));
}

/* A run of the sample, whose cell has the metric. */
static enum status run_with(const char *name, const char *unit, bool output) {
    char *argv[] = {"run", "sample", "--quiet", "--out", record, NULL};
    added_metric = name;
    added_unit = unit;
    added_output = output;
    unlink(record);
    return quietly(cmd_run, 5, argv);
}

static void declared_metrics_are_completed(void **state) {
    (void)state;
    assert_int_equal(run_with("good", "share", true), ST_OK);
    read_lines();
    assert_int_equal(line_count, 1);
    assert_int_equal(lines[0].metric_count, 3);
    assert_true(cell_metric_find(&lines[0], "good")->has_value);
    assert_false(cell_metric_find(&lines[0], "wrong")->has_value);
    assert_false(cell_metric_find(&lines[0], "uncovered")->output);
}

static void undeclared_metrics_are_refused(void **state) {
    (void)state;
    assert_int_equal(run_with("invented", "share", true), ST_SYSTEM);
    assert_non_null(strstr(status_message(), "does not declare its metric invented"));
    assert_int_not_equal(access(record, F_OK), 0);
}

static void metrics_declared_otherwise_are_refused(void **state) {
    (void)state;
    struct cell c = {0};
    cell_metric(&c, "good", "ms", true, 1, 1);
    assert_int_equal(experiment_complete_metrics(&sample, &c), ST_SYSTEM);
    assert_non_null(strstr(status_message(), "good as output in 'share', not as output in 'ms'"));
    cell_metric(&c, "good", "share", false, 1, 1);
    assert_int_equal(experiment_complete_metrics(&sample, &c), ST_SYSTEM);
    assert_non_null(strstr(status_message(), "not as measured in 'share'"));
    cell_metric(&c, "good", "share", true, 1, 1);
    assert_int_equal(experiment_complete_metrics(&sample, &c), ST_OK);
    assert_int_equal(c.metric_count, 3);
}

static int make_folder(void **state) {
    (void)state;
    const char *tmp = getenv("TMPDIR");
    snprintf(folder, sizeof folder, "%s/selfcheck-XXXXXX", tmp != NULL ? tmp : "/tmp");
    if (mkdtemp(folder) == NULL) {
        return -1;
    }
    snprintf(record, sizeof record, "%s/r.h5", folder);
    snprintf(printed, sizeof printed, "%s/out", folder);
    char *argv[] = {"selfcheck", "--out", record, NULL};
    if (quietly(cmd_selfcheck, 3, argv) != ST_CHECK ||
        strcmp(status_message(), "13 of 17 self-checks failed") != 0) {
        return -1;
    }
    read_lines();
    return 0;
}

static int remove_folder(void **state) {
    (void)state;
    char seal[320];
    cells_free(lines, line_count);
    snprintf(seal, sizeof seal, "%s.seal", record);
    unlink(seal);
    unlink(record);
    unlink(printed);
    return rmdir(folder);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(blind_verification_fails),
        cmocka_unit_test(broken_verification_fails),
        cmocka_unit_test(missing_kinds_fail),
        cmocka_unit_test(kernels_without_operation_fail),
        cmocka_unit_test(fixtures_are_judged),
        cmocka_unit_test(metrics_need_a_fixture),
        cmocka_unit_test(failures_are_printed),
        cmocka_unit_test(declared_metrics_are_completed),
        cmocka_unit_test(undeclared_metrics_are_refused),
        cmocka_unit_test(metrics_declared_otherwise_are_refused),
    };
    return cmocka_run_group_tests_name("selfcheck", tests, make_folder, remove_folder);
}
