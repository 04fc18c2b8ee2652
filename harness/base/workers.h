/* A small pool of threads that lives as long as the process. */
#ifndef ATTEST_HARNESS_WORKERS_H
#define ATTEST_HARNESS_WORKERS_H

#include <stdint.h>

enum { WORKERS_MAX = 1024 };

/* Calls fn(arg, item) once for each item in [0, items), on `threads` threads (the caller's is one
 * of them); items are handed out one by one.  threads <= 1 runs inline, in order.  Returns when all
 * are done.  Not re-entrant: fn must not call it.  Fewer threads do the work when the system
 * refuses some. */
void workers_run(int threads, int64_t items, void (*fn)(void *arg, int64_t item), void *arg);

#endif
