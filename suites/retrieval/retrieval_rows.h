/* A run of consecutive queries of one layer, measured: the full attention's weights (the teacher),
 * its sets at every budget, and what a method's sets have of both.
 *
 * The teacher's sets hold allowed keys only, and its weights are 0 elsewhere: a key that a method
 * must not read can neither agree with anything nor weigh, whatever the method chose. */
#ifndef ATTEST_SUITES_RETRIEVAL_RETRIEVAL_ROWS_H
#define ATTEST_SUITES_RETRIEVAL_RETRIEVAL_ROWS_H

#include "retrieval_measure.h"
#include "select_space.h"

/* Space of one thread. */
struct retrieval_rows {
    const int64_t *budget; /* (budgets) ascending, from 1 on */
    size_t budgets;
    int64_t most;       /* rows that there is room for */
    int64_t row, rows;  /* cache row of the first query, and how many they are */
    int64_t words;      /* of a mask */
    int64_t low, keys;  /* weights are of the keys from low on, both multiples of 64 */
    float *weights;     /* (heads, rows, keys) A[h], 0 where a query may not read */
    uint64_t *per_head; /* (heads, budgets, rows, words) the K_t largest A[h] */
    uint64_t *shared;   /* (budgets, rows, words) the K_t largest mean_h A[h] */
    uint64_t *sets;     /* (heads or 1, budgets, rows, words) a method's */
    bool one;           /* the method has one set for all heads */
    struct select_space space;
};

/* Room for runs out of sequences of up to `capacity` tokens; the budgets are borrowed. */
enum status retrieval_rows_new(const struct lm_shape *shape, const int64_t *budget, size_t budgets,
                               int64_t capacity, struct retrieval_rows *out);
void retrieval_rows_free(struct retrieval_rows *r);

/* Teaches the tokens t .. t + rows - 1 of a call, none of them padding and at most r->most.
 * ST_INPUT: a score is no number. */
enum status retrieval_rows_teach(struct retrieval_rows *r, const struct lm_attention_call *call,
                                 int64_t t, int64_t rows);

/* Lets a method that has seen the layer's keys choose for them. */
enum status retrieval_rows_choose(struct retrieval_rows *r, const struct lm_attention_call *call,
                                  const struct selector *method, void *state, int thread);

/* The set that was chosen (words) for query i. */
const uint64_t *retrieval_rows_set(const struct retrieval_rows *r, int64_t head, size_t budget,
                                   int64_t i);

/* Sums over one query, the i-th. */
struct retrieval_sum retrieval_rows_query(const struct retrieval_rows *r,
                                          const struct lm_attention_call *call, size_t budget,
                                          int64_t i);

/* Adds every query of the run to the sums of its populations: sums (budgets, populations). */
void retrieval_rows_add(const struct retrieval_rows *r, const struct lm_attention_call *call,
                        struct retrieval_sum *sums);

#endif
