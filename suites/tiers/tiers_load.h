/* Runs a stretch of a stream and takes the latency of every request.  Stretches of one stream in a
 * row need a server of their own: between two of them another stream would leave its logits, which
 * the next request of tier 3 then misses. */
#ifndef ATTEST_SUITES_TIERS_TIERS_LOAD_H
#define ATTEST_SUITES_TIERS_TIERS_LOAD_H

#include "tiers_requests.h"

/* What is written down about requests first .. first + count - 1 of a stream. */
struct tiers_log {
    uint32_t *latency_ns; /* (count) the gate included; 2^32 - 1 for anything longer */
    uint8_t *tier;        /* (count) as the gate decided */
    uint8_t *hit;         /* (count) tier 3 whose signature matched */
};

/* From when a request was due (closed loop: sent) to its answer, by clock_nanoseconds(). */
static inline uint32_t tiers_latency_ns(uint64_t due, uint64_t answered) {
    return answered - due < UINT32_MAX ? (uint32_t)(answered - due) : UINT32_MAX;
}

/* Closed loop: each request is sent when the one before it is answered; latency is service time.
 * Returns seconds of the whole stretch. */
double tiers_load_closed(struct tiers_server *s, const struct tiers_stream *stream, int64_t first,
                         int64_t count, float *logits, struct tiers_log *log);

/* Open loop: requests are due at arrival (count) seconds after the stretch began, whether or not
 * the server is free; latency runs from when a request was due to its answer, so that waiting
 * counts.  Waits actively.  Source: Schroeder et al., "Open versus closed", NSDI 2006; Tene's
 * "coordinated omission". */
double tiers_load_open(struct tiers_server *s, const struct tiers_stream *stream, int64_t first,
                       int64_t count, const double *arrival, float *logits, struct tiers_log *log);

/* Poisson arrivals of `rate` a second, ascending from 0. */
void tiers_arrivals(int64_t count, double rate, uint64_t seed, double *arrival);

#endif
