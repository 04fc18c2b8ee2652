#include "tiers_gate.h"

/* Share of the cut before that is gone, Q15, rounded down. */
static uint64_t drop_of(const struct tiers_packet *p) {
    if (p->lambda >= p->lambda_prev) {
        return 0;
    }
    return (uint64_t)(p->lambda_prev - p->lambda) * 32768 / p->lambda_prev;
}

struct tiers_decision tiers_gate(const struct tiers_packet *p) {
    if (p->skip) {
        return (struct tiers_decision){3, false};
    }
    if (p->force_safe) {
        return (struct tiers_decision){2, false};
    }
    if (p->spike_present && !p->spike_fired) {
        return (struct tiers_decision){3, false};
    }
    if (p->spike_present && p->spike_rate > TIERS_SPIKE_RATE_MOST) {
        return (struct tiers_decision){2, false};
    }
    if (p->lambda < TIERS_LAMBDA_LEAST) {
        return (struct tiers_decision){2, false};
    }
    if (drop_of(p) > TIERS_DROP_MOST) {
        return (struct tiers_decision){1, true};
    }
    const bool weak = p->boundary_edges > TIERS_EDGES_MOST ||
                      p->boundary_concentration > TIERS_CONCENTRATION_MOST ||
                      p->partitions > TIERS_PARTITIONS_MOST;
    return (struct tiers_decision){weak ? 1 : 0, false};
}
