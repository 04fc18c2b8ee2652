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

struct tiers_workload {
    const char *name;          /* "interactive" */
    double share[TIERS_KINDS]; /* sums to 1 */
};

enum { TIERS_WORKLOADS = 6 };
/* streaming, interactive, continuous, safety, fault, and tier0, which all are compared with. */
extern const struct tiers_workload tiers_workloads[TIERS_WORKLOADS];
const struct tiers_workload *tiers_workload_find(const char *name); /* NULL: none of that name */

enum tiers_order {
    TIERS_EXACT,  /* share times count of each kind, rounded, shuffled */
    TIERS_IID,    /* each drawn by itself */
    TIERS_BURSTY, /* a Markov chain that stays with a kind; the shares in the long run are the same
                   */
    TIERS_ORDERS
};
extern const char *const tiers_orders[TIERS_ORDERS]; /* "exact", "iid", "bursty" */

struct tiers_stream {
    const struct tiers_config *config;
    int64_t count;
    struct tiers_request *requests; /* (count) */
    uint8_t *intended;              /* (count) enum tiers_kind */
    int32_t *tokens;                /* prompts that the requests read */
};

/* Every packet is one that the gate sends where the stream intends it, by one of the reasons that
 * lead there, drawn by the seed.  A tier-3 request repeats the signature of the last computed
 * request, but for one in ten, which misses.  The same stream on every machine.  ST_SYSTEM: no
 * memory. */
enum status tiers_stream_make(const struct tiers_config *config, const struct tiers_workload *w,
                              enum tiers_order order, int64_t count, uint64_t seed,
                              struct tiers_stream *out);
void tiers_stream_free(struct tiers_stream *s);

#endif
