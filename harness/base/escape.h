/* Text from files and command lines made safe to show: no control bytes reach a terminal. */
#ifndef ATTEST_HARNESS_ESCAPE_H
#define ATTEST_HARNESS_ESCAPE_H

#include <stddef.h>

enum { ESCAPE_LINE = 512 };

/* Copies text to out (size > 0), always terminated.  Printable ASCII and well-formed UTF-8 stay;
 * control bytes, malformed UTF-8, C1 controls and characters that turn or hide text (bidi, zero
 * width) become \xNN or \u{NNNN}.  Text that does not fit is cut and ends in "...". */
void escape_text(const char *text, char *out, size_t size);

/* Columns that a well-formed UTF-8 string takes, one a character. */
size_t escape_width(const char *text);

/* Decodes the UTF-8 character at s into *code; its length 1..4, or 0 if malformed or at the end. */
size_t utf8_decode(const char *s, unsigned *code);

#endif
