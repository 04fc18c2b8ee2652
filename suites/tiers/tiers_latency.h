/* The part "latency": a request of each tier by itself, and what a pass is made of.
 *
 * Arms: tier, as the gate sends it; dense, where every query reads all keys; early, which runs the
 * first layers instead of the last; gate, its decision alone; products, a pass's products of
 * matrices and nothing else; peak, what the machine multiplies at most.  Weights are warm, or
 * evicted from all caches before each request. */
#ifndef ATTEST_SUITES_TIERS_TIERS_LATENCY_H
#define ATTEST_SUITES_TIERS_TIERS_LATENCY_H

#include "../../harness/run/energy.h"
#include "tiers.h"
#include "tiers_packets.h"
#include "tiers_products.h"

enum tiers_latency_kind {
    TIERS_ARM_TIER,
    TIERS_ARM_DENSE,
    TIERS_ARM_EARLY,
    TIERS_ARM_GATE,
    TIERS_ARM_PRODUCTS,
    TIERS_ARM_PEAK,
    TIERS_LATENCY_KINDS
};
extern const char *const tiers_latency_arms[TIERS_LATENCY_KINDS];

enum { TIERS_LATENCY_REQUESTS = 8, TIERS_FLOOD = 128 << 20, TIERS_PEAK_STEPS = 20000 };

struct tiers_latency_arm {
    enum tiers_latency_kind kind;
    int tier;
    bool evicted, flushed, hit;
    int64_t repeat; /* requests a sample */
    const struct kernel *kernel;
    struct tiers_server server;      /* of arms that answer requests */
    struct tiers_products *products; /* of that arm */
    struct tiers_request requests[TIERS_LATENCY_REQUESTS];
    uint64_t answers[TIERS_LATENCY_REQUESTS]; /* checksums of the checked logits */
    size_t other_answers;                     /* timed requests that were answered otherwise */
    struct transformer_counts counts;         /* of one request */
    double joules;                            /* of all samples; NaN: not measured */
    volatile double sink;                     /* keeps the work of gate and peak alive */
};

struct tiers_latency_group {
    struct run *run;
    const struct tiers_config *config;
    struct transformer_weights weights; /* those of every server */
    int32_t *tokens;                    /* (TIERS_LATENCY_REQUESTS, seq) */
    float *logits;
    unsigned char *flood; /* (TIERS_FLOOD) is read to evict everything else */
};

/* tiers_latency_check.c, tiers_latency_time.c, tiers_latency_summary.c */
enum status tiers_latency_check(struct run *run, struct group *g, struct cell *c);
double tiers_latency_time(struct group *g, struct cell *c, int round);
enum status tiers_latency_summarise(struct run *run, struct group *g);

#endif
