/* What leaving out layers costs over texts: means over all their predictions, with 95 % intervals
 * of a bootstrap over texts. */
#ifndef ATTEST_SUITES_TIERS_TIERS_QUALITY_METRICS_H
#define ATTEST_SUITES_TIERS_TIERS_QUALITY_METRICS_H

#include "../../harness/judge/stats.h"
#include "tiers_divergence.h"

/* exp of the mean loss of all predictions without the layers.  Each is NaN where there is none. */
struct interval tiers_ppl(const struct tiers_text *texts, size_t n);

/* That over the whole model's, minus 1. */
struct interval tiers_ppl_gap(const struct tiers_text *texts, size_t n);

struct interval tiers_kl(const struct tiers_text *texts, size_t n); /* nats a prediction */
struct interval tiers_top1_agreement(const struct tiers_text *texts, size_t n); /* share */

#endif
