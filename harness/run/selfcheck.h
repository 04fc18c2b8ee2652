/* The suite's check of itself, as an experiment: its cells are the lines of `attest selfcheck`, its
 * record is a run's. */
#ifndef ATTEST_HARNESS_SELFCHECK_H
#define ATTEST_HARNESS_SELFCHECK_H

#include <stddef.h>

#include "experiment.h"

/* Arm: the section.  Parameters: what the line is about.  Verdict: whether it is as it must be. */
extern const struct experiment experiment_selfcheck;

/* "accepts l2_scan/scalar", "rejects knn/exact/untouched/stale": section, then the kernel, or the
 * parameters between slashes. */
void selfcheck_line(const struct cell *c, char *out, size_t size);

#endif
