/* The part "mixture": workloads of requests of several tiers.
 *
 * Arms: closed, each request sent when the one before it is answered; open, requests due at
 * scheduled moments.  A timed round is a stretch of the stream; the latency of every request is
 * kept. */
#ifndef ATTEST_SUITES_TIERS_TIERS_MIXTURE_H
#define ATTEST_SUITES_TIERS_TIERS_MIXTURE_H

#include "../../harness/judge/block_bootstrap.h"
#include "tiers.h"
#include "tiers_load.h"

struct tiers_mixture_arm {
    const struct kernel *kernel;
    const struct tiers_workload *workload;
    enum tiers_order order;
    double load; /* share of the time that the server is busy; 0: closed loop */
    struct tiers_server server;
    struct tiers_stream stream;
    uint8_t *tier, *hit;  /* (requests) as checked */
    struct tiers_log log; /* (requests) as timed */
    uint64_t *kept;       /* (rounds) signature of the last request computed before each; 0: none */
    double *arrival;      /* (requests) open loop: seconds since the round began */
    double service_us;    /* open loop: mean time of a request, by which arrivals are set */
    struct transformer_counts counts[TIERS_KINDS]; /* of one request of each kind */
};

struct tiers_mixture_group {
    struct run *run;
    const struct tiers_config *config;
    struct transformer_weights weights; /* those of every server */
    int64_t rounds, each;               /* requests a round */
    float *logits, *aside;              /* aside: of passes that warm the caches */
};

/* Serves requests of round `round`, into the log. */
double tiers_mixture_round(const struct tiers_mixture_group *s, struct tiers_mixture_arm *a,
                           int64_t round);

/* tiers_mixture_check.c, tiers_mixture_summary.c */
enum status tiers_mixture_check(struct run *run, struct group *g, struct cell *c);
enum status tiers_mixture_summarise(struct run *run, struct group *g);

#endif
