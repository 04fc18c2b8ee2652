/* S004's own numbers, made again from its constants, and what they are beside: group "model". */
#ifndef ATTEST_SUITES_TIERS_TIERS_MODEL_H
#define ATTEST_SUITES_TIERS_TIERS_MODEL_H

#include "../../harness/run/experiment.h"

/* Plans the cells; computes one: metrics computed, computed_rounded and matches.  What was measured
 * of a cell's quantity is the caller's to add, as metric "measured" in the cell's unit; the tables
 * have a column of it. */
enum status tiers_plan_model(struct run *run);
enum status tiers_check_model(struct run *run, struct cell *c);

extern const struct table tiers_model_tables[];

#endif
