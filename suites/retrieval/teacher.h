/* The teacher of search projections: what the heads of one layer attend to, of one sequence. */
#ifndef ATTEST_SUITES_RETRIEVAL_TEACHER_H
#define ATTEST_SUITES_RETRIEVAL_TEACHER_H

#include <stdint.h>

#include "../../harness/base/status.h"

enum { TEACHER_POSITIVES = 16 };

/* Query t may read the keys first[t] .. t, n_t of them; its row begins at weights + at[t]. */
struct teacher {
    int64_t tokens;
    int64_t *first;     /* (tokens) */
    int64_t *at;        /* (tokens) */
    float *weights;     /* (sum of n_t) max_h A over the keys, divided by the row's sum */
    float *entropy;     /* (tokens) of the row in nats */
    int32_t *positives; /* (tokens, TEACHER_POSITIVES) the min(n_t, 16) keys with the largest
                         * weights, counted from the first, among equal ones the smaller index */
};

/* Queries and keys of one layer, rotated. */
struct teacher_input {
    int32_t heads, kv_heads, head_dim;
    int64_t tokens;
    const int32_t *segment; /* (tokens) a document's tokens stand together */
    const float *qk;        /* (tokens, heads + kv_heads, head_dim): queries, then keys */
};

/* min(n_t, TEACHER_POSITIVES). */
int64_t teacher_positive_count(const struct teacher *t, int64_t token);

/* A = softmax(q k / sqrt(head_dim)) over the allowed keys, in float32, on the caller's thread.
 * ST_SYSTEM: no memory; *out is then empty.  Source: S002; definitions, section 3. */
enum status teacher_new(const struct teacher_input *in, struct teacher *out);
void teacher_free(struct teacher *t);

#endif
