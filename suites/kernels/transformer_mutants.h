/* Kernels of the transformer that are wrong on purpose, each in one way. */
#ifndef ATTEST_SUITES_KERNELS_TRANSFORMER_MUTANTS_H
#define ATTEST_SUITES_KERNELS_TRANSFORMER_MUTANTS_H

#include "../../harness/judge/operation.h"

extern const struct mutant transformer_mutants[]; /* ends with name == NULL */

/* The expected logits of the verification under way, which a mutant writes to; NULL outside of a
 * verification. */
extern double *transformer_mutants_expected;

#endif
