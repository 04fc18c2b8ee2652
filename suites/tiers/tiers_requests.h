/* Streams of requests: S004's workloads, one with faults, and one of tier 0 alone, in several
 * orders. */
#ifndef ATTEST_SUITES_TIERS_TIERS_REQUESTS_H
#define ATTEST_SUITES_TIERS_TIERS_REQUESTS_H

#include "tiers_server.h"

/* What a workload is made of: tiers, and tier 1 behind a flush apart. */
enum tiers_kind {
    TIERS_KIND_0,
    TIERS_KIND_1,
    TIERS_KIND_2,
    TIERS_KIND_3,
    TIERS_KIND_FLUSH,
    TIERS_KINDS
};

/* Where the gate is meant to send a request of the kind. */
int tiers_kind_tier(enum tiers_kind kind);

struct tiers_workload {
    const char *name;          /* "interactive" */
    double share[TIERS_KINDS]; /* sums to 1 */
};

enum { TIERS_WORKLOADS = 6 };
/* S004's streaming, interactive, continuous and safety, which know tiers 0, 1 and 3 only; fault,
 * with .45 of tier 0, .15 of tier 1, .20 of tier 2, .10 of tier 3 and .10 behind a flush; and
 * tier0, which all are compared with. */
extern const struct tiers_workload tiers_workloads[TIERS_WORKLOADS];
const struct tiers_workload *tiers_workload_find(const char *name); /* NULL: none of that name */

enum tiers_order {
    TIERS_EXACT,  /* share times count of each kind, off by less than 1, shuffled */
    TIERS_IID,    /* each drawn by itself */
    TIERS_BURSTY, /* a Markov chain: drawn anew once in TIERS_BURST requests, else as the one
                   * before; shares in the long run are the same, runs of a kind TIERS_BURST / (1 -
                   * share) requests long in the mean */
    TIERS_ORDERS
};
enum { TIERS_BURST = 8 };
extern const char *const tiers_orders[TIERS_ORDERS]; /* "exact", "iid", "bursty" */

enum {
    TIERS_PROMPTS = 64,    /* in the pool of a stream, tokens drawn uniformly */
    TIERS_MISS_ONE_IN = 10 /* requests of tier 3 */
};

/* tokens (count, seq): prompts, every token uniform. */
void tiers_prompts(const struct transformer_shape *shape, uint64_t seed, int32_t count,
                   int32_t *tokens);

struct tiers_stream {
    const struct tiers_config *config;
    int64_t count;
    struct tiers_request *requests; /* (count) */
    uint8_t *intended;              /* (count) enum tiers_kind */
    int32_t *tokens;                /* (TIERS_PROMPTS, seq) that the requests read */
};

/* Every packet is one that the gate sends where the stream intends it, by one of the rules that
 * lead there, drawn.  A computed request reads a prompt of the pool under a signature of its own;
 * one of tier 3 repeats prompt and signature of the last computed request, but for one in ten (and
 * where none was computed), whose signature is new: it misses.  The same stream on every machine.
 * ST_SYSTEM: no memory. */
enum status tiers_stream_make(const struct tiers_config *config, const struct tiers_workload *w,
                              enum tiers_order order, int64_t count, uint64_t seed,
                              struct tiers_stream *out);
void tiers_stream_free(struct tiers_stream *s);

#endif
