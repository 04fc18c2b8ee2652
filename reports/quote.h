/* Strings of a record made harmless for each target.
 *
 * All take text that escape_text() has already rid of control bytes and malformed UTF-8.
 */
#ifndef ATTEST_REPORTS_QUOTE_H
#define ATTEST_REPORTS_QUOTE_H

#include <stdbool.h>

#include "text.h"

/* Append a cleaned string so that the target shows it and does nothing else with it. */
void quote_markdown(struct text *t, const char *s);
void quote_html(struct text *t, const char *s);
/* Letters outside Latin become "?" unless LaTeX's default fonts have them. */
void quote_latex(struct text *t, const char *s);
/* RFC 4180 field.  A text that a spreadsheet would take for a formula gets a leading apostrophe;
 * a number never does. */
void quote_csv(struct text *t, const char *s, bool number);
/* A relative address: every byte but letters, digits and ._- as %XX. */
void quote_link(struct text *t, const char *s);
/* Letters, digits, space and ._/:=+,()- only: a name for a plot's data file. */
void quote_plot_name(struct text *t, const char *s);

#endif
