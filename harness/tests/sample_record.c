/* Small records for tests. */
#include "sample_record.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <ftw.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "../record/cells_tree.h"

struct tree *sample_small(void) {
    struct tree *root = tree_new();
    assert_true(tree_set_i64(tree_group(root, "plan"), "seed", 7));
    assert_non_null(tree_group(root, "outputs"));
    assert_true(
        tree_set_string(tree_group(root, "measurements"), "started", "2026-01-02T03:04:05Z"));
    return root;
}

struct tree *sample_tree(void) {
    struct tree *root = sample_small();
    struct tree *plan = tree_group(root, "plan");
    const uint64_t matrix[2] = {2, 3}, none[1] = {0}, cube[4] = {1, 2, 1, 2};
    const unsigned char u8[4] = {0, 1, 254, 255};
    const int32_t i32[6] = {1, -2, 3, INT32_MIN, INT32_MAX, 0};
    const uint64_t u64 = UINT64_MAX;
    const float f32[6] = {0.5F, -0.0F, INFINITY, 1e-45F, 3, 4};
    /* A NaN with a payload: stored bits must come back as they are. */
    const uint64_t payload = 0x7ff8dead00000001U;
    double odd;
    memcpy(&odd, &payload, sizeof odd);
    assert_true(tree_set(plan, "u64", TREE_U64, 0, NULL, &u64));
    assert_true(tree_set(plan, "f32", TREE_F32, 2, matrix, f32));
    assert_true(tree_set_f64(plan, "odd", odd));
    assert_true(tree_set_string(plan, "empty", ""));
    assert_true(tree_set_string(plan, "text", "caf\xc3\xa9 \x1b[2K"));
    assert_true(tree_set_null(plan, "null"));
    assert_true(tree_set_f64s(plan, "no-rows", NULL, 0));
    struct tree *data = tree_group(tree_group(root, "outputs"), "data");
    assert_non_null(tree_dataset(data, "i32", TREE_I32, 2, matrix, i32));
    assert_non_null(tree_dataset(data, "u8", TREE_U8, 4, cube, u8));
    assert_non_null(tree_dataset(data, "none", TREE_F64, 1, none, NULL));
    assert_non_null(tree_dataset(data, "missing", TREE_F64, -1, NULL, NULL));
    struct tree *note = tree_dataset(data, "note", TREE_STRING, 0, NULL, "a note");
    assert_true(tree_set_string(note, "unit", "none"));
    return root;
}

static void fill(struct cell *c, const char *experiment, const char *arm, const char *kernel) {
    *c = (struct cell){.sample_units = 0};
    strcpy(c->experiment, experiment);
    strcpy(c->arm, arm);
    strcpy(c->kernel, kernel);
    strcpy(c->backend, "cpu");
}

size_t sample_cells(struct cell cells[4]) {
    struct cell *pass = &cells[0], *fail = &cells[1], *skip = &cells[2], *model = &cells[3];
    fill(pass, "toy", "pruned", "ads_vertical/avx2");
    cell_param_text(pass, "dataset", "integers");
    cell_param_real(pass, "eps0", 2.1);
    cell_param_integer(pass, "k", 10);
    cell_metric(pass, "recall_at_k", "share", true, 0.999, 1000);
    metric_interval(cell_metric(pass, "qps", "1/s", false, 1234.5, 30), 1200.25, 1270.75);
    cell_metric(pass, "bandwidth_share", "share", false, NAN, 30);
    pass->sample_units = 100;
    for (int i = 0; i < 30; i++)
        assert_true(cell_sample(pass, 0.08 + 1e-4 * i, 0.1 * i));
    const uint32_t latencies[] = {1500, 20, UINT32_MAX};
    assert_true(cell_latencies(pass, latencies, 1) && cell_latencies(pass, latencies + 1, 2));
    strcpy(pass->output_digest, "00ff");
    cell_verdict(pass, VERDICT_PASS, "%s", "");

    fill(fail, "toy", "pruned", "ads_vertical/avx512");
    cell_param_text(fail, "dataset", "integers");
    cell_metric(fail, "recall_at_k", "share", true, 0.5, 1000);
    cell_verdict(fail, VERDICT_FAIL, "query %d: \x1b[31mwrong\x1b[0m", 3);

    fill(skip, "toy", "naive", "l2_scan/cuda_f32");
    strcpy(skip->backend, "cuda");
    cell_metric(skip, "qps", "1/s", false, 1, 1);
    cell_verdict(skip, VERDICT_SKIP, "no CUDA device");

    fill(model, "model", "model", "");
    cell_metric(model, "crossover_n", "ops", true, 297937, 1);
    cell_verdict(model, VERDICT_PASS, "%s", "");
    for (int i = 0; i < 4; i++)
        cell_identify(&cells[i]);
    return 4;
}

struct tree *sample_run(void) {
    struct cell cells[4];
    size_t n = sample_cells(cells);
    struct tree *root = sample_small();
    assert_int_equal(cells_to_tree(cells, n, root), ST_OK);
    for (size_t i = 0; i < n; i++)
        cell_free(&cells[i]);
    struct tree *measured = tree_group(root, "measurements");
    struct tree *machine = tree_group(measured, "environment");
    assert_true(tree_set_string(tree_group(root, "plan"), "profile", "smoke"));
    assert_true(tree_set_string(machine, "suite_commit", "0123abcd-dirty"));
    assert_true(tree_set_string(machine, "cpu", "A \xff\x7f\x1b]0;title\x07 CPU"));
    assert_true(tree_set_i64(machine, "cores", 2));
    assert_true(tree_set_f64(machine, "read_bandwidth", 12.5e9));
    assert_true(tree_set_null(machine, "governor"));
    return root;
}

/* --- files ---------------------------------------------------------------------------------- */

char *sample_folder(void) {
    const char *base = getenv("TMPDIR");
    char *folder = NULL;
    assert_true(asprintf(&folder, "%s/attest-XXXXXX", base != NULL ? base : "/tmp") > 0);
    assert_non_null(mkdtemp(folder));
    return folder;
}

static int remove_one(const char *path, const struct stat *s, int kind, struct FTW *at) {
    (void)s;
    (void)kind;
    (void)at;
    return remove(path);
}

void sample_remove(char *folder) {
    nftw(folder, remove_one, 8, FTW_DEPTH | FTW_PHYS);
    free(folder);
}

const char *sample_path(const char *folder, const char *name) {
    static char paths[5][512];
    static int next;
    char *path = paths[next++ % 5];
    snprintf(path, sizeof paths[0], "%s/%s", folder, name);
    return path;
}

char *sample_load(const char *path, size_t *size) {
    FILE *f = fopen(path, "rb");
    assert_non_null(f);
    assert_int_equal(fseek(f, 0, SEEK_END), 0);
    *size = (size_t)ftell(f);
    rewind(f);
    char *data = malloc(*size + 1);
    assert_non_null(data);
    assert_int_equal(fread(data, 1, *size, f), *size);
    data[*size] = '\0';
    fclose(f);
    return data;
}

void sample_store(const char *path, const void *data, size_t size) {
    FILE *f = fopen(path, "wb");
    assert_non_null(f);
    assert_int_equal(fwrite(data, 1, size, f), size);
    assert_int_equal(fclose(f), 0);
}

int sample_command(int (*call)(int, char **), char *const *argv, char **output) {
    char *arguments[16];
    int argc = 0;
    for (; argv[argc] != NULL; argc++)
        arguments[argc] = argv[argc];
    arguments[argc] = NULL;
    FILE *catch = tmpfile();
    assert_non_null(catch);
    fflush(stdout);
    int kept = dup(STDOUT_FILENO);
    dup2(fileno(catch), STDOUT_FILENO);
    int result = call(argc, arguments);
    fflush(stdout);
    dup2(kept, STDOUT_FILENO);
    close(kept);
    long size = lseek(fileno(catch), 0, SEEK_END);
    rewind(catch);
    *output = calloc(1, (size_t)size + 1);
    assert_non_null(*output);
    assert_int_equal(fread(*output, 1, (size_t)size, catch), size);
    fclose(catch);
    return result;
}
