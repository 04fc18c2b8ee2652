/* A sheet: one finished table, all strings, ready for any renderer. */
#ifndef ATTEST_REPORTS_SHEET_H
#define ATTEST_REPORTS_SHEET_H

#include <stddef.h>
#include <stdint.h>

#include "../harness/run/report.h"
#include "../harness/base/status.h"
#include "arena.h"

/* What a value that does not exist looks like; never 0. */
#define SHEET_MISSING "–"

struct value {
    enum { VALUE_MISSING, VALUE_TEXT, VALUE_NUMBER } kind;
    const char *text;
};

struct head {
    const char *text;
    bool number; /* every value below is a number or missing: align right */
};

/* Smallest and largest of some counts; 0, 0 where there is none. */
struct range {
    uint64_t low, high;
};

struct row {
    struct value *values;              /* (columns) */
    const char *verdict;               /* "pass" ... */
    const char *reason;                /* "" where the verdict needs none */
    uint64_t samples;                  /* timed samples of the cell */
    struct range n;                    /* of the values shown */
    const char *n_text, *samples_text; /* the same as text, "" for none */
};

struct sheet {
    const char *name;  /* file stem: table's name and, for one of several, its number */
    const char *table; /* the definition's name */
    const char *title; /* with the split in brackets */
    const char *note;  /* "" if none */
    struct head *heads;
    size_t columns;
    size_t verdict_column; /* shows the verdict; == columns if none does */
    struct row *rows;
    size_t row_count;
    const char **remarks; /* "[1] no CUDA device": reasons that the verdict column points to */
    size_t remark_count;
    const char *statistic; /* how many samples and observations stand behind the values */
};

/* Builds the sheets of one table definition from the cells of its experiment, one for each distinct
 * tuple of its split.  A column "Oracle" is added when a row did not pass and none shows it.
 * ST_INPUT: a column's format is not one of doubles; ST_SYSTEM: memory. */
enum status sheets_build(struct arena *a, const struct table *t, const struct cell *const *cells,
                         size_t count, struct sheet **sheets, size_t *sheet_count);

/* Prints numbers with a printf format of up to FIELD_NUMBERS conversions
 * %[flags][width][.prec]{e,f,g}; stops behind the last conversion that still has a number.  False
 * when the format is another. */
bool sheet_format(const char *format, const double *numbers, size_t count, char *out, size_t size);

#endif
