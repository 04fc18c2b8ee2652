/* Work on doubtful bytes in a child process: whatever they do to a library, they do it there.
 *
 * The child is a fork: it sees all that the parent has in memory, and can hand back nothing but a
 * bounded run of bytes, which the parent has to read as strictly as it would read a foreign file.
 */
#ifndef ATTEST_HARNESS_CHILD_H
#define ATTEST_HARNESS_CHILD_H

#include <stddef.h>

#include "status.h"

struct child_limits {
    unsigned cpu_seconds;  /* of processor time */
    unsigned wall_seconds; /* from start to end */
    /* Address space that the work may map beyond what the process already has; 0: no limit.  Has no
     * effect under AddressSanitizer, which reserves terabytes and dies of it. */
    size_t memory_bytes;
    size_t result_bytes; /* most that may come back */
    unsigned files;      /* how many files the work may have open, for reading only */
    enum status failure; /* what it is if the work fails, crashes or meets a limit */
    const char *doing;   /* in messages: "reading it" */
    const char *advice;  /* end of messages about crashes and limits: "fetch it again" */
};

/* What runs in the child.  On ST_OK *bytes and *size are sent back (NULL and 0: nothing is); they
 * are not freed.  Any other status goes back with its status_message(). */
typedef enum status child_work(void *arg, void **bytes, size_t *size);

/* Runs work(arg) in a child without standard streams, other descriptors, signal handlers, new
 * privileges, core dumps, file writes or new processes, and waits for it.  With `files` 0 it cannot
 * touch any file, process or network, not even by name (child_filter.h, where the kernel has it).
 * bytes, size: what came back, malloc'd; both may be NULL if nothing is wanted.
 * limits->failure: the work failed, and the line is its own, or it died, and the line names label,
 * cause and advice; ST_SYSTEM: there was no process to run it in.  Messages of the child come back
 * escaped.  label must be escaped. */
enum status child_run(const struct child_limits *limits, child_work *work, void *arg,
                      const char *label, void **bytes, size_t *size);

#endif
