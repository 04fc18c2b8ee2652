/* Operation "graph": the nearest vectors of a query by a hierarchical navigable small world, a
 * greedy search along links instead of a scan.
 *
 * Vectors are of unit length and are compared by their inner product; the larger, the nearer. An
 * index is built at once or grows by insertion, and answers queries on the calling thread only;
 * search() must be re-entrant on one index.  Source: Malkov and Yashunin, "Efficient and robust
 * approximate nearest neighbor search using HNSW graphs", IEEE TPAMI 2020, algorithms 1 to 5.
 */
#ifndef ATTEST_SUITES_KERNELS_GRAPH_H
#define ATTEST_SUITES_KERNELS_GRAPH_H

#include <stdint.h>

#include "../../harness/base/status.h"

struct graph_params {
    int32_t d;
    int32_t m;               /* links a node and level; 2 m on level 0 */
    int32_t ef_construction; /* candidates kept while inserting */
    int64_t capacity;        /* vectors that the index may come to hold */
    uint64_t seed;           /* of the levels, where the library takes one */
};

/* What one search did, added to what the struct holds. */
struct graph_counts {
    uint64_t evaluations; /* inner products, on all levels, the entry point's included */
    uint64_t lowest;      /* those of them on level 0 */
    uint64_t hops;        /* nodes whose links were read, on all levels */
    uint64_t bytes;       /* of vectors and link lists that were read, each time anew */
};

/* A graph as plain arrays: what the oracle and the flat kernels search. */
struct graph_links {
    int64_t n;
    int32_t d, levels;  /* levels above and with 0 */
    int32_t entry;      /* node that a search begins at, on the highest level */
    int32_t width[32];  /* links a node may have on each level */
    int32_t *links[32]; /* (n, width) of each level; -1 behind a node's last link; a node that
                         * is not on a level has none there */
    int32_t *level;     /* (n) highest level of each node */
};
void graph_links_free(struct graph_links *l);

struct graph_impl {
    /* An empty index. */
    enum status (*open)(const struct graph_params *params, void **index);
    /* Inserts vectors (count, d) in order, with ids from graph's size on, on `threads` threads.
     * NULL: the kernel searches a graph that another one built, adopt(). */
    enum status (*add)(void *index, const float *vectors, int64_t count, int threads);
    /* Takes over a graph that another kernel built over vectors (n, d); both are copied. NULL:
     * the kernel builds its own. */
    enum status (*adopt)(const struct graph_params *params, const struct graph_links *links,
                         const float *vectors, void **index);
    /* The built graph as plain arrays, the caller's; NULL where adopt is not. */
    enum status (*links)(const void *index, struct graph_links *out);
    /* The k nearest that a search with max(ef, k) candidates finds, from the nearest on, equal
     * ones by id: ids (k) and scores (k); returns how many, at most k.  counts NULL: nothing is
     * counted. */
    int64_t (*search)(const void *index, const float *query, int64_t k, int32_t ef, int32_t *ids,
                      float *scores, struct graph_counts *counts);
    int64_t (*size)(const void *index);
    void (*close)(void *index);
};

#endif
