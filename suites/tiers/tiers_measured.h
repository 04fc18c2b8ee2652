/* What this run measured or counted of a number that S004 prints. */
#ifndef ATTEST_SUITES_TIERS_TIERS_MEASURED_H
#define ATTEST_SUITES_TIERS_TIERS_MEASURED_H

#include "../../harness/run/experiment.h"

/* In the unit that the model's cell names; NaN: nothing of it was measured.  A number that S004
 * prints of no configuration is measured on "baseline", whose layers and tokens it names. */
double tiers_measured(const struct run *run, const struct cell *model);

/* The same among these cells. */
double tiers_measured_among(const struct cell *const *cells, size_t n, const struct cell *model);

#endif
