/* What this program was built from and how: stored in every record. */
#ifndef ATTEST_HARNESS_VERSION_H
#define ATTEST_HARNESS_VERSION_H

#include <stdbool.h>

/* Release, "0.1.0". */
const char *suite_version(void);

/* Commit of the sources, 40 hex digits, or "unknown" where they came without git. */
const char *suite_commit(void);

/* True when the sources differed from that commit. */
bool suite_dirty(void);

/* C compiler and its version: "gcc 12.2.0". */
const char *suite_compiler(void);

/* Compiler flags by kind of source file, "; " between kinds; include paths are left out. */
const char *suite_flags(void);

/* Libraries found when it was built, with versions: "benchmark=1.7.1 hdf5=1.10.8 ...". */
const char *suite_libraries(void);

#endif
