/* What the dataset tests share: a scratch directory, files in it, and refusals. */
#ifndef ATTEST_DATASETS_TESTS_SUPPORT_H
#define ATTEST_DATASETS_TESTS_SUPPORT_H

#include <stddef.h>

#include "../../harness/base/status.h"

enum { PATH_MAX_TEST = 512, HASH_HEX = 65 };

/* cmocka group set-up and tear-down: makes and removes a directory under $TMPDIR. */
int scratch_make(void **state);
int scratch_remove(void **state);

/* "DIRECTORY/NAME" in a static buffer that the next call overwrites. */
const char *scratch_path(const char *name);

/* Writes a file of that name into the directory; returns its path (see scratch_path). */
const char *scratch_write(const char *name, const void *bytes, size_t size);

/* The last call returned ST_INPUT and its one line holds all of WHERE and WHAT. */
void assert_refused(enum status st, const char *where, const char *what);

/* BLAKE2b-256 in hex, in a static buffer. */
const char *hash_hex(const void *bytes, size_t size);

#endif
