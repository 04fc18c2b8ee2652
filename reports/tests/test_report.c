/* `attest report` on record files of its own: what it prints, writes, compares and refuses. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <fcntl.h>
#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "../../harness/record/cells_tree.h"
#include "../../harness/cli/cmd_report.h"
#include "../../harness/record/record.h"

enum { PATH_SIZE = 512, OUTPUT_SIZE = 1 << 16 };

static char folder[PATH_SIZE], record[PATH_SIZE + 16], twin[PATH_SIZE + 16], out[PATH_SIZE + 16];
static char output[OUTPUT_SIZE];

static const char *const by_dataset[] = {"dataset", NULL};
static const struct column columns[] = {
    {"Method", "arm", NULL}, {"Recall", "recall_at_k", "%.4f"}, {"QPS", "qps", "%.1f"}, {0}};
static const struct table tables[] = {{"all", "All", NULL, NULL, NULL, NULL, columns},
                                      {"parts", "Parts", NULL, by_dataset, NULL, NULL, columns},
                                      {0}};
static const struct plot plots[] = {{.name = "curve",
                                     .title = "Curve",
                                     .series = "arm",
                                     .x = "recall_at_k",
                                     .y = "qps",
                                     .x_label = "recall",
                                     .y_label = "QPS"},
                                    {0}};
static const struct experiment probe = {
    .name = "probe", .tables = (const struct table *const[]){tables, NULL}, .plots = plots};
static const struct experiment *const list[] = {&probe, NULL};

static void add_cell(struct cell *c, const char *arm, const char *dataset, double recall,
                     double qps) {
    *c = (struct cell){.verdict = VERDICT_PASS, .backend = "cpu", .experiment = "probe"};
    (void)snprintf(c->arm, sizeof c->arm, "%s", arm);
    cell_param_text(c, "dataset", dataset);
    cell_metric(c, "recall_at_k", "share", true, recall, 1000);
    cell_metric(c, "qps", "1/s", false, qps, 30);
    cell_identify(c);
}

static void write_record(const char *path) {
    struct cell cells[3];
    struct seal seal;
    add_cell(&cells[0], "naive", "one", 1, 100);
    add_cell(&cells[1], "pruned", "one", 0.9995, 612.34);
    add_cell(&cells[2], "naive|<i>", "two", 1, 50);
    struct tree *root = tree_new();
    assert_non_null(tree_group(root, "plan"));
    assert_non_null(tree_group(root, "outputs"));
    struct tree *measured = tree_group(root, "measurements");
    assert_true(tree_set_string(measured, "started", "2026-01-02T03:04:05Z"));
    struct tree *environment = tree_group(measured, "environment");
    assert_true(tree_set_string(environment, "cpu_model", "Test CPU"));
    assert_true(tree_set_string(environment, "cuda_device", "none: no card"));
    assert_true(
        tree_set_string(environment, "suite_commit", "0123456789012345678901234567890123456789"));
    if (cells_to_tree(cells, 3, root) != ST_OK || record_write(root, path, &seal) != ST_OK)
        fail_msg("%s", status_message());
    tree_free(root);
    for (size_t i = 0; i < 3; i++)
        cell_free(&cells[i]);
}

static int remove_one(const char *path, const struct stat *s, int type, struct FTW *at) {
    (void)s;
    (void)type;
    (void)at;
    return remove(path);
}

static int make_records(void **state) {
    (void)state;
    const char *parent = getenv("TMPDIR");
    (void)snprintf(folder, sizeof folder, "%s/attest-report-XXXXXX", parent ? parent : "/tmp");
    if (!mkdtemp(folder))
        return -1;
    (void)snprintf(record, sizeof record, "%s/one.h5", folder);
    (void)snprintf(twin, sizeof twin, "%s/sub", folder);
    if (mkdir(twin, 0700) != 0)
        return -1;
    (void)snprintf(twin, sizeof twin, "%s/sub/one.h5", folder);
    (void)snprintf(out, sizeof out, "%s/made/out", folder);
    write_record(record);
    write_record(twin);
    return 0;
}

static int remove_records(void **state) {
    (void)state;
    return nftw(folder, remove_one, 8, FTW_DEPTH | FTW_PHYS);
}

/* Runs the command with stdout in `output`; the arguments end with NULL. */
static enum status report(const char *first, ...) {
    char *argv[16] = {"report"};
    int argc = 1;
    va_list args;
    va_start(args, first);
    for (const char *a = first; a && argc < 15; a = va_arg(args, const char *))
        argv[argc++] = (char *)(uintptr_t)a;
    va_end(args);
    char path[PATH_SIZE + 16];
    (void)snprintf(path, sizeof path, "%s/stdout", folder);
    (void)fflush(stdout);
    int file = open(path, O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
    int kept = fcntl(STDOUT_FILENO, F_DUPFD_CLOEXEC, 3);
    assert_true(file >= 0 && kept >= 0 && dup2(file, STDOUT_FILENO) >= 0);
    enum status st = report_command(argc, argv, list);
    (void)fflush(stdout);
    assert_true(dup2(kept, STDOUT_FILENO) >= 0);
    ssize_t n = pread(file, output, sizeof output - 1, 0);
    (void)close(kept);
    (void)close(file);
    output[n > 0 ? n : 0] = '\0';
    return st;
}

static void assert_output(const char *part) {
    if (!strstr(output, part))
        fail_msg("no \"%s\" in:\n%s", part, output);
}

static void assert_message(const char *part) {
    if (!strstr(status_message(), part))
        fail_msg("no \"%s\" in: %s", part, status_message());
}

static void text_goes_to_stdout(void **state) {
    (void)state;
    assert_int_equal(report(record, NULL), ST_OK);
    assert_output("pruned     0.9995  612.3\n");
    assert_output("machine       Test CPU\n");
    assert_output("started       2026-01-02T03:04:05Z\n");
    assert_output("suite commit  0123456789012345678901234567890123456789\n");
}

static void other_formats_go_to_stdout_alone(void **state) {
    (void)state;
    assert_int_equal(report(record, "--format", "md", NULL), ST_OK);
    assert_output("| naive\\|&lt;i&gt; | 1.0000 | 50.0 |");
    assert_int_equal(report(record, "--format", "tex", NULL), ST_OK);
    assert_output("\\toprule");
    assert_int_equal(report(record, "--format", "html", NULL), ST_OK);
    assert_output("<td>naive|&lt;i&gt;</td>");
    assert_int_equal(report(record, "--format", "md,tex", NULL), ST_USAGE);
    assert_message("--out");
}

static void csv_on_stdout_is_one_table(void **state) {
    (void)state;
    assert_int_equal(report(record, "--format", "csv", NULL), ST_USAGE);
    assert_message("--table");
    assert_int_equal(report(record, "--format", "csv", "--table", "parts-2", NULL), ST_OK);
    assert_output(
        "Method,Recall,QPS,oracle,reason,n,samples,record,machine,started,suite_commit\r\n"
        "naive|<i>,1.0000,50.0,pass,,30 to 1000,–,");
    assert_null(strstr(output, "pruned"));
}

static void unmatched_names_are_usage_errors(void **state) {
    (void)state;
    assert_int_equal(report(record, "--table", "nothing", NULL), ST_USAGE);
    assert_message("it has: all, parts-1, parts-2");
    assert_int_equal(report(record, "--plot", "nothing", NULL), ST_USAGE);
    assert_message("it has: curve");
}

static void wrong_arguments_are_usage_errors(void **state) {
    (void)state;
    assert_int_equal(report(NULL), ST_USAGE);
    assert_int_equal(report(record, "--format", "pages", NULL), ST_USAGE);
    assert_message("pages");
    assert_int_equal(report(record, "--check", NULL), ST_USAGE);
    assert_int_equal(report(record, "--check", "--format", "pdf", "--out", out, NULL), ST_USAGE);
    assert_int_equal(report(record, "--nonsense", NULL), ST_USAGE);
    assert_int_equal(report(record, "--format", NULL), ST_USAGE);
}

static void help_is_no_error(void **state) {
    (void)state;
    assert_int_equal(report("--help", NULL), ST_OK);
    assert_output("--table");
}

static void equal_file_names_are_refused(void **state) {
    (void)state;
    assert_int_equal(report(record, twin, "--format", "md", "--out", out, NULL), ST_USAGE);
    assert_message("one.md");
}

/* Overwrites one byte; returns what stood there. */
static char poke(const char *path, off_t at, char byte) {
    char old = 0;
    int f = open(path, O_RDWR | O_CLOEXEC);
    assert_true(f >= 0);
    assert_int_equal(pread(f, &old, 1, at), 1);
    assert_int_equal(pwrite(f, &byte, 1, at), 1);
    (void)close(f);
    return old;
}

static void written_files_check(void **state) {
    (void)state;
    static const char *const names[] = {"one.md",      "one.tex",         "one.html",
                                        "one-all.csv", "one-parts-1.csv", "one-parts-2.csv"};
    assert_int_equal(
        report(record, "--format", "md,tex", "--format", "csv,html", "--out", out, NULL), ST_OK);
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++)
        assert_output(names[i]);
    char path[PATH_SIZE + 64];
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        (void)snprintf(path, sizeof path, "%s/%s", out, names[i]);
        char old = poke(path, 3, '\x01');
        enum status st = report(record, "--format", "md,tex,csv", "--out", out, "--check", NULL);
        if (strcmp(names[i], "one.html") != 0) {
            assert_int_equal(st, ST_CHECK);
            assert_message(names[i]);
        } else {
            assert_true(st == ST_OK ||
                        st == ST_SKIP); /* SKIP: no gnuplot; html was not asked for */
        }
        (void)poke(path, 3, old);
    }
    assert_int_equal(truncate(path, 40), 0); /* one-parts-2.csv */
    assert_int_equal(report(twin, "--format", "csv", "--out", out, "--check", NULL), ST_CHECK);
    assert_message("one-parts-2.csv");
    assert_int_equal(unlink(path), 0);
    assert_int_equal(report(twin, "--format", "csv", "--out", out, "--check", NULL), ST_CHECK);
    assert_message("No such file");
    assert_int_equal(report(twin, "--format", "csv", "--out", out, NULL), ST_OK);
    assert_int_equal(report(record, "--format", "csv", "--out", out, "--check", NULL), ST_OK);
}

static void changed_records_are_not_reported(void **state) {
    (void)state;
    char old = poke(record, 900, '\x7f');
    assert_int_equal(report(record, NULL), ST_RECORD);
    assert_string_equal(output, "");
    (void)poke(record, 900, old);
    assert_int_equal(report(record, NULL), ST_OK);
}

static void plots_become_files(void **state) {
    (void)state;
    enum status st = report(record, "--format", "svg,md,pdf", "--out", out, NULL);
    if (st == ST_OK && !strstr(output, "one-curve.svg"))
        skip(); /* no gnuplot: tables only */
    assert_int_equal(st, ST_OK);
    assert_output("one-curve.pdf");
    assert_int_equal(report(record, "--format", "svg,md", "--out", out, "--check", NULL), ST_OK);
    assert_int_equal(report(record, "--format", "md", "--out", out, "--check", NULL), ST_CHECK);
    assert_int_equal(report(record, "--plot", "curve", NULL), ST_OK);
    assert_output("pruned");
    assert_null(strstr(output, "Test CPU")); /* the plot alone */
}

static void missing_gnuplot_leaves_tables(void **state) {
    (void)state;
    const char *search = getenv("PATH");
    char *path = strdup(search ? search : "");
    assert_non_null(path);
    assert_int_equal(setenv("PATH", "/nonexistent", 1), 0);
    enum status text = report(record, NULL);
    bool has_table = strstr(output, "612.3") != NULL;
    enum status svg = report(record, "--format", "svg", NULL);
    assert_int_equal(setenv("PATH", path, 1), 0);
    free(path);
    assert_int_equal(text, ST_OK);
    assert_true(has_table);
    assert_int_equal(svg, ST_SKIP);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(text_goes_to_stdout),
        cmocka_unit_test(other_formats_go_to_stdout_alone),
        cmocka_unit_test(csv_on_stdout_is_one_table),
        cmocka_unit_test(unmatched_names_are_usage_errors),
        cmocka_unit_test(wrong_arguments_are_usage_errors),
        cmocka_unit_test(help_is_no_error),
        cmocka_unit_test(equal_file_names_are_refused),
        cmocka_unit_test(written_files_check),
        cmocka_unit_test(changed_records_are_not_reported),
        cmocka_unit_test(plots_become_files),
        cmocka_unit_test(missing_gnuplot_leaves_tables),
    };
    return cmocka_run_group_tests(tests, make_records, remove_records);
}
