/* Products of int8 matrices that are wrong on purpose, each in one way. */
#ifndef ATTEST_SUITES_KERNELS_INT8_GEMM_MUTANTS_H
#define ATTEST_SUITES_KERNELS_INT8_GEMM_MUTANTS_H

#include "../../harness/judge/operation.h"

extern const struct mutant int8_gemm_mutants[];          /* ends with name == NULL */
extern const struct mutant_absence int8_gemm_absences[]; /* ends with reason == NULL */

/* The first expected value of the verification under way, which a mutant writes to; NULL outside of
 * a verification. */
extern double *int8_gemm_mutants_expected;

#endif
