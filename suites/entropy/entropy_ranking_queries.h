/* Queries with their keys and values, for ranking. */
#ifndef ATTEST_SUITES_ENTROPY_ENTROPY_RANKING_QUERIES_H
#define ATTEST_SUITES_ENTROPY_ENTROPY_RANKING_QUERIES_H

#include "entropy.h"

/* Sets of keys and values, each with several queries: `layers` times `kv_heads` sets of `tokens`
 * rows; query (layer, head, r) is at row row[r] and sees the keys up to its own. */
struct entropy_queries {
    int32_t layers, heads, kv_heads, d;
    int64_t tokens, rows;
    int64_t *row; /* (rows) ascending, below tokens */
    float *q;     /* (layers, heads, rows, d) */
    float *k, *v; /* (layers, kv_heads, tokens, d) */
};

/* Independent Gaussian values, from the seed, at the last rows; all but the arrays is set by the
 * caller.  ST_SYSTEM: no memory. */
enum status entropy_queries_gaussian(struct entropy_queries *out, uint64_t seed);

/* The first, the middle and the last layer of a model, as far as it has so many, over a text.
 * layers is set here; rows must be no more than the forward's last block holds.  ST_SYSTEM: no
 * memory; what the forward returns.
 */
enum status entropy_queries_model(struct entropy_queries *out, const struct lm_model *m,
                                  const int32_t *ids, int threads);

/* A trace's layers and those of its queries that see at least `least` keys.  ST_SYSTEM: no memory;
 * ST_INPUT: it has no such query. */
enum status entropy_queries_trace(struct entropy_queries *out, const struct trace *t,
                                  int64_t least);

void entropy_queries_free(struct entropy_queries *q);

/* One of the layers * heads * rows queries. */
struct entropy_query {
    const float *q, *k, *v;
    int64_t n;
};
struct entropy_query entropy_query_at(const struct entropy_queries *q, int64_t index);

#endif
