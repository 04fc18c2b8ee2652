/* Ranking kernels that are wrong on purpose, each in one way. */
#ifndef ATTEST_SUITES_KERNELS_RANK_MUTANTS_H
#define ATTEST_SUITES_KERNELS_RANK_MUTANTS_H

#include "../../harness/judge/operation.h"

extern const struct mutant rank_mutants[]; /* ends with name == NULL */

/* The first expected logit of the verification under way, which some mutants write to; NULL outside
 * of a verification. */
extern double *rank_mutants_expected;

#endif
