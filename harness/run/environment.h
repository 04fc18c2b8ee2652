/* What a run took place on: machine, build, libraries, load. Stored in every record. */
#ifndef ATTEST_HARNESS_ENVIRONMENT_H
#define ATTEST_HARNESS_ENVIRONMENT_H

#include <stddef.h>

#include "../record/tree.h"

/* Writes everything that does not change during a run as attributes of node. */
void environment_store(struct tree *node);

/* Adds load averages, steal time and throttling facts under a name ending in _before or _after. */
void environment_store_load(struct tree *node, const char *suffix);

/* Short name of this machine for file names: "amd-epyc", from the CPU model; [a-z0-9-]. */
void environment_slug(char *out, size_t size);

#endif
