/* An operation: what a kernel computes, how any kernel of it is verified, and the wrong kernels
 * that the verification must reject (`attest selfcheck`). */
#ifndef ATTEST_HARNESS_OPERATION_H
#define ATTEST_HARNESS_OPERATION_H

#include "../record/cell.h"
#include "kernel.h"
#include "../base/status.h"

/* The kinds of wrong kernels that pass for right ones in published measurements: name, meaning.
 * Each form of each operation has a mutant of every kind, or says why it can have none. */
#define MUTANT_KINDS(X)                                                                            \
    X(ZERO, zero, "answers zero")                                                                  \
    X(STALE, stale, "leaves or repeats an earlier answer")                                         \
    X(NAN_OUTPUT, nan_output, "answers NaN")                                                       \
    X(NAN_EXPECTATION, nan_expectation, "writes NaN into the expected answer")                     \
    X(DROPPED_TAIL, dropped_tail, "leaves out the end of its input")                               \
    X(OUT_OF_BOUNDS, out_of_bounds, "writes outside of its buffers")                               \
    X(MUTATED_INPUT, mutated_input, "changes its input")                                           \
    X(CACHED_BY_POINTER, cached_by_pointer, "keeps an answer for an address")                      \
    X(LEFT_ELSEWHERE, left_elsewhere, "leaves work on another thread or stream")                   \
    X(WARM_UP_ONLY, warm_up_only, "is right in its first calls only")                              \
    X(BEFORE_SYNC, before_sync, "returns before its answer is there")

enum mutant_kind {
#define X(id, name, meaning) MUTANT_##id,
    MUTANT_KINDS(X)
#undef X
        MUTANT_KIND_COUNT,
    MUTANT_OTHER = MUTANT_KIND_COUNT /* wrong in a way of its operation alone */
};

/* "zero"; "other" for MUTANT_OTHER. */
const char *mutant_kind_name(enum mutant_kind kind);

/* A deliberately wrong kernel and what is wrong with it. */
struct mutant {
    const char *name; /* "dropped_dimension" */
    enum mutant_kind kind;
    const char *form; /* one of the operation's forms */
    struct kernel kernel;
};

/* A row of an operation's table of mutants: the kernel "mutant/ID", whose function table is of that
 * type and is filled with the arguments after it. */
#define MUTANT_ROW(of_operation, of_dtype, id, which, of_form, type, ...)                          \
    {                                                                                              \
        .name = #id, .kind = MUTANT_##which, .form = of_form, .kernel = {                          \
            .name = "mutant/" #id,                                                                 \
            .operation = of_operation,                                                             \
            .dtype = of_dtype,                                                                     \
            .impl = &(const type){__VA_ARGS__},                                                    \
        }                                                                                          \
    }

/* Why a form of an operation can have no mutant of a kind. */
struct mutant_absence {
    enum mutant_kind kind;
    const char *form, *reason;
};

/* What the verification of a kernel has found so far. */
struct verification {
    enum verdict verdict;     /* the worst of its cases; PASS until something is found */
    char reason[CELL_REASON]; /* the first reason of that verdict, behind its case's name */
};

/* Takes over a verdict that is worse than the one so far: "CASE: REASON", or the reason alone where
 * name is NULL. */
void verification_add(struct verification *v, const char *name, enum verdict verdict,
                      const char *reason);

enum { OPERATION_FORMS = 4 };

struct operation {
    const char *name;
    /* What is verified in different ways; ends with NULL.  One that has no forms has the form "".
     */
    const char *forms[OPERATION_FORMS];
    /* Hard in different ways: exact small integers, random values, awkward shapes. */
    size_t case_count;
    /* Runs a kernel of this operation over its case `index` under the judge and adds the verdict.
     * An error status means that verification itself could not run. */
    enum status (*verify_case)(const struct kernel *k, size_t index, struct verification *v);
    const struct mutant *mutants;          /* ends with name == NULL */
    const struct mutant_absence *absences; /* ends with reason == NULL; NULL if there are none */
};

extern const struct operation *const operations[]; /* sorted, NULL-terminated */

/* Verifies a kernel over the operation's cases in their order, up to the first that fails: ST_OK
 * and what was found, or the error of a case that could not run. */
enum status operation_verify(const struct operation *op, const struct kernel *k,
                             struct verification *v);

/* Checks that a form has a mutant of every kind or a reason why not, and not both: ST_OK, or
 * ST_CHECK naming the first kind of which this is not so. */
enum status operation_complete(const struct operation *op, const char *form);

/* Why a form has no mutant of that kind; NULL where none is said. */
const char *operation_absence(const struct operation *op, const char *form, enum mutant_kind kind);

/* Mutants of that kind and form. */
size_t operation_mutants(const struct operation *op, const char *form, enum mutant_kind kind);

#endif
