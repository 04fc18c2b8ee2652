/* Tables and plots as data: an experiment declares them, reports/ draws them from records. */
#ifndef ATTEST_HARNESS_REPORT_H
#define ATTEST_HARNESS_REPORT_H

#include "../record/cell.h"

/* One column: where the value comes from and how it is printed. */
struct column {
    const char *head;   /* "QPS" */
    const char *field;  /* "arm", "kernel", "backend", "oracle", a parameter or a metric name */
    const char *format; /* printf format of a double ("%.4f"); NULL prints text or %g */
};

/* One table for each distinct tuple of the `split` parameters among the rows that `keep` accepts.
 */
struct table {
    const char *name;         /* file stem: [a-z0-9-] */
    const char *title;        /* sentence shown above */
    const char *note;         /* what the reader must know: baselines, statistic */
    const char *const *split; /* NULL-terminated parameter names, shown in the title */
    bool (*keep)(const struct cell *c);
    /* Row order; NULL keeps the record's.  Like qsort's, over const struct cell *const *. */
    int (*order)(const void *a, const void *b);
    const struct column *columns; /* ends with head == NULL */
};

/* One scatter plot for each distinct tuple of `split`; one series per value of `series`.  With z it
 * is a heat map instead: a coloured field for each x and y, which are whole numbers. */
struct plot {
    const char *name, *title;
    const char *const *split;
    bool (*keep)(const struct cell *c);
    const char *series; /* field whose values make the series: "kernel" */
    const char *x, *y;  /* metric or parameter names */
    const char *x_label, *y_label;
    bool log_x, log_y;
    bool lines; /* each series with its line of least squares, over ln x where log_x */
    /* Bars from 0 instead of points, those of one x side by side: x are whole numbers, no axis is
     * logarithmic. */
    bool bars;
    const char *z, *z_label; /* NULL: a scatter plot */
};

#endif
