/* Prose out of the HTML pages that documentation tools write.
 *
 * Kept: the text of <body>, each run of white space one space, a blank line where a block begins or
 * ends.  Left out with their content: scripts, styles, forms, tables, <pre> (listings and screens),
 * superscripts (footnote marks), and the pages' navigation, known by class or id.  No library, so
 * that the same pages give the same bytes everywhere.
 */
#ifndef ATTEST_DATASETS_HTML_TEXT_H
#define ATTEST_DATASETS_HTML_TEXT_H

#include <stddef.h>

#include "../harness/base/status.h"

/* Writes the page's prose to out, which has room for `size` bytes, and its length to *length; text
 * never is longer than its page.  Leading and trailing white space is left out.  ST_INPUT with one
 * line naming the label, which is safe to print: no well-formed UTF-8, a tag, comment or dropped
 * element that does not end, an unknown entity. */
enum status html_text(const char *label, const char *html, size_t size, char *out, size_t *length);

#endif
