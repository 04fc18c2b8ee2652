/* Attention kernels that are wrong on purpose, each in one way. */
#ifndef ATTEST_SUITES_KERNELS_ATTENTION_MUTANTS_H
#define ATTEST_SUITES_KERNELS_ATTENTION_MUTANTS_H

#include "../../harness/judge/operation.h"

extern const struct mutant attention_mutants[]; /* ends with name == NULL */

/* The first expected output of the verification under way, which some mutants write to: a kernel
 * that shares a process with its oracle could.  NULL outside of a verification. */
extern double *attention_mutants_expected;

#endif
