/* Serves requests: the gate, then a pass of the network or the logits it kept. */
#ifndef ATTEST_SUITES_TIERS_TIERS_SERVER_H
#define ATTEST_SUITES_TIERS_TIERS_SERVER_H

#include "../../harness/judge/kernel.h"
#include "tiers_config.h"
#include "tiers_gate.h"

struct tiers_request {
    struct tiers_packet packet;
    uint64_t signature;    /* of the input: the logits of an equal one may be repeated */
    const int32_t *tokens; /* (seq of the configuration) */
};

/* What became of a request. */
struct tiers_answer {
    int tier;   /* as the gate decided */
    bool flush; /* the cache of keys and values was emptied */
    bool hit;   /* tier 3: the signature was that of the kept logits; else they are zero */
};

struct tiers_server {
    const struct tiers_config *config;
    const struct transformer_impl *impl;
    void *network;
    bool dense;         /* every query reads all keys, whatever the tier's window */
    bool early;         /* tiers 1 and 2 run the first layers instead of the last */
    float *kept;        /* (logits) of the last pass */
    uint64_t signature; /* of its input */
    bool has_kept;
};

/* Builds the network of a configuration from the seed on a kernel of operation "transformer".
 * ST_SYSTEM: no memory. */
enum status tiers_server_open(const struct tiers_config *config, const struct kernel *kernel,
                              uint64_t seed, struct tiers_server *out);
void tiers_server_close(struct tiers_server *s);

/* The pass that a tier below 3 runs; flushed: tier 1 behind a flush. */
struct transformer_pass tiers_server_pass(const struct tiers_server *s, int tier, bool flushed);

/* One request on the caller's thread; logits (logits of the configuration).  counts: what the
 * request did, 0 in tier 3; NULL: nothing is counted. */
struct tiers_answer tiers_serve(struct tiers_server *s, const struct tiers_request *r,
                                float *logits, struct transformer_counts *counts);

#endif
