/* Renderers: a page or a sheet, appended to a text in one target language.
 *
 * They take finished strings only, so equal records give equal bytes.  A refused allocation is
 * remembered in the text: ask text_complete().
 */
#ifndef ATTEST_REPORTS_RENDER_H
#define ATTEST_REPORTS_RENDER_H

#include "page.h"
#include "text.h"

/* GitHub's Markdown.  image_stem: NULL, or what stands before "-PLOT.svg" in links to the plots. */
void render_markdown(const struct page *page, const char *image_stem, struct text *out);

/* One booktabs table each, to be \input; the preamble needs booktabs and T1 fonts. */
void render_latex(const struct page *page, struct text *out);

/* One sheet as RFC 4180 (CRLF).  The foot follows each row as columns of its own: oracle, reason,
 * n, samples, record, machine, started, suite_commit. */
void render_csv(const struct page *page, const struct sheet *s, struct text *out);

/* One page that loads nothing: style and drawings are inside. */
void render_html(const struct page *page, struct text *out);

/* Aligned columns and text plots for a terminal. */
void render_plain(const struct page *page, struct text *out);

enum { FOOT_LINES = 5 };
struct foot_line {
    const char *label, *text;
};
/* What every table ends with: record digest, n, machine, date, commit. */
void foot_lines(const struct page *page, const struct sheet *s, struct foot_line out[FOOT_LINES]);

#endif
