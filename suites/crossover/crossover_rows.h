/* What the kinds of crossover data share: addresses of random numbers, rows made in parallel. */
#ifndef ATTEST_SUITES_CROSSOVER_CROSSOVER_ROWS_H
#define ATTEST_SUITES_CROSSOVER_CROSSOVER_ROWS_H

#include "crossover_data.h"

enum { CROSSOVER_D_MOST = 1024, CROSSOVER_HEADS_MOST = 1024 };

/* Streams of one seed (datasets/rng.h). */
enum crossover_stream {
    CROSSOVER_STREAM_K = 0x43524F01,
    CROSSOVER_STREAM_V,
    CROSSOVER_STREAM_Q,
    CROSSOVER_STREAM_TOKEN,
    CROSSOVER_STREAM_PLACE,
    CROSSOVER_STREAM_ROTATION
};

/* The row of a stream that a head's row has: no two share one, whatever n is. */
uint64_t crossover_address(int32_t head, int64_t row);

/* Calls fn(arg, head, row) once for each of n rows of each head. */
void crossover_each_row(int threads, int32_t heads, int64_t n,
                        void (*fn)(void *arg, int32_t head, int64_t row), void *arg);

/* out (heads, n, d): independent standard Gaussians. */
void crossover_gaussians(const struct crossover_plan *p, enum crossover_stream stream, int64_t n,
                         int threads, float *out);

/* Room, zeroed, for what the plan, `graphs` and `d_search` say. ST_SYSTEM. */
enum status crossover_data_room(struct crossover_data *d);

/* Search vectors of each head by the exact reduction of the largest inner product to the nearest
 * unit vector: k' = (k / R, sqrt(1 - |k|^2 / R^2), 0 ...) with R the longest key, q' = (q / |q|,
 * 0 ...), so that q' k' = q k / (|q| R).  Source: Bachrach et al., "Speeding up the Xbox
 * recommender system using a Euclidean transformation for inner-product spaces", RecSys 2014. */
void crossover_reduce(struct crossover_data *d, int threads);

/* Each fills k, v, q, the search vectors and the note, once its limits are met. */
enum status crossover_fill_captured(struct crossover_data *d, int threads);
enum status crossover_fill_resampled(struct crossover_data *d, int threads);
enum status crossover_fill_gaussian(struct crossover_data *d, int threads);
enum status crossover_fill_planted(struct crossover_data *d, int threads);

#endif
