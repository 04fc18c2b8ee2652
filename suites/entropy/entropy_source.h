/* Opening and closing what a group of the entropy experiment reads. */
#ifndef ATTEST_SUITES_ENTROPY_ENTROPY_SOURCE_H
#define ATTEST_SUITES_ENTROPY_ENTROPY_SOURCE_H

#include "entropy.h"

/* Name of the trace, in cells and in the record's plan. */
extern const char entropy_traced[];

/* Opens the trace that the program carries, and states it in the record's plan. */
enum status entropy_open_trace(struct run *run, struct entropy_source *s);

/* Closes what is open of either source. */
void entropy_close(struct entropy_source *s);

#endif
