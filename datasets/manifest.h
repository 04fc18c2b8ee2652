/* The manifest: datasets that come as files, with source, licence and SHA-256 of each file.
 *
 * Its rows live in manifest.tsv alone; manifest.c carries that file's bytes inside the program, so
 * an installed or relocated program checks against what it was built with.
 */
#ifndef ATTEST_DATASETS_MANIFEST_H
#define ATTEST_DATASETS_MANIFEST_H

#include <stdbool.h>
#include <stddef.h>

#include "../harness/base/status.h"

struct manifest_row {
    char name[64]; /* of the dataset */
    char kind[16]; /* "package", or "fetched": once, by datasets/fetch-NAME.sh */
    char role[16]; /* "base", "queries" or "weights" */
    char source[256];
    char licence[64];
    char file[128];  /* relative to a data directory */
    char sha256[65]; /* lower-case hex */
};

/* Row `index` in the file's order; false behind the last one. */
bool manifest_at(size_t index, struct manifest_row *out);

/* The row of a dataset and role; false if there is none. */
bool manifest_find(const char *name, const char *role, struct manifest_row *out);

/* Path of a row's file: under the directory named by the environment variable ATTEST_DATA, else,
 * for a package, under /usr/share/datasets, and for a fetched file in the cache: $ATTEST_CACHE,
 * else $XDG_CACHE_HOME/attest, else $HOME/.cache/attest.  ST_INPUT with the command to run: in
 * neither. */
enum status manifest_locate(const struct manifest_row *row, char *path, size_t size);

#endif
