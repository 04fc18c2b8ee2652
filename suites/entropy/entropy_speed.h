/* How fast the model's linear layers run, as a share of what sgemm does on this machine. */
#ifndef ATTEST_SUITES_ENTROPY_ENTROPY_SPEED_H
#define ATTEST_SUITES_ENTROPY_ENTROPY_SPEED_H

#include "../../harness/judge/stats.h"
#include "entropy.h"

/* The timed group "speed": the matrices of one layer of the pinned model's shape over 2048 tokens,
 * random weights, against square sgemm on as many threads.  Needs no weights. */
enum status entropy_speed_plan(struct run *run);
bool entropy_speed_is(const struct group *g);
enum status entropy_speed_prepare(struct run *run, struct group *g);
/* Rows of the linear layers against float64 products. */
enum status entropy_speed_check(struct group *g, struct cell *c);
double entropy_speed_time(struct group *g, struct cell *c, int round);
enum status entropy_speed_summarise(struct run *run, struct group *g);
void entropy_speed_release(struct group *g);

/* Rate of an arm over the rate of the base, from the seconds of the same n rounds, for the work of
 * one sample of each; NaN unless both have samples. */
struct interval entropy_speed_share(const double *seconds, double work, size_t n,
                                    const double *base_seconds, double base_work, size_t base_n);

enum status entropy_speed_fixture_work(struct fixture_values *v);
enum status entropy_speed_fixture_mean_of_ratios(struct fixture_values *v);
enum status entropy_speed_fixture_macs(struct fixture_values *v);

#endif
