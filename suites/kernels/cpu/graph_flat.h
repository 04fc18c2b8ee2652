/* The index that the flat graph kernels search: link lists of one width, vectors that begin at
 * cache lines, and room for each search that is under way. */
#ifndef ATTEST_SUITES_KERNELS_CPU_GRAPH_FLAT_H
#define ATTEST_SUITES_KERNELS_CPU_GRAPH_FLAT_H

#include <pthread.h>

#include "../graph.h"

enum { GRAPH_FLAT_LANES = 16, GRAPH_FLAT_GROUP = 4 };

/* What one search needs, kept for the next. */
struct graph_room {
    struct graph_room *next;
    uint16_t *marks; /* (n) epoch of the last search that saw the node */
    uint16_t epoch;
    float *query;   /* (stride), zeros behind d */
    int32_t *batch; /* (width + GRAPH_FLAT_GROUP) nodes to evaluate */
    float *scores;  /* the same, their scores */
    uint64_t *pool; /* (pool_size) */
    int64_t pool_size;
};

struct graph_flat {
    struct graph_links links;
    int32_t d, stride; /* d rounded up to GRAPH_FLAT_LANES */
    float *vectors;    /* (n, stride), zeros behind d */
    pthread_mutex_t lock;
    struct graph_room *spare; /* under lock */
};

/* adopt(), size() and close() of the contract. */
enum status graph_flat_adopt(const struct graph_params *params, const struct graph_links *links,
                             const float *vectors, void **index);
int64_t graph_flat_size(const void *index);
void graph_flat_close(void *index);

/* Room for a search with ef candidates, its query in place and its epoch new; NULL: no memory. */
struct graph_room *graph_flat_enter(const struct graph_flat *g, const float *query, int64_t ef);
void graph_flat_leave(const struct graph_flat *g, struct graph_room *room);

#endif
