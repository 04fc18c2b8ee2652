/* Which cells a table or plot shows, and what a cell holds under a field's name. */
#ifndef ATTEST_REPORTS_SELECT_H
#define ATTEST_REPORTS_SELECT_H

#include <stddef.h>

#include "../harness/record/cell.h"
#include "../harness/base/status.h"
#include "arena.h"

enum { FIELD_NUMBERS = 3 };

/* A field of a cell: "experiment", "arm", "kernel", "backend", "oracle", "reason", "id", else a
 * parameter, else a metric. */
struct field {
    enum { FIELD_MISSING, FIELD_TEXT, FIELD_NUMBER } kind;
    char text[CELL_REASON];        /* as recorded (not cleaned), or the plain form of the number */
    double numbers[FIELD_NUMBERS]; /* value; then the ends of its interval */
    size_t number_count;           /* 0, 1, or 3 with an interval */
    const struct metric *metric;   /* NULL unless the field is a metric */
};

/* Reads a field.  Metrics of a cell that failed or was skipped are missing: nothing vouches for
 * them.  A value that is not finite is missing. */
struct field field_read(const struct cell *c, const char *name);

/* Cells that share one tuple of the split fields. */
struct selection {
    const struct cell **cells;
    size_t count;
    const char *caption; /* "dataset fashion-mnist, threads 1", cleaned; "" without a split */
    const char *suffix;  /* "-2" for the second of several, "" for the only one */
};

/* Picks the cells that `keep` accepts (NULL: all) and groups them by `split` (NULL-terminated, or
 * NULL) in order of first appearance.  Within a group `order` sorts (stably), NULL keeps the order
 * given.  ST_SYSTEM when memory is refused. */
enum status select_cells(struct arena *a, const struct cell *const *cells, size_t count,
                         const char *const *split, bool (*keep)(const struct cell *),
                         int (*order)(const void *, const void *), struct selection **selections,
                         size_t *selection_count);

#endif
