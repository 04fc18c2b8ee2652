/* k-NN kernels that are wrong on purpose, each in one way. */
#ifndef ATTEST_SUITES_KERNELS_KNN_MUTANTS_H
#define ATTEST_SUITES_KERNELS_KNN_MUTANTS_H

#include "../../harness/judge/operation.h"

extern const struct mutant knn_mutants[]; /* ends with name == NULL */

/* The first expected distance of the verification under way, which some mutants write to: a kernel
 * that shares a process with its oracle could.  NULL outside of a verification. */
extern double *knn_mutants_expected;

#endif
