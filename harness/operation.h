/* An operation: what a kernel computes, how any kernel of it is verified, and the wrong kernels
 * that the verification must reject (`attest selfcheck`). */
#ifndef ATTEST_HARNESS_OPERATION_H
#define ATTEST_HARNESS_OPERATION_H

#include "cell.h"
#include "kernel.h"
#include "status.h"

/* A deliberately wrong kernel and what is wrong with it. */
struct mutant {
    const char *name; /* "dropped_tail" */
    struct kernel kernel;
};

struct operation {
    const char *name;
    /* Runs a kernel of this operation over the operation's own cases (exact small integers, random
     * values, awkward shapes) under the judge; sets *verdict, and in reason what failed first. An
     * error status means that verification itself could not run. */
    enum status (*verify)(const struct kernel *k, enum verdict *verdict, char *reason, size_t size);
    const struct mutant *mutants; /* ends with name == NULL */
};

extern const struct operation *const operations[]; /* sorted, NULL-terminated */

#endif
