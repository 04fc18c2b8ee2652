/* S004's gate: which tier a request runs, from what came with it.  Whole numbers; shares are Q15,
 * 32768 for 1. */
#ifndef ATTEST_SUITES_TIERS_TIERS_GATE_H
#define ATTEST_SUITES_TIERS_TIERS_GATE_H

#include <stdbool.h>
#include <stdint.h>

/* What lies beyond one of these does not run in tier 0. */
enum {
    TIERS_LAMBDA_LEAST = 30,
    TIERS_DROP_MOST = 12288, /* Q15 */
    TIERS_EDGES_MOST = 20,
    TIERS_CONCENTRATION_MOST = 20480, /* Q15 */
    TIERS_PARTITIONS_MOST = 10,
    TIERS_SPIKE_RATE_MOST = 16384 /* Q15 */
};

struct tiers_packet {
    uint32_t lambda, lambda_prev; /* minimum cut now and before */
    uint32_t boundary_edges;
    uint32_t boundary_concentration; /* Q15 */
    uint32_t partitions;
    bool skip, force_safe; /* flags */
    bool spike_present, spike_fired;
    uint32_t spike_rate; /* Q15 */
};

struct tiers_decision {
    int tier;   /* 0 .. 3 */
    bool flush; /* the cache of keys and values is emptied first */
};

/* First hit wins: skip -> 3; force_safe -> 2; a spike that did not fire -> 3, one whose rate is
 * above 16384 -> 2; lambda < 30 -> 2; (prev - lambda) 32768 / prev > 12288 -> flush, 1; edges > 20
 * -> 1; concentration > 20480 -> 1; partitions > 10 -> 1; else 0.  The quotient is whole, as in
 * S004; without a cut before (prev 0), or with a larger cut now, nothing dropped.  Source: S004. */
struct tiers_decision tiers_gate(const struct tiers_packet *p);

#endif
