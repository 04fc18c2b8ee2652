/* Opening and closing what a group of the entropy experiment reads. */
#ifndef ATTEST_SUITES_ENTROPY_ENTROPY_SOURCE_H
#define ATTEST_SUITES_ENTROPY_ENTROPY_SOURCE_H

#include "entropy.h"

/* Names of the pinned model and of the trace, in cells and in the record's plan. */
extern const char entropy_pinned[], entropy_traced[];

/* Fills dataset, layers, heads and context of the model that the run reads: the pinned one's
 * without opening it, a user's out of its metadata.  ST_INPUT: no such file, or no model. */
enum status entropy_describe_model(const struct run *run, struct entropy_plan *p);

/* Opens weights and texts, and states them in the record's plan.  ST_SKIP: the pinned weights or
 * the texts are not on this machine; the line names the command that brings them. */
enum status entropy_open_model(struct run *run, struct entropy_source *s);

/* Opens the trace that the program carries, and states it in the record's plan. */
enum status entropy_open_trace(struct run *run, struct entropy_source *s);

/* Closes what is open of either source. */
void entropy_close(struct entropy_source *s);

#endif
