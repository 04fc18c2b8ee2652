/* A metric fixture: a small case whose value is known by hand or in closed form, with a defective
 * way to compute it that people really ship.  The metric's own code must give the known value, and
 * the defective one must be told apart from it (`attest selfcheck`). */
#ifndef ATTEST_HARNESS_FIXTURE_H
#define ATTEST_HARNESS_FIXTURE_H

#include <stdbool.h>
#include <stddef.h>

#include "../record/cell.h"
#include "../base/status.h"

enum { FIXTURE_METRICS = 6 };

/* NaN stands for "no value", and equals NaN only. */
struct fixture_values {
    double got;       /* by the code that a run uses */
    double right;     /* known */
    double wrong;     /* by the defective computation */
    double tolerance; /* absolute; 0 where arithmetic is exact */
};

struct fixture {
    const char *name;                     /* "recall-ties": [a-z0-9-] */
    const char *metrics[FIXTURE_METRICS]; /* that the code computes; ends with NULL */
    const char *defect;                   /* what the defective computation does */
    enum status (*run)(struct fixture_values *v);
};

/* Runs a fixture; *verdict is PASS or FAIL, reason says what was computed.  An error status means
 * that the fixture itself could not run. */
enum status fixture_check(const struct fixture *f, enum verdict *verdict, char *reason,
                          size_t size);

/* Whether a fixture is about a metric. */
bool fixture_covers(const struct fixture *f, const char *metric);

#endif
