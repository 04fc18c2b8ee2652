/* What a graph that grew while a model decoded finds, against one built at once of the same
 * vectors, both of what an exact search finds. */
#ifndef ATTEST_SUITES_RETRIEVAL_RETRIEVAL_DECODE_RECALL_H
#define ATTEST_SUITES_RETRIEVAL_RETRIEVAL_DECODE_RECALL_H

#include "selector.h"

/* The inputs of the substituted layers' attention, and what was chosen for the last tokens. */
struct decode_trace {
    const struct lm_shape *shape;
    const bool *layers;    /* (shape->layers) traced; borrowed */
    int64_t prompt, steps; /* tokens before the first decoded one; decoded ones, <= SELECTOR_ROWS */
    int64_t words;         /* of a set */
    float **x;             /* (layers) of (prompt + steps, hidden) */
    uint64_t *sets;        /* (layers, steps, words) */
};

/* ST_SYSTEM.  After a failure *out is empty. */
enum status decode_trace_new(const struct lm_shape *shape, const bool *layers, int64_t prompt,
                             int64_t steps, int64_t words, struct decode_trace *out);
void decode_trace_free(struct decode_trace *t);

/* Takes in a call to a traced layer; set NULL: a part of the prompt. */
void decode_trace_take(struct decode_trace *t, const struct lm_attention_call *call,
                       const uint64_t *set);

/* Sums over the decoded tokens and the traced layers. */
struct decode_recall {
    double grown, rebuilt; /* of |S & T| / |T|, T the exact search's set */
    uint64_t queries;
};

/* Searches again: exactly, and in graphs of all traced tokens.  Both methods read the layer's input
 * only.  ST_SYSTEM, ST_INPUT as selectors. */
enum status decode_recall_of(const struct decode_trace *t, const struct selector *graph,
                             const struct selector *exact, const struct selector_params *params,
                             int64_t budget, int threads, struct decode_recall *out);

/* Adds one query's sets. */
void decode_recall_add(struct decode_recall *r, const uint64_t *grown, const uint64_t *rebuilt,
                       const uint64_t *exact, int64_t words);
/* Means; NaN without queries. */
double decode_recall_grown(const struct decode_recall *r);
double decode_recall_rebuilt(const struct decode_recall *r);

#endif
