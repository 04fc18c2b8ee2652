/* The experiment's metrics as functions of what they are made from, so that each can be held
 * against a value known by hand (adsampling_fixtures.c). */
#ifndef ATTEST_SUITES_ADSAMPLING_ADSAMPLING_METRICS_H
#define ATTEST_SUITES_ADSAMPLING_ADSAMPLING_METRICS_H

#include "../../harness/judge/stats.h"
#include "adsampling.h"

extern const struct metric_info ads_metrics[];

/* Share of the k places of the first nq queries that hold a right answer (definitions, section 1):
 * a returned id counts if its exact distance is at most the k-th exact distance.  An id counts once
 * a query, one outside of the base never.  NaN without queries, or with k > n. */
double ads_recall(const struct knn_problem *p, const int32_t *ids, int64_t nq);

/* How many candidates had their last dimension read in each group (knn.h). */
struct ads_levels {
    const uint64_t *candidates; /* (count) */
    int32_t count, delta, d;
};

/* Dimensions read per candidate, of all candidates: mean, and nearest-rank quantile for p in (0,1].
 * NaN without candidates. */
double ads_dims_mean(const struct ads_levels *l);
double ads_dims_quantile(const struct ads_levels *l, double p);

/* Bytes that one query reads of a base of n float32 rows. */
double ads_bytes_per_query(double dims_mean, int64_t n);

/* Queries per second of all samples together: `units` queries in each of n samples. */
struct interval ads_qps(const double *seconds, size_t n, double units);

/* Milliseconds from seconds that n queries waited: median, and nearest-rank quantile. */
struct interval ads_latency_p50_ms(const double *seconds, size_t n);
double ads_latency_ms(const double *seconds, size_t n, double p);

/* Bytes per second of n reads of `bytes` bytes, all together. */
struct interval ads_read_rate(const double *seconds, size_t n, double bytes);

/* Share of the bandwidth that an arm reached: its rate over that of reading the base alone in the
 * same rounds.  reading (n) and seconds (n) pair up; a sample of the arm answers `units` queries,
 * each reading bytes_per_query of the base's bytes. */
struct interval ads_bandwidth_share(const double *reading, const double *seconds, size_t n,
                                    double units, double bytes_per_query, double base_bytes);

/* What a graphics card can do at most. */
struct ads_device {
    double bytes_per_s; /* of its memory, in theory */
    double lanes_per_s; /* float32 lanes times clock: each does one instruction a tick */
};

/* Seconds that a card needs at least to read `bytes` and to subtract, square and add `dims`
 * dimensions; NaN for what it does not tell.  An optimist's bound, with caches four times as fast
 * as the memory: a time below it was taken of something else, such as a stream without the work. */
double ads_device_floor(const struct ads_device *d, double bytes, double dims);

/* Adds speed-ups over the naive arms of the same k and number of threads; none where there is no
 * such arm or its samples do not pair up. */
void ads_add_speedups(const struct group *g, struct cell *c);

extern const struct fixture ads_fixtures[];

#endif
