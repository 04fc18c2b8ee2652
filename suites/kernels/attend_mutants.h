/* Kernels of attend that are wrong on purpose, each in one way. */
#ifndef ATTEST_SUITES_KERNELS_ATTEND_MUTANTS_H
#define ATTEST_SUITES_KERNELS_ATTEND_MUTANTS_H

#include "../../harness/judge/operation.h"

extern const struct mutant attend_mutants[]; /* ends with name == NULL */

/* The first expected output of the verification under way, which a mutant writes to; NULL outside
 * of a verification. */
extern double *attend_mutants_expected;

#endif
