/* Small records for tests, and files to put them in. */
#ifndef ATTEST_HARNESS_TESTS_SAMPLE_RECORD_H
#define ATTEST_HARNESS_TESTS_SAMPLE_RECORD_H

#include <stddef.h>

#include "../record/cell.h"
#include "../record/tree.h"

/* The smallest complete record: plan, outputs, measurements, one number. */
struct tree *sample_small(void);
/* Every type and shape that a tree can hold. */
struct tree *sample_tree(void);
/* Three cells of experiment "toy" (pass with samples, fail, skip) and one of "model"; sample_free.
 */
size_t sample_cells(struct cell cells[4]);
/* Those cells in a whole record with its machine. */
struct tree *sample_run(void);

/* A new folder under $TMPDIR, and its removal with everything in it. */
char *sample_folder(void);
void sample_remove(char *folder);
/* FOLDER/NAME in a buffer that the next four calls leave alone. */
const char *sample_path(const char *folder, const char *name);
/* Whole files; sample_load's result is malloc'd. Failures fail the test. */
char *sample_load(const char *path, size_t *size);
void sample_store(const char *path, const void *data, size_t size);

/* Runs a subcommand with its stdout in *output (malloc'd, NUL-terminated). */
int sample_command(int (*call)(int, char **), char *const *argv, char **output);

#endif
