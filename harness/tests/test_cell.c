/* Cells: identity, metrics, their way through a record, and `attest show`. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <jansson.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../record/cells_tree.h"
#include "../cli/commands.h"
#include "../record/record.h"
#include "sample_record.h"

/* --- cells ---------------------------------------------------------------------------------- */

static void free_cells(struct cell *cells, size_t n) {
    for (size_t i = 0; i < n; i++)
        cell_free(&cells[i]);
}

static void params_keep_their_order(void **state) {
    (void)state;
    struct cell c = {.param_count = 0};
    char text[64];
    cell_param_real(&c, "eps0", 2.1);
    cell_param_integer(&c, "delta", -32);
    cell_param_text(&c, "dataset", "fashion-mnist");
    cell_param_real(&c, "eps0", 0.1 + 0.2);
    assert_int_equal(c.param_count, 3);
    assert_string_equal(c.params[0].name, "eps0");
    param_format(&c.params[0], text, sizeof text);
    assert_string_equal(text, "0.30000000000000004");
    param_format(cell_param(&c, "delta"), text, sizeof text);
    assert_string_equal(text, "-32");
    param_format(cell_param(&c, "dataset"), text, sizeof text);
    assert_string_equal(text, "fashion-mnist");
    assert_null(cell_param(&c, "eps"));
    cell_param_real(&c, "eps0", 2.1);
    param_format(&c.params[0], text, sizeof text);
    assert_string_equal(text, "2.1");
    char longer[100];
    memset(longer, 'x', sizeof longer - 1);
    longer[99] = '\0';
    cell_param_text(&c, "dataset", longer);
    assert_int_equal(strlen(cell_param(&c, "dataset")->text), CELL_NAME - 1);
}

static void values_that_do_not_exist_stay_so(void **state) {
    (void)state;
    struct cell c = {.metric_count = 0};
    const double none[] = {NAN, INFINITY, -INFINITY};
    for (int i = 0; i < 3; i++) {
        struct metric *m = cell_metric(&c, "x", "s", false, none[i], 5);
        metric_interval(m, 1, 2);
        assert_false(m->has_value);
        assert_false(m->has_interval);
    }
    struct metric *m = cell_metric(&c, "x", "s", false, 3, 5);
    metric_interval(m, NAN, 4);
    assert_true(m->has_value && !m->has_interval);
    metric_interval(m, 2, 4);
    assert_true(m->has_interval);
    assert_int_equal(c.metric_count, 1);
    assert_ptr_equal(cell_metric_find(&c, "x"), m);
    assert_null(cell_metric_find(&c, "y"));
}

static void identity_depends_on_every_part(void **state) {
    (void)state;
    struct cell variants[8];
    for (int i = 0; i < 8; i++) {
        struct cell *c = &variants[i];
        *c = (struct cell){.sample_units = 0};
        strcpy(c->experiment, "toy");
        strcpy(c->arm, i == 1 ? "other" : "arm");
        strcpy(c->kernel, i == 2 ? "" : "k");
        strcpy(c->backend, i == 3 ? "cuda" : "cpu");
        cell_param_integer(c, i == 4 ? "n" : "k", i == 5 ? 11 : 10);
        if (i == 6)
            cell_param_text(c, "k", "10");
        if (i == 7)
            cell_param_integer(c, "threads", 1);
        cell_identify(c);
        assert_memory_equal(c->id, "toy.", 4);
        assert_int_equal(strlen(c->id), 12);
        assert_int_equal(strspn(c->id + 4, "0123456789abcdef"), 8);
        for (int j = 0; j < i; j++)
            assert_string_not_equal(c->id, variants[j].id);
    }
    char first[CELL_NAME];
    strcpy(first, variants[0].id);
    cell_metric(&variants[0], "qps", "1/s", false, 1, 1);
    cell_verdict(&variants[0], VERDICT_FAIL, "x");
    cell_identify(&variants[0]);
    assert_string_equal(first, variants[0].id);
    memset(variants[0].experiment, 'e', CELL_NAME - 1);
    cell_identify(&variants[0]);
    assert_true(tree_name_is_safe(variants[0].id));
    assert_int_equal(strlen(strchr(variants[0].id, '.')), 9);
}

/* --- through a record ----------------------------------------------------------------------- */

/* Cells of the sample run after encoding and decoding; *root must outlive nothing. */
static struct cell *cells_back(size_t *n) {
    struct tree *root = sample_run(), *back = NULL;
    void *bytes = NULL;
    size_t size;
    assert_int_equal(record_encode(root, &bytes, &size), ST_OK);
    assert_int_equal(record_decode(bytes, size, "sample", &back), ST_OK);
    struct cell *cells = NULL;
    assert_int_equal(cells_from_tree(back, &cells, n), ST_OK);
    free(bytes);
    tree_free(root);
    tree_free(back);
    return cells;
}

static void cells_come_back(void **state) {
    (void)state;
    struct cell before[4];
    size_t n = sample_cells(before), found;
    struct cell *after = cells_back(&found);
    assert_int_equal(found, n);
    for (size_t i = 0; i < n; i++) {
        const struct cell *a = &before[i], *b = &after[i];
        assert_string_equal(a->id, b->id);
        assert_string_equal(a->experiment, b->experiment);
        assert_string_equal(a->arm, b->arm);
        assert_string_equal(a->kernel, b->kernel);
        assert_string_equal(a->backend, b->backend);
        assert_string_equal(a->reason, b->reason);
        assert_string_equal(a->output_digest, b->output_digest);
        assert_int_equal(a->verdict, b->verdict);
        assert_int_equal(a->param_count, b->param_count);
        assert_memory_equal(a->params, b->params, a->param_count * sizeof a->params[0]);
        assert_true(a->sample_units == b->sample_units);
        assert_int_equal(a->sample_count, b->sample_count);
        for (size_t j = 0; j < a->sample_count; j++)
            assert_true(a->samples[j] == b->samples[j] && a->started[j] == b->started[j]);
        assert_int_equal(a->latency_count, b->latency_count);
        if (a->latency_count > 0)
            assert_memory_equal(a->latencies, b->latencies,
                                a->latency_count * sizeof *a->latencies);
    }
    const struct metric *qps = cell_metric_find(&after[0], "qps");
    assert_true(qps->has_value && qps->has_interval && !qps->output);
    assert_true(qps->value == 1234.5 && qps->lo == 1200.25 && qps->hi == 1270.75);
    assert_int_equal(qps->n, 30);
    assert_string_equal(qps->unit, "1/s");
    const struct metric *recall = cell_metric_find(&after[0], "recall_at_k");
    assert_true(recall->has_value && !recall->has_interval && recall->output);
    assert_true(recall->value == 0.999);
    const struct metric *share = cell_metric_find(&after[0], "bandwidth_share");
    assert_true(share != NULL && !share->has_value);
    for (size_t j = 1; j < after[0].metric_count; j++)
        assert_true(strcmp(after[0].metrics[j - 1].name, after[0].metrics[j].name) < 0);
    free_cells(before, n);
    cells_free(after, found);
}

static void skipped_cells_have_no_values(void **state) {
    (void)state;
    struct cell cells[4], *after;
    size_t n = sample_cells(cells), found;
    struct tree *root = tree_new();
    assert_true(cell_metric_find(&cells[0], "recall_at_k")->has_value);
    cell_verdict(&cells[0], VERDICT_SKIP, "no such card");
    assert_int_equal(cells_to_tree(cells, n, root), ST_OK);
    assert_int_equal(cells_from_tree(root, &after, &found), ST_OK);
    assert_int_equal(after[0].metric_count, cells[0].metric_count);
    for (size_t i = 0; i < after[0].metric_count; i++)
        assert_false(after[0].metrics[i].has_value);
    assert_int_equal(after[0].sample_count, 0);
    tree_free(root);
    free_cells(cells, n);
    cells_free(after, found);
}

/* Changes one cell and expects the refusal. */
static void unfit(void (*change)(struct cell *cells), enum status st, const char *said) {
    struct cell cells[4];
    size_t n = sample_cells(cells);
    change(cells);
    struct tree *root = tree_new();
    assert_int_equal(cells_to_tree(cells, n, root), st);
    if (strstr(status_message(), said) == NULL)
        fail_msg("'%s' lacks '%s'", status_message(), said);
    tree_free(root);
    free_cells(cells, n);
}

static void same_id(struct cell *c) { strcpy(c[1].id, c[0].id); }
static void no_id(struct cell *c) { c[0].id[0] = '\0'; }
static void bad_param(struct cell *c) { strcpy(c[0].params[0].name, "Upper"); }
static void bad_metric(struct cell *c) { strcpy(c[0].metrics[0].name, "recall@10"); }
static void reserved_metric(struct cell *c) { strcpy(c[0].metrics[0].name, "oracle"); }
static void other_unit(struct cell *c) { strcpy(c[1].metrics[0].unit, "percent"); }
static void nan_param(struct cell *c) { c[0].params[1].real = NAN; }
static void nan_sample(struct cell *c) { c[0].samples[3] = NAN; }

static void unfit_cells_are_refused(void **state) {
    (void)state;
    unfit(same_id, ST_INPUT, "two cells");
    unfit(no_id, ST_INPUT, "cell '' of experiment 'toy'");
    unfit(bad_param, ST_INPUT, "parameter name 'Upper'");
    unfit(bad_metric, ST_INPUT, "'recall@10' cannot name a metric");
    unfit(reserved_metric, ST_INPUT, "'oracle' cannot name a metric");
    unfit(other_unit, ST_INPUT, "has unit 'percent' here and 'share' elsewhere");
    unfit(nan_param, ST_INPUT, "parameter eps0 is NaN");
    unfit(nan_sample, ST_RECORD, "sample 3 is NaN");
}

/* Where the sample's first cell lies under a part of the record. */
static struct tree *first_cell(struct tree *root, const char *part) {
    struct cell cells[4];
    size_t n = sample_cells(cells);
    struct tree *t = tree_find(tree_find(tree_find(root, part), "cells"), cells[0].id);
    free_cells(cells, n);
    assert_non_null(t);
    return t;
}

static void malformed(struct tree *root, const char *said) {
    struct cell *cells = NULL;
    size_t n;
    assert_int_equal(cells_from_tree(root, &cells, &n), ST_RECORD);
    assert_null(cells);
    if (strstr(status_message(), said) == NULL)
        fail_msg("'%s' lacks '%s'", status_message(), said);
    tree_free(root);
}

static void malformed_cells_are_refused(void **state) {
    (void)state;
    malformed(sample_small(), "no cells");

    struct tree *root = sample_run();
    tree_group(tree_find(root, "plan/cells"), "toy.00000000");
    malformed(root, "5 cells planned, 4 judged, 4 measured");

    root = sample_run();
    tree_set_string(first_cell(root, "outputs"), "oracle", "perfect");
    malformed(root, "oracle");

    root = sample_run();
    tree_set_string(first_cell(root, "outputs"), "undeclared", "x");
    malformed(root, "malformed metric undeclared");

    root = sample_run();
    const double row[3] = {1, 2, 3}, fraction[2] = {1, 2.5}, infinite[2] = {INFINITY, 1};
    tree_set_f64s(first_cell(root, "measurements"), "qps", row, 3);
    malformed(root, "malformed metric qps");

    root = sample_run();
    tree_set_f64s(first_cell(root, "measurements"), "qps", fraction, 2);
    malformed(root, "malformed metric qps");

    root = sample_run();
    tree_set_f64s(first_cell(root, "measurements"), "qps", infinite, 2);
    malformed(root, "malformed metric qps");

    root = sample_run();
    tree_set_null(first_cell(root, "measurements"), "recall_at_k");
    malformed(root, "too many metrics, or repeated: recall_at_k");

    root = sample_run();
    tree_set_i64(first_cell(root, "plan"), "position", 1);
    malformed(root, "position");

    root = sample_run();
    tree_set_string(first_cell(root, "plan"), "param_order", "dataset eps0");
    malformed(root, "parameters outside param_order");

    root = sample_run();
    tree_set_string(first_cell(root, "plan"), "param_order", "dataset eps0 \x1b[2Kx");
    malformed(root, "malformed parameter \\x1b[2Kx");

    root = sample_run();
    char longer[300];
    memset(longer, 'x', sizeof longer - 1);
    longer[299] = '\0';
    tree_set_string(first_cell(root, "outputs"), "reason", longer);
    malformed(root, "reason");

    root = sample_run();
    const uint64_t one[1] = {1};
    struct tree *skipped = tree_find(root, "measurements/cells")->children[0];
    if (tree_find(skipped, "samples") != NULL)
        skipped = tree_find(root, "measurements/cells")->children[1];
    tree_dataset(skipped, "samples", TREE_F64, 1, one, row);
    malformed(root, "malformed samples");
}

/* Puts latencies of the caller's into a cell of a run that has samples, or into one that has none.
 */
static void refused_latencies(bool sampled, enum tree_type type, const void *values,
                              const char *expected) {
    struct tree *root = tree_new();
    struct cell cells[4];
    const size_t n = sample_cells(cells);
    const uint64_t two[1] = {2};
    cells[0].latency_count = 0;
    assert_int_equal(cells_to_tree(cells, n, root), ST_OK);
    const char *id = cells[sampled ? 0 : 2].id;
    assert_non_null(tree_dataset(tree_find(tree_find(root, "measurements/cells"), id), "latencies",
                                 type, 1, two, values));
    free_cells(cells, n);
    malformed(root, expected);
}

static void latencies_are_checked(void **state) {
    (void)state;
    const int32_t negative[2] = {5, -1}, right[2] = {5, 1};
    const double real[2] = {5, 1};
    refused_latencies(true, TREE_I32, negative, "less than nothing");
    refused_latencies(true, TREE_F64, real, "malformed latencies");
    refused_latencies(false, TREE_I32, right, "malformed latencies");
}

/* --- attest show ---------------------------------------------------------------------------- */

static int show(int argc, char **argv) { return (int)cmd_show(argc, argv); }

/* stdout of `attest show` with up to three more arguments on a sealed sample run. */
static char *show_sample(const char *a, const char *b, const char *c, enum status expected) {
    char *folder = sample_folder(), *output;
    const char *path = sample_path(folder, "r.h5");
    struct tree *root = sample_run();
    assert_int_equal(record_write(root, path, NULL), ST_OK);
    tree_free(root);
    char *argv[] = {"show", (char *)path, (char *)a, (char *)b, (char *)c, NULL};
    assert_int_equal(sample_command(show, argv, &output), expected);
    sample_remove(folder);
    return output;
}

static void assert_no_control_bytes(const char *text) {
    for (; *text != '\0'; text++) {
        unsigned char c = (unsigned char)*text;
        assert_true(c == '\n' || (c >= 0x20 && c != 0x7F));
    }
}

static void assert_text(const json_t *object, const char *key, const char *expected) {
    const char *text = json_string_value(json_object_get(object, key));
    assert_non_null(text);
    assert_string_equal(text, expected);
}

static void json_is_the_documented_object(void **state) {
    (void)state;
    char *output = show_sample("--json", NULL, NULL, ST_OK);
    assert_no_control_bytes(output);
    json_error_t error;
    json_t *all = json_loads(output, JSON_REJECT_DUPLICATES, &error);
    assert_non_null(all);
    assert_int_equal(json_object_size(all), 2);

    const json_t *record = json_object_get(all, "record");
    assert_int_equal(json_object_size(record), 13);
    const char *const digests[] = {"digest", "plan_digest", "outputs_digest"};
    for (int i = 0; i < 3; i++)
        assert_int_equal(json_string_length(json_object_get(record, digests[i])), 64);
    assert_true(json_is_true(json_object_get(record, "sealed")));
    assert_true(json_is_false(json_object_get(record, "partial")));
    assert_true(json_is_false(json_object_get(record, "signed")));
    assert_true(json_is_null(json_object_get(record, "key_id")));
    assert_true(json_is_null(json_object_get(record, "chain_number")));
    assert_true(json_is_null(json_object_get(record, "previous")));
    assert_text(record, "profile", "smoke");
    assert_text(record, "started", "2026-01-02T03:04:05Z");
    assert_text(record, "suite_commit", "0123abcd-dirty");
    const json_t *machine = json_object_get(record, "machine");
    assert_int_equal(json_integer_value(json_object_get(machine, "cores")), 2);
    assert_true(json_is_null(json_object_get(machine, "governor")));
    assert_true(json_number_value(json_object_get(machine, "read_bandwidth")) == 12.5e9);
    assert_text(machine, "cpu", "A \\xff\x7f\x1b]0;title\x07 CPU");

    const json_t *cells = json_object_get(all, "cells");
    assert_int_equal(json_array_size(cells), 4);
    const json_t *pass = json_array_get(cells, 0);
    assert_int_equal(json_object_size(pass), 9);
    assert_text(pass, "experiment", "toy");
    assert_text(pass, "arm", "pruned");
    assert_text(pass, "kernel", "ads_vertical/avx2");
    assert_text(pass, "backend", "cpu");
    assert_text(pass, "oracle", "pass");
    assert_text(pass, "reason", "");
    const json_t *params = json_object_get(pass, "params");
    assert_text(params, "dataset", "integers");
    assert_true(json_real_value(json_object_get(params, "eps0")) == 2.1);
    assert_true(json_integer_value(json_object_get(params, "k")) == 10);
    const json_t *qps = json_object_get(json_object_get(pass, "metrics"), "qps");
    assert_int_equal(json_object_size(qps), 5);
    assert_true(json_real_value(json_object_get(qps, "value")) == 1234.5);
    assert_text(qps, "unit", "1/s");
    assert_int_equal(json_integer_value(json_object_get(qps, "n")), 30);
    assert_true(json_real_value(json_object_get(qps, "lo")) == 1200.25);
    assert_true(json_real_value(json_object_get(qps, "hi")) == 1270.75);

    const json_t *skip = json_array_get(cells, 2);
    assert_text(skip, "oracle", "skip");
    assert_text(skip, "reason", "no CUDA device");
    const json_t *none = json_object_get(json_object_get(skip, "metrics"), "qps");
    assert_true(json_is_null(json_object_get(none, "value")));
    assert_true(json_is_null(json_object_get(none, "n")));
    assert_true(json_is_null(json_object_get(none, "lo")));
    assert_text(none, "unit", "1/s");
    const json_t *model = json_array_get(cells, 3);
    const json_t *crossover = json_object_get(json_object_get(model, "metrics"), "crossover_n");
    assert_int_equal(json_integer_value(json_object_get(crossover, "value")), 297937);
    assert_true(json_is_null(json_object_get(crossover, "lo")));
    assert_non_null(strstr(output, "\"value\": 297937,"));
    json_decref(all);
    free(output);
}

static void json_of_one_cell_has_its_samples(void **state) {
    (void)state;
    struct cell cells[4];
    size_t n = sample_cells(cells);
    char *output = show_sample("--json", "--cell", cells[0].id, ST_OK);
    free_cells(cells, n);
    json_t *all = json_loads(output, 0, NULL);
    const json_t *list = json_object_get(all, "cells");
    assert_int_equal(json_array_size(list), 1);
    const json_t *samples = json_object_get(json_array_get(list, 0), "samples");
    assert_int_equal(json_array_size(samples), 30);
    assert_true(json_real_value(json_array_get(samples, 1)) == 0.08 + 1e-4);
    const json_t *latencies = json_object_get(json_array_get(list, 0), "latencies_ns");
    assert_int_equal(json_array_size(latencies), 3);
    assert_int_equal(json_integer_value(json_array_get(latencies, 2)), INT32_MAX);
    json_decref(all);
    free(output);
}

static void text_is_aligned_and_escaped(void **state) {
    (void)state;
    char *output = show_sample(NULL, NULL, NULL, ST_OK);
    assert_no_control_bytes(output);
    assert_non_null(strstr(output, "sealed      yes, UNSIGNED"));
    assert_non_null(strstr(output, "profile     smoke\n"));
    assert_non_null(strstr(output, "toy: 3 cells"));
    assert_non_null(strstr(output, "model: 1 cells"));
    assert_non_null(strstr(output, "query 3: \\x1b[31mwrong\\x1b[0m"));
    assert_non_null(strstr(output, "cpu=A \\xff\\x7f\\x1b]0;title\\x07 CPU"));
    /* The column of the verdict starts at one place in every line of a table. */
    const char *head = strstr(strstr(output, "toy: 3 cells"), "\ncell ") + 1;
    size_t column = (size_t)(strstr(head, "oracle") - head);
    const char *line = head;
    const char *const verdicts[] = {"pass ", "fail ", "skip "};
    for (int i = 0; i < 3; i++) {
        line = strchr(line, '\n') + 1;
        assert_memory_equal(line + column, verdicts[i], 5);
    }
    free(output);
}

static void text_of_one_cell_has_its_samples(void **state) {
    (void)state;
    struct cell cells[4];
    size_t n = sample_cells(cells);
    char *output = show_sample("--cell", cells[0].id, NULL, ST_OK);
    assert_non_null(strstr(output, "samples: 30, work units a sample: 100\n"));
    assert_non_null(strstr(output, "     29           0.0829              2.9\n"));
    assert_non_null(strstr(output, "1234.5 1/s  n=30  95% [1200.25, 1270.75]\n"));
    assert_non_null(
        strstr(output, "latencies: 3 requests, in nanoseconds\n         0         1500"));
    free(output);
    output = show_sample("--cell", cells[2].id, NULL, ST_OK);
    assert_non_null(strstr(output, "  qps                     -\n"));
    free_cells(cells, n);
    free(output);
}

static void show_refuses(void **state) {
    (void)state;
    free(show_sample("--cell", "toy.\x1b[2K", NULL, ST_INPUT));
    assert_non_null(strstr(status_message(), "no cell 'toy.\\x1b[2K'"));
    free(show_sample("--odd", NULL, NULL, ST_USAGE));
    free(show_sample("second.h5", NULL, NULL, ST_USAGE));
    free(show_sample("--cell", NULL, NULL, ST_USAGE));
    char *output = show_sample("--help", NULL, NULL, ST_OK);
    assert_non_null(strstr(output, "usage: attest show"));
    free(output);

    char *folder = sample_folder();
    const char *path = sample_path(folder, "r.h5");
    struct tree *root = sample_run();
    assert_int_equal(record_write(root, path, NULL), ST_OK);
    tree_free(root);
    assert_int_equal(remove(sample_path(folder, "r.h5.seal")), 0);
    char *argv[] = {"show", "--json", (char *)path, NULL};
    assert_int_equal(sample_command(show, argv, &output), ST_RECORD);
    assert_string_equal(output, "");
    assert_non_null(strstr(status_message(), "r.h5: not sealed"));
    free(output);
    sample_remove(folder);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(params_keep_their_order),
        cmocka_unit_test(values_that_do_not_exist_stay_so),
        cmocka_unit_test(identity_depends_on_every_part),
        cmocka_unit_test(cells_come_back),
        cmocka_unit_test(skipped_cells_have_no_values),
        cmocka_unit_test(unfit_cells_are_refused),
        cmocka_unit_test(malformed_cells_are_refused),
        cmocka_unit_test(json_is_the_documented_object),
        cmocka_unit_test(latencies_are_checked),
        cmocka_unit_test(json_of_one_cell_has_its_samples),
        cmocka_unit_test(text_is_aligned_and_escaped),
        cmocka_unit_test(text_of_one_cell_has_its_samples),
        cmocka_unit_test(show_refuses),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
