/* Hostile records: each kind is refused by name, in and out of a child, and by `attest verify`
 * although its seal is right. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>

#include "../cli/commands.h"
#include "../record/record.h"
#include "../seal/seal.h"
#include "hostile_record.h"
#include "sample_record.h"

/* One line without a byte that a terminal would obey. */
static void assert_plain_line(const char *kind, const char *line) {
    for (const char *p = line; *p != '\0'; p++) {
        if ((unsigned char)*p < 0x20 || *p == 0x7F || strncmp(p, "\xe2\x80\xae", 3) == 0)
            fail_msg("%s: byte %#x in '%s'", kind, (unsigned)(unsigned char)*p, line);
    }
    assert_true(*line != '\0');
}

static void assert_said(const char *kind, const char *said) {
    if (strstr(status_message(), said) == NULL)
        fail_msg("%s: '%s' lacks '%s'", kind, status_message(), said);
    assert_plain_line(kind, status_message());
}

static int verify(int argc, char **argv) { return (int)cmd_verify(argc, argv); }

/* `attest verify` on a file: exit code 3, nothing on stdout, and that line. */
static void assert_verify_refuses(const char *kind, const char *path, const char *said) {
    char *output, *argv[] = {"verify", (char *)path, NULL};
    enum status st = (enum status)sample_command(verify, argv, &output);
    if (status_exit_code(st) != 3)
        fail_msg("%s: verify ends with %d: %s", kind, status_exit_code(st), output);
    assert_string_equal(output, "");
    free(output);
    assert_said(kind, said);
}

/* A seal that is right about the bytes, and cannot be about the rest. */
static void seal_bytes(const char *path, const void *bytes, size_t size) {
    struct seal seal = {.size = size};
    char text[SEAL_MAX_BYTES];
    digest_hex(bytes, size, seal.file_digest);
    char *const others[] = {seal.content_digest, seal.plan_digest, seal.outputs_digest,
                            seal.measurements_digest};
    for (size_t i = 0; i < sizeof others / sizeof others[0]; i++)
        digest_hex("", 0, others[i]);
    strcpy(seal.suite_commit, "unknown");
    strcpy(seal.started, "2026-01-02T03:04:05Z");
    record_hdf5_version(seal.hdf5_version, sizeof seal.hdf5_version);
    sample_store(path, text, seal_format(&seal, text));
}

static void files_are_refused_by_kind(void **state) {
    (void)state;
    char *folder = sample_folder();
    for (size_t i = 0; i < hostile_count; i++) {
        const struct hostile *h = &hostile_records[i];
        size_t size;
        void *bytes = hostile_make(h, &size);
        struct tree *root = NULL;
        if (record_decode(bytes, size, "hostile", &root) != ST_RECORD)
            fail_msg("%s: not refused: %s", h->kind, status_message());
        assert_null(root);
        assert_said(h->kind, h->said);
        char before[1024];
        snprintf(before, sizeof before, "%s", status_message());
        assert_int_equal(record_decode_contained(bytes, size, "hostile", &root), ST_RECORD);
        assert_null(root);
        assert_string_equal(status_message(), before);

        const char *path = sample_path(folder, "r.h5");
        sample_store(path, bytes, size);
        seal_bytes(sample_path(folder, "r.h5.seal"), bytes, size);
        assert_verify_refuses(h->kind, path, h->said);
        free(bytes);
    }
    sample_remove(folder);
}

/* No kind twice, so that the list is what it says. */
static void kinds_differ(void **state) {
    (void)state;
    for (size_t i = 0; i < hostile_count; i++) {
        for (size_t j = 0; j < i; j++)
            assert_string_not_equal(hostile_records[i].kind, hostile_records[j].kind);
    }
}

static void plugins_stay_off(void **state) {
    (void)state;
    unsigned mask = 1;
    assert_true(H5PLset_loading_state(H5PL_ALL_PLUGIN) >= 0);
    record_hdf5_quiet();
    assert_true(H5PLget_loading_state(&mask) >= 0);
    assert_int_equal(mask, 0);
}

static void a_plain_record_comes_out_of_the_child(void **state) {
    (void)state;
    struct tree *root = sample_tree(), *back = NULL;
    void *bytes = NULL;
    size_t size;
    char a[DIGEST_HEX], b[DIGEST_HEX];
    assert_int_equal(record_encode(root, &bytes, &size), ST_OK);
    assert_int_equal(record_decode_contained(bytes, size, "sample", &back), ST_OK);
    tree_digest(root, a);
    tree_digest(back, b);
    assert_string_equal(a, b);
    free(bytes);
    tree_free(root);
    tree_free(back);
}

/* The program itself: its exit code, and all that it prints. */
static void the_program_prints_one_plain_line(void **state) {
    (void)state;
    if (getenv("ATTEST") == NULL) {
        print_message("ATTEST does not name the program\n");
        skip();
    }
    char *folder = sample_folder(), command[2048], line[4096];
    size_t tried = 0;
    for (size_t i = 0; i < hostile_count; i++) {
        const struct hostile *h = &hostile_records[i];
        if (strncmp(h->said, "name outside", strlen("name outside")) != 0)
            continue;
        size_t size;
        void *bytes = hostile_make(h, &size);
        const char *path = sample_path(folder, "r.h5");
        sample_store(path, bytes, size);
        seal_bytes(sample_path(folder, "r.h5.seal"), bytes, size);
        free(bytes);
        snprintf(command, sizeof command, "\"$ATTEST\" verify '%s' 2>&1", path);
        FILE *pipe = popen(command, "r");
        assert_non_null(pipe);
        line[fread(line, 1, sizeof line - 1, pipe)] = '\0';
        const int ended = pclose(pipe);
        assert_true(WIFEXITED(ended));
        assert_int_equal(WEXITSTATUS(ended), 3);
        const size_t length = strlen(line);
        assert_true(length > 1 && line[length - 1] == '\n');
        line[length - 1] = '\0';
        assert_plain_line(h->kind, line);
        assert_non_null(strstr(line, h->said));
        tried++;
    }
    assert_true(tried > 5);
    sample_remove(folder);
}

/* Whatever a changed byte does to HDF5, this process goes on with a tree or with one line. */
static void damage_stays_in_the_child(void **state) {
    (void)state;
    enum { TRIES = 200 };
    struct tree *root = sample_run();
    void *encoded = NULL;
    size_t size, refused = 0;
    assert_int_equal(record_encode(root, &encoded, &size), ST_OK);
    char *bytes = encoded;
    uint32_t random = 1; /* Numerical Recipes' generator: the same changes on every machine */
    for (int i = 0; i < TRIES; i++) {
        random = random * 1664525U + 1013904223U;
        const size_t at = 8 + (random >> 8) % (size - 8), bit = random >> 29;
        struct tree *back = NULL;
        bytes[at] = (char)(bytes[at] ^ (1 << bit));
        const enum status st = record_decode_contained(bytes, size, "damaged", &back);
        bytes[at] = (char)(bytes[at] ^ (1 << bit));
        assert_true(st == ST_RECORD || st == ST_OK);
        assert_true((st == ST_OK) == (back != NULL));
        if (st == ST_RECORD)
            assert_plain_line("damaged", status_message());
        refused += st == ST_RECORD;
        tree_free(back);
    }
    /* Some changes hit values, or nothing at all. */
    assert_true(refused > 0 && refused < TRIES);
    free(encoded);
    tree_free(root);
}

/* --- well-formed files that hold what no record does ---------------------------------------- */

/* The node of the sample's first cell in one part. */
static struct tree *cell(struct tree *root, const char *part) {
    return tree_find(tree_find(root, part), "cells")->children[0];
}

/* The first cell that has samples. */
static struct tree *sampled(struct tree *root) {
    struct tree *cells = tree_find(root, "measurements/cells");
    for (size_t i = 0; i < cells->child_count; i++) {
        if (tree_find(cells->children[i], "samples") != NULL)
            return cells->children[i];
    }
    fail_msg("no cell has samples");
    return NULL;
}

static void add_dataset(struct tree *parent, const char *name) {
    const double x = 1;
    assert_non_null(tree_dataset(parent, name, TREE_F64, 0, NULL, &x));
}

/* Renames a child, whose siblings must stay sorted: for the last of them. */
static void rename_last(struct tree *parent) {
    assert_true(parent->child_count > 0);
    strcpy(parent->children[parent->child_count - 1]->name, "zzz.00000000");
}

static void extra_root_group(struct tree *r) { tree_group(r, "claims"); }
static void extra_root_dataset(struct tree *r) { add_dataset(r, "notes"); }
static void extra_root_attribute(struct tree *r) { tree_set_string(r, "verdict", "reproduced"); }
static void extra_output_group(struct tree *r) { tree_group(tree_find(r, "outputs"), "more"); }
static void extra_output_attribute(struct tree *r) {
    tree_set_i64(tree_find(r, "outputs"), "x", 1);
}
static void plan_dataset(struct tree *r) { add_dataset(tree_find(r, "plan"), "more"); }
static void loose_samples(struct tree *r) { add_dataset(tree_find(r, "measurements"), "more"); }
static void cells_attribute(struct tree *r) { tree_set_i64(tree_find(r, "plan/cells"), "x", 1); }
static void cell_dataset(struct tree *r) { add_dataset(tree_find(r, "outputs/cells"), "toy"); }
static void plan_cell_group(struct tree *r) { tree_group(cell(r, "plan"), "more"); }
static void plan_cell_attribute(struct tree *r) { tree_set_i64(cell(r, "plan"), "weight", 2); }
static void params_group(struct tree *r) {
    tree_group(tree_find(cell(r, "plan"), "params"), "more");
}
/* In whichever cell has that real parameter. */
static void nan_param(struct tree *r) {
    struct tree *cells = tree_find(r, "plan/cells");
    for (size_t i = 0; i < cells->child_count; i++) {
        struct tree *params = tree_find(cells->children[i], "params");
        if (tree_get(params, "eps0") != NULL)
            tree_set_f64(params, "eps0", NAN);
    }
}
static void nan_metric(struct tree *r) {
    const double row[2] = {NAN, 1};
    struct tree *cells = tree_find(r, "outputs/cells");
    for (size_t i = 0; i < cells->child_count; i++) {
        if (tree_get(cells->children[i], "recall_at_k") != NULL)
            tree_set_f64s(cells->children[i], "recall_at_k", row, 2);
    }
}
static void output_cell_group(struct tree *r) { tree_group(cell(r, "outputs"), "more"); }
static void output_metric(struct tree *r) { tree_set_null(cell(r, "outputs"), "undeclared"); }
static void output_units(struct tree *r) { tree_set_f64(cell(r, "outputs"), "sample_units", 1); }
static void measured_oracle(struct tree *r) {
    tree_set_string(cell(r, "measurements"), "oracle", "pass");
}
static void measured_dataset(struct tree *r) { add_dataset(sampled(r), "retries"); }
static void sample_note(struct tree *r) {
    tree_set_string(tree_find(sampled(r), "samples"), "unit", "s");
}
static void one_more_output(struct tree *r) {
    tree_group(tree_find(r, "outputs/cells"), "zzz.00000000");
}
static void one_more_plan(struct tree *r) {
    tree_group(tree_find(r, "plan/cells"), "zzz.00000000");
}
static void one_more_measured(struct tree *r) {
    tree_group(tree_find(r, "measurements/cells"), "zzz.00000000");
}
static void other_output(struct tree *r) { rename_last(tree_find(r, "outputs/cells")); }
static void other_plan(struct tree *r) { rename_last(tree_find(r, "plan/cells")); }
static void other_measured(struct tree *r) { rename_last(tree_find(r, "measurements/cells")); }

static void extra_objects_are_refused_by_kind(void **state) {
    (void)state;
    static const struct {
        const char *kind, *said;
        void (*change)(struct tree *root);
    } records[] = {
        {"group at the root", "extra group claims in the root group", extra_root_group},
        {"dataset at the root", "extra dataset notes in the root group", extra_root_dataset},
        {"attribute at the root", "extra attribute verdict in the root group",
         extra_root_attribute},
        {"group in outputs", "extra group more in outputs", extra_output_group},
        {"attribute of outputs", "extra attribute x in outputs", extra_output_attribute},
        {"dataset in plan", "extra dataset more in plan", plan_dataset},
        {"dataset in measurements", "extra dataset more in measurements", loose_samples},
        {"attribute of plan/cells", "extra attribute x in plan/cells", cells_attribute},
        {"dataset among cells", "extra dataset toy in outputs/cells", cell_dataset},
        {"group in a planned cell", "extra group more in plan/cells/", plan_cell_group},
        {"attribute of a planned cell", "extra attribute weight in plan/cells/",
         plan_cell_attribute},
        {"group in params", "extra group more in params of cell/", params_group},
        {"NaN as a parameter", "malformed parameter eps0", nan_param},
        {"NaN as an output metric", "malformed metric recall_at_k", nan_metric},
        {"group in a judged cell", "extra group more in outputs/cells/", output_cell_group},
        {"undeclared metric", "malformed metric undeclared", output_metric},
        {"work units in outputs", "malformed metric sample_units", output_units},
        {"verdict in measurements", "malformed metric oracle", measured_oracle},
        {"dataset in a measured cell", "extra dataset retries in measurements/cells/",
         measured_dataset},
        {"attribute of samples", "extra attribute unit in samples/", sample_note},
        {"cell in outputs only", "4 cells planned, 5 judged, 4 measured", one_more_output},
        {"cell in plan only", "5 cells planned, 4 judged, 4 measured", one_more_plan},
        {"cell in measurements only", "4 cells planned, 4 judged, 5 measured", one_more_measured},
        {"other cell in outputs", "where outputs have zzz.00000000", other_output},
        {"other cell in plan", "cell zzz.00000000 is planned where outputs have", other_plan},
        {"other cell in measurements", "where measurements have zzz.00000000", other_measured},
    };
    char *folder = sample_folder();
    for (size_t i = 0; i < sizeof records / sizeof records[0]; i++) {
        struct tree *root = sample_run();
        const char *path = sample_path(folder, "r.h5");
        records[i].change(root);
        assert_int_equal(record_write(root, path, NULL), ST_OK);
        tree_free(root);
        assert_verify_refuses(records[i].kind, path, records[i].said);
    }
    sample_remove(folder);
}

static void further_groups_of_plan_and_measurements_pass(void **state) {
    (void)state;
    char *folder = sample_folder();
    const char *path = sample_path(folder, "r.h5");
    struct tree *root = sample_run();
    add_dataset(tree_group(tree_find(root, "measurements"), "sessions"), "began");
    tree_set_i64(tree_group(tree_find(root, "plan"), "settings"), "m", 16);
    assert_int_equal(record_write(root, path, NULL), ST_OK);
    tree_free(root);
    char *output, *argv[] = {"verify", (char *)path, NULL};
    assert_int_equal(sample_command(verify, argv, &output), ST_OK);
    free(output);
    sample_remove(folder);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(files_are_refused_by_kind),
        cmocka_unit_test(kinds_differ),
        cmocka_unit_test(plugins_stay_off),
        cmocka_unit_test(a_plain_record_comes_out_of_the_child),
        cmocka_unit_test(the_program_prints_one_plain_line),
        cmocka_unit_test(damage_stays_in_the_child),
        cmocka_unit_test(extra_objects_are_refused_by_kind),
        cmocka_unit_test(further_groups_of_plan_and_measurements_pass),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
