/* A verified record on its way to stdout, as JSON or for people. */
#ifndef ATTEST_HARNESS_SHOW_H
#define ATTEST_HARNESS_SHOW_H

#include <stdio.h>

#include "../record/cell.h"
#include "../record/record.h"

struct shown {
    const char *path;
    struct tree *root;
    struct seal seal;
    struct cell *cells;
    size_t cell_count;
    bool partial;            /* a run under way or killed: no record, so nothing is sealed */
    size_t planned;          /* cells that such a run will have */
    const struct cell *only; /* NULL, or the one cell asked for: with its samples */
};

/* One JSON object, as documented for scripts; a value that does not exist is null.  ST_SYSTEM:
 * memory or output. */
enum status show_json(const struct shown *s, FILE *out);

/* Header and one aligned line a cell, or one cell with parameters, metrics and samples. */
enum status show_text(const struct shown *s, FILE *out);

#endif
