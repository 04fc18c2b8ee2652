/* The graph operation under the judge. */
#ifndef ATTEST_SUITES_KERNELS_GRAPH_CHECK_H
#define ATTEST_SUITES_KERNELS_GRAPH_CHECK_H

#include <stdbool.h>

#include "../../harness/judge/judge.h"
#include "graph.h"

/* A query of a graph, and the oracle's search of the same links. */
struct graph_problem {
    const float *vectors; /* (n, d) */
    const struct graph_links *links;
    const float *query;
    int32_t d, ef;
    int64_t k;
    bool whole; /* whole numbers: float32 computes every product exactly */
    bool ties;  /* two vectors score the same: searches that order them otherwise part there */
    int64_t found;
    int32_t *ids;   /* (k) */
    double *scores; /* (k) */
    struct graph_counts counts;
    double least; /* score of the k-th nearest of all vectors */
};

/* Works out ties, found, ids, scores, counts and least; the rest is the caller's.  ST_SYSTEM: no
 * memory. */
enum status graph_problem_solve(struct graph_problem *p);
void graph_problem_free(struct graph_problem *p);

/* Lets a kernel search, uncounted and counted, and judges it: ids, order, scores within the bound;
 * of whole numbers the oracle's answers and counts.  *near: answers as near as the k nearest. */
enum status graph_check(const struct graph_impl *impl, const void *index,
                        const struct graph_problem *p, struct judge *j, int64_t *near);

#endif
