/* Pieces of a run as its record has them. */
#ifndef ATTEST_HARNESS_RUN_RECORD_H
#define ATTEST_HARNESS_RUN_RECORD_H

#include "run.h"

/* Writes what was asked for: experiments, profile, seed, settings, datasets.  False: memory. */
bool run_store_plan(const struct run *r, struct tree *plan);

/* Writes a group's A/A control.  False: memory. */
bool run_store_control(const struct run_group *g, struct tree *node);

#endif
