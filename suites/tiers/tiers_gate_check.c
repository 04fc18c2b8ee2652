#include "tiers_gate_check.h"

int tiers_gate_rule(const struct tiers_packet *p) {
    const struct ref_gate_input in = {.lambda = p->lambda,
                                      .lambda_prev = p->lambda_prev,
                                      .edges = p->boundary_edges,
                                      .concentration = p->boundary_concentration,
                                      .partitions = p->partitions,
                                      .spike_rate = p->spike_rate,
                                      .skip = p->skip,
                                      .force_safe = p->force_safe,
                                      .spike_present = p->spike_present,
                                      .spike_fired = p->spike_fired};
    return ref_gate_rule(&in);
}

void tiers_gate_check(const struct tiers_packet *p, struct judge *j) {
    const int rule = tiers_gate_rule(p);
    const struct tiers_decision d = tiers_gate(p);
    if (d.tier != ref_gate_tier[rule] || d.flush != (ref_gate_flush[rule] != 0)) {
        judge_fail(j, "the gate sends a packet to tier %d, the oracle to %d", d.tier,
                   ref_gate_tier[rule]);
    }
}
