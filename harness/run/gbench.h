/* Google Benchmark for C: register arms, run them interleaved, get every raw sample back.
 *
 * Stands on its own: needs no other header of this project.  One sample is one Google Benchmark
 * repetition of one iteration; arms are run round by round.  The arm that leads a round rotates,
 * and the others follow in an order drawn anew (from a fixed seed), so that neither drift of the
 * machine nor what one arm leaves in the caches always falls on the same arm.  Ids are the caller's
 * own, never decorated.
 */
#ifndef ATTEST_HARNESS_GBENCH_H
#define ATTEST_HARNESS_GBENCH_H

#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

/* The timed body. Returns seconds measured by itself (a device's clock), or a negative number for
 * "take the wall clock around the call". */
typedef double (*gbench_body)(void *arg, int64_t round);

/* One raw sample: seconds of the body, and when it started (seconds since gbench_run began). */
typedef void (*gbench_sample)(void *user, const char *id, int64_t round, double seconds,
                              double started);

/* Adds an arm; id is copied and must be unique since the last gbench_clear.  0, or -1: duplicate
 * id, or memory. */
int gbench_register(const char *id, gbench_body body, void *arg);

/* Runs all registered arms for `rounds` rounds.  `on_sample` is called between samples, outside of
 * any timed region, in the order taken.  Returns the number of samples delivered. */
int64_t gbench_run(int64_t rounds, gbench_sample on_sample, void *user);

/* Forgets all arms. */
void gbench_clear(void);

#ifdef __cplusplus
}
#endif

#endif
