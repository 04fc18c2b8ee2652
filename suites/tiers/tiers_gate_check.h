/* The gate's answer to a packet beside its oracle's. */
#ifndef ATTEST_SUITES_TIERS_TIERS_GATE_CHECK_H
#define ATTEST_SUITES_TIERS_TIERS_GATE_CHECK_H

#include "../../harness/judge/judge.h"
#include "../../reference/tier_gate.h"
#include "tiers_gate.h"

/* The rule by which the oracle decides on a packet, an index of ref_gate_tier and ref_gate_flush.
 */
int tiers_gate_rule(const struct tiers_packet *p);

void tiers_gate_check(const struct tiers_packet *p, struct judge *j);

#endif
