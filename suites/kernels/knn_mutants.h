/* k-NN kernels that are wrong on purpose, each in one way. */
#ifndef ATTEST_SUITES_KERNELS_KNN_MUTANTS_H
#define ATTEST_SUITES_KERNELS_KNN_MUTANTS_H

#include "../../harness/operation.h"

extern const struct mutant knn_mutants[]; /* ends with name == NULL */

#endif
