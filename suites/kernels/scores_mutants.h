/* Kernels of scores that are wrong on purpose, each in one way. */
#ifndef ATTEST_SUITES_KERNELS_SCORES_MUTANTS_H
#define ATTEST_SUITES_KERNELS_SCORES_MUTANTS_H

#include "../../harness/judge/operation.h"

extern const struct mutant scores_mutants[]; /* ends with name == NULL */

/* The first expected score of the verification under way, which a mutant writes to; NULL outside of
 * a verification. */
extern double *scores_mutants_expected;

#endif
