/* Kernels of pages that are wrong on purpose, each in one way. */
#ifndef ATTEST_SUITES_KERNELS_PAGES_MUTANTS_H
#define ATTEST_SUITES_KERNELS_PAGES_MUTANTS_H

#include "../../harness/judge/operation.h"

extern const struct mutant pages_mutants[]; /* ends with name == NULL */

/* The first expected score of the verification under way, which a mutant writes to; NULL outside of
 * a verification. */
extern double *pages_mutants_expected;

#endif
