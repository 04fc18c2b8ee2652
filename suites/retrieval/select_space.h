/* What selectors share: each thread's space to work in, the scores of a block of queries, and the
 * largest values of a row for several budgets. */
#ifndef ATTEST_SUITES_RETRIEVAL_SELECT_SPACE_H
#define ATTEST_SUITES_RETRIEVAL_SELECT_SPACE_H

#include <stdbool.h>

#include "../kernels/attention_select.h"
#include "selector.h"

/* One thread's. */
struct select_thread {
    float *scores; /* (score_rows, capacity) */
    /* The ranking that is being narrowed: (capacity + ATTENTION_SELECT_SLACK) each. */
    float *value, *space;
    int32_t *index, *chosen;
};

struct select_space {
    int64_t capacity, score_rows;
    attention_select_fn *select;
    int threads; /* that there is space for */
    struct select_thread *thread;
};

/* Space is allocated when it is needed, for rows of up to `capacity` values. */
struct select_space select_space_of(int64_t capacity, int64_t score_rows);
/* Space for so many threads. ST_SYSTEM. */
enum status select_space_fit(struct select_space *s, int threads);
void select_space_free(struct select_space *s);

/* Values of which the largest are wanted, for one budget after the other from the largest on: of k
 * values the k - 1 largest are among them, so each budget looks only at what the last one left. */
struct select_ranking {
    attention_select_fn *select;
    const struct select_thread *thread;
    const float *from; /* (count) */
    int64_t count;
    bool whole;           /* nothing is left out yet */
    const int32_t *index; /* (count) of what is left, ascending; not set while whole */
};
struct select_ranking select_ranking_of(const struct select_space *s, int thread,
                                        const float *values, int64_t n);
/* Leaves the k largest, k >= 0; among equal ones those of smaller index.  ST_INPUT: a value is NaN,
 * so nothing is the largest. */
enum status select_ranking_narrow(struct select_ranking *r, int64_t k);

/* The mask of the block's query i for its budget b. */
static inline uint64_t *select_mask(const struct selector_block *block, size_t b, int64_t i) {
    return block->sets + ((int64_t)b * block->rows + i) * block->words;
}

/* Empties the masks of all queries. */
void select_clear(const struct selector_block *block);

/* Writes the masks of the block's query i: for each budget K the min(K, n) largest of values (n),
 * which are those of keys first .. first + n - 1.  ST_INPUT: one of them is NaN. */
enum status select_largest(const struct select_space *s, const struct selector_block *block,
                           int64_t i, int64_t first, const float *values, int64_t n);

/* Keys that a block's queries may read lie in low .. high - 1. */
struct select_span {
    int64_t low, high;
};
struct select_span select_span_of(const struct lm_attention_call *call, int64_t t, int64_t rows);

/* out (rows, span) = scale * q k' over the span's keys; q has rows of `stride`, k of d, key 0
 * first. */
void select_scores(const float *q, int64_t rows, int64_t stride, const float *k, int64_t d,
                   struct select_span span, float scale, float *out);

/* out (rows, span) = q k' / sqrt(d), a head's own attention scores for the call's tokens
 * t .. t + rows - 1 over the span's keys, a query's own or not. */
void select_head_scores(const struct lm_attention_call *call, int64_t head, int64_t t, int64_t rows,
                        struct select_span span, float *out);

/* Writes the masks of a whole block out of its scores (rows, span). */
enum status select_block(const struct select_space *s, const struct lm_attention_call *call,
                         const struct selector_block *block, struct select_span span,
                         const float *scores);

#endif
