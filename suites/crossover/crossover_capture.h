/* The heads of a trace as crossover data reads them: KV heads of all layers in one row, each with
 * the queries of its query heads.  Head 0 is the first of the last layer, head 1 the first of the
 * layer captured before it, and so on in turn, so that few heads are of different layers. */
#ifndef ATTEST_SUITES_CROSSOVER_CROSSOVER_CAPTURE_H
#define ATTEST_SUITES_CROSSOVER_CROSSOVER_CAPTURE_H

#include "crossover_data.h"

/* A query reads keys at and before its own position, so keys 0 .. n-1 are read by queries from
 * position n-1 on; those farther than this from the last key are not used, since they read a
 * context whose nearest tokens are missing. */
enum { CROSSOVER_LATE = 8 };

struct crossover_capture {
    struct trace held;     /* the committed trace, where the plan names none */
    const struct trace *t; /* the trace that is read */
};

/* What trace_committed returns. */
enum status crossover_capture_open(const struct crossover_plan *p, struct crossover_capture *c);
void crossover_capture_close(struct crossover_capture *c);

/* KV heads of all layers. */
int32_t crossover_capture_heads(const struct crossover_capture *c);

/* The next head of the same layer; after its last one its first. */
int32_t crossover_capture_next(const struct crossover_capture *c, int32_t head);

/* Keys and values (tokens, head_dim) of a KV head. */
const float *crossover_capture_keys(const struct crossover_capture *c, int32_t head);
const float *crossover_capture_values(const struct crossover_capture *c, int32_t head);

/* Queries of a KV head over keys 0 .. n-1: those at positions n-1 .. n+6 that the trace has, at
 * each position one of each query head that reads the KV head. */
int64_t crossover_capture_queries(const struct crossover_capture *c, int64_t n);

/* Query i (head_dim) of them, the nearest position first. */
const float *crossover_capture_query(const struct crossover_capture *c, int32_t head, int64_t n,
                                     int64_t i);

/* ST_INPUT: the plan asks for more heads than there are, or more queries than read keys 0 .. n-1.
 */
enum status crossover_capture_check(const struct crossover_capture *c,
                                    const struct crossover_plan *p, int64_t n);

#endif
