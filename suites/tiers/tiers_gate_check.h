/* The gate's answer to a packet beside its oracle's. */
#ifndef ATTEST_SUITES_TIERS_TIERS_GATE_CHECK_H
#define ATTEST_SUITES_TIERS_TIERS_GATE_CHECK_H

#include "../../harness/judge/judge.h"
#include "tiers_gate.h"

void tiers_gate_check(const struct tiers_packet *p, struct judge *j);

#endif
