/* What leaving out layers costs a real language model: group "quality".  S004's tier 1 runs the
 * last layers and calls it "0-2 % degradation"; here the early or the late layers of a model are
 * left out, by how many are kept: perplexity, and the divergence from the whole model's tokens. */
#ifndef ATTEST_SUITES_TIERS_TIERS_QUALITY_H
#define ATTEST_SUITES_TIERS_TIERS_QUALITY_H

#include "../../harness/run/experiment.h"

enum status tiers_plan_quality(struct run *run);
enum status tiers_prepare_quality(struct run *run, struct group *g);
enum status tiers_check_quality(struct run *run, struct group *g, struct cell *c);
void tiers_release_quality(struct group *g);

extern const struct table tiers_quality_tables[];

#endif
