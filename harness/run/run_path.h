/* Where the record of a run goes. */
#ifndef ATTEST_HARNESS_RUN_PATH_H
#define ATTEST_HARNESS_RUN_PATH_H

#include <limits.h>

#include "../base/status.h"

/* build/records/NAME-MACHINE-TIME.h5, its folder made; started: ISO 8601. */
enum status run_path_default(const char *name, const char *started, char out[PATH_MAX]);

/* The record whose journal in build/records/ changed last; "" if none lies there. */
void run_path_unfinished(char out[PATH_MAX]);

/* ST_SYSTEM when the folder of path is missing or read-only, or path is a folder: a long run must
 * not fail at its end for that. */
enum status run_path_check(const char *path);

#endif
