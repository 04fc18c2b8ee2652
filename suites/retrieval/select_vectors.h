/* Selectors that compare one vector of the query with one vector of each key, shared by all heads:
 * the keys' are kept for each layer, the queries' for the call that was begun last. */
#ifndef ATTEST_SUITES_RETRIEVAL_SELECT_VECTORS_H
#define ATTEST_SUITES_RETRIEVAL_SELECT_VECTORS_H

#include "select_space.h"

struct select_vectors {
    int32_t layers, d;
    int64_t capacity;
    float **keys;   /* (layers) of (capacity, d) unit vectors; NULL: the layer was never begun */
    float *queries; /* (capacity, d) unit vectors */
    struct select_space space;
};

enum status select_vectors_open(struct select_vectors *v, int32_t layers, int32_t d,
                                int64_t capacity);
void select_vectors_free(struct select_vectors *v);

/* Writes a layer's vectors of the call's tokens t .. t + rows - 1: queries and keys (rows, d) of
 * any length. */
struct select_vectors_source {
    void (*write)(const void *context, const struct lm_attention_call *call, int64_t t,
                  int64_t rows, float *queries, float *keys);
    const void *context;
};

/* Makes the vectors of the call's tokens, of length 1; one of length 0 stays. ST_SYSTEM. */
enum status select_vectors_begin(struct select_vectors *v, const struct lm_attention_call *call,
                                 const struct select_vectors_source *source);

/* Chooses the keys with the largest inner product: the largest cosine. */
enum status select_vectors_choose(const struct select_vectors *v,
                                  const struct lm_attention_call *call,
                                  const struct selector_block *block);

#endif
