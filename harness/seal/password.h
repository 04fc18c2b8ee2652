/* Passwords: from a terminal, from standard input, or from a file; only ever in guarded memory. */
#ifndef ATTEST_HARNESS_PASSWORD_H
#define ATTEST_HARNESS_PASSWORD_H

#include <stdbool.h>

#include "../base/status.h"

/* Reads a password of 1 to MINISIGN_PASSWORD-1 bytes into *password (password_free).  From the
 * first line of `file` if it is not NULL; else from the terminal without echo, twice if `twice`;
 * else, when standard input is no terminal, from its first line.  ST_INPUT: empty, too long, not
 * the same twice, or a file that others may read; ST_SYSTEM: no memory. */
enum status password_read(const char *file, bool twice, char **password);

/* Wipes and frees it; NULL is allowed. */
void password_free(char *password);

#endif
