/* Regular expressions of the command line, compiled only when that is known to end.
 *
 * glibc's regcomp() calls itself for each parenthesis and copies what is repeated, and regexec()
 * tries all ways that back-references leave: a short expression can overflow the stack, or take
 * hours.
 */
#ifndef ATTEST_HARNESS_PATTERN_H
#define ATTEST_HARNESS_PATTERN_H

#include <regex.h>

#include "status.h"

/* Compiles a POSIX extended expression without back-references, which regfree() frees.  It is tried
 * in a child process first.  ST_USAGE: it is none, has back-references, or takes more than a second
 * or 256 MiB; ST_SYSTEM: no child process.  The line begins with `option`. */
enum status pattern_compile(const char *option, const char *text, regex_t *out);

#endif
