/* Status codes and the one-line error message that goes with them.
 *
 * Every fallible function below main returns an enum status and, when it is not ST_OK, has left one
 * clear line (what, where, what to do) with status_set().  Nothing below main prints it or exits.
 */
#ifndef ATTEST_HARNESS_STATUS_H
#define ATTEST_HARNESS_STATUS_H

/* name, process exit code, meaning */
#define STATUS_LIST(X)                                                                             \
    X(OK, 0, "success")                                                                            \
    X(CHECK, 1, "a check failed or a regression was found")                                        \
    X(USAGE, 2, "wrong usage")                                                                     \
    X(INPUT, 2, "an input file or value is unusable")                                              \
    X(SYSTEM, 2, "the system refused memory, a file or a device")                                  \
    X(RECORD, 3, "a record is invalid or tampered with")                                           \
    X(INCONCLUSIVE, 4, "inconclusive")                                                             \
    X(SKIP, 77, "everything was skipped")

enum status {
#define X(name, code, text) ST_##name,
    STATUS_LIST(X)
#undef X
};

/* Exit code of the process for a status, as documented in the man page. */
int status_exit_code(enum status st);

/* Stores one formatted line for this thread and returns st, so that `return status_set(...)` works.
 */
enum status status_set(enum status st, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

/* The line stored last by this thread; "" if none. */
const char *status_message(void);

#endif
