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

#include <stdbool.h>
#include <stdint.h>

#include "../../harness/base/status.h"

struct graph_params {
    int32_t d;
    int32_t m;               /* links a node and level, at least 2; 2 m on level 0 */
    int32_t ef_construction; /* candidates kept while inserting */
    int64_t capacity;        /* vectors that the index may come to hold */
    uint64_t seed;           /* of the levels, where the library takes one */
};

/* What one search did, added to what the struct holds. */
struct graph_counts {
    uint64_t evaluations; /* inner products, on all levels, the entry point's included */
    uint64_t lowest;      /* those of them after the descent to level 0 */
    uint64_t hops;        /* times that a node's links were read, on all levels */
    uint64_t bytes;       /* 4 d an evaluation and 4 a link that was read */
};

enum { GRAPH_LEVELS = 32 };

/* A graph as plain arrays: what the oracle and the flat kernels search. */
struct graph_links {
    int64_t n;
    int32_t levels;               /* levels above and with 0; 0 of an empty graph */
    int32_t entry;                /* node that a search begins at, on the highest level */
    int32_t width[GRAPH_LEVELS];  /* links a node may have on each level */
    int32_t *links[GRAPH_LEVELS]; /* (n, width) of each level; -1 behind a node's last link; a node
                                   * that is not on a level has none there */
    int32_t *level;               /* (n) highest level of each node */
};

/* A graph of n nodes on `levels` levels without a link, 2 m of them wide on level 0 and m above.
 * ST_INPUT: more than GRAPH_LEVELS levels; ST_SYSTEM: no memory. */
enum status graph_links_new(int64_t n, int32_t levels, int32_t m, struct graph_links *out);
void graph_links_free(struct graph_links *l);

/* What the judge allows a score; 2^-23 (1 + |score|) because hnswlib keeps 1 - score. */
#define GRAPH_BOUND "gamma_(d+2) sum |q_i k_i| + 2^-23 (1 + |score|)"

struct graph_impl {
    /* An empty index. */
    enum status (*open)(const struct graph_params *params, void **index);
    /* Inserts vectors (count, d), which get the ids from the graph's size on, on `threads` threads;
     * the links are the same each time with one thread only.  ST_INPUT: beyond the capacity.
     * NULL: the kernel searches a graph that another one built, adopt(). */
    enum status (*add)(void *index, const float *vectors, int64_t count, int threads);
    /* Takes over a graph that another kernel built over vectors (n, d); both are copied. NULL:
     * the kernel builds its own. */
    enum status (*adopt)(const struct graph_params *params, const struct graph_links *links,
                         const float *vectors, void **index);
    /* The built graph as plain arrays, the caller's; NULL where adopt is not. */
    enum status (*links)(const void *index, struct graph_links *out);
    /* The k nearest that a search with max(ef, k) candidates finds, from the nearest on, equal
     * ones by id: ids (k) and scores (k); returns how many, at most k; -1: no memory, a status is
     * set.  counts NULL: nothing is counted; else a twin of the search answers that takes the same
     * steps, and counts them. */
    int64_t (*search)(const void *index, const float *query, int64_t k, int32_t ef, int32_t *ids,
                      float *scores, struct graph_counts *counts);
    int64_t (*size)(const void *index);
    void (*close)(void *index);
    /* Its searches may end by another rule than the paper's, and so find and count less. */
    bool own_rule;
};

#endif
