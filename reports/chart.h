/* A chart: one finished plot, numbers and cleaned names, and its drawing by gnuplot. */
#ifndef ATTEST_REPORTS_CHART_H
#define ATTEST_REPORTS_CHART_H

#include <stdbool.h>
#include <stddef.h>

#include "../harness/run/report.h"
#include "../harness/base/status.h"
#include "arena.h"
#include "text.h"

struct series {
    const char *name;  /* cleaned */
    double *x, *y, *z; /* (count); z of a heat map only */
    size_t count;
};

struct chart {
    const struct plot *plot;
    const char *name;    /* file stem: plot's name and, for one of several, its number */
    const char *caption; /* the split, cleaned; "" if none */
    struct series *series;
    size_t series_count;
    struct text svg, plain; /* drawings; empty until drawn */
};

/* Builds the charts of one plot definition from the cells of its experiment.  Cells without both
 * values, and values that a logarithmic axis cannot show, are left out; so is a chart without a
 * point.  ST_SYSTEM: memory. */
enum status charts_build(struct arena *a, const struct plot *p, const struct cell *const *cells,
                         size_t count, struct chart **charts, size_t *chart_count);

/* Appends a heat map as text: a table of its values, or where that is too wide of their tenths. */
void chart_heat_plain(const struct chart *c, struct text *out);

enum chart_format { CHART_SVG, CHART_PDF, CHART_TEXT };

/* Draws with gnuplot and appends the result to out.  The script holds only the definition's texts
 * and our numbers; names from the record reach gnuplot as one sanitised column of a data file.  SVG
 * and text are the same bytes every time, PDF holds a date. ST_SKIP: gnuplot is not installed;
 * ST_SYSTEM: it or the temporary folder failed. */
enum status chart_draw(const struct chart *c, enum chart_format format, struct text *out);

#endif
