/* A page: all sheets and charts of one record, and the facts that stand below them. */
#ifndef ATTEST_REPORTS_PAGE_H
#define ATTEST_REPORTS_PAGE_H

#include "../harness/run/experiment.h"
#include "arena.h"
#include "chart.h"
#include "facts.h"
#include "sheet.h"

struct page {
    struct arena arena;
    const char *title;   /* cleaned */
    const char *unknown; /* experiments of the record that have no definition here, or "" */
    struct facts facts;
    struct sheet *sheets;
    size_t sheet_count;
    struct chart *charts;
    size_t chart_count;
};

/* Which part of a page is wanted: names of definitions or file stems; both NULL: everything. */
struct page_choice {
    const char *table, *plot;
};

/* Builds the page from a record's cells and the definitions of the experiments they name
 * (`list` ends with NULL).  Nothing is drawn yet.  The caller calls page_free, also on failure.
 * ST_INPUT: a definition is wrong, or two share a file stem; ST_SYSTEM: memory. */
enum status page_build(const char *title, const struct facts *facts, const struct cell *cells,
                       size_t count, const struct experiment *const *list,
                       const struct page_choice *choice, struct page *page);

/* Draws every chart in the forms asked for.  ST_SKIP: gnuplot is not installed, the page then has
 * no chart; ST_SYSTEM: it failed. */
enum status page_draw(struct page *page, bool svg, bool plain);

void page_free(struct page *page);

#endif
