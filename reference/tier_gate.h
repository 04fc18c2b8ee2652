/* Oracle of S004's gate: every rule is judged, then the first that applies is taken. */
#ifndef ATTEST_REFERENCE_TIER_GATE_H
#define ATTEST_REFERENCE_TIER_GATE_H

/* Whole numbers below 2^32, flags 0 or 1. */
struct ref_gate_input {
    double lambda, lambda_prev, edges, concentration, partitions, spike_rate;
    int skip, force_safe, spike_present, spike_fired;
};

enum { REF_GATE_RULES = 10 };

/* Index, from 0, of the rule that decides: skip; force_safe; a spike that did not fire; its rate;
 * lambda; its drop; edges; concentration; partitions; none of them.  Products stay below 2^53 and
 * are exact.  Source: S004. */
int ref_gate_rule(const struct ref_gate_input *in);

/* Tier that a rule sends to, and whether it empties the cache. */
extern const int ref_gate_tier[REF_GATE_RULES], ref_gate_flush[REF_GATE_RULES];

#endif
