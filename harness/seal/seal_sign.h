/* Sealing of records that exist already. */
#ifndef ATTEST_HARNESS_SEAL_SIGN_H
#define ATTEST_HARNESS_SEAL_SIGN_H

#include "../record/record.h"

/* Both read each record first and compare it with the seal it has: ST_RECORD, and nothing is
 * written, when it was changed, or was signed by another key.  A record without any seal is read
 * strictly. */

/* Writes PATH.seal.  ST_INPUT: PATH is signed, and a signature is never replaced by less. */
enum status seal_unsigned(const char *path, struct seal *made);

/* Writes PATH.minisig for each path (of one folder), then removes PATH.seal.  Each is chained to
 * the one before it, the first to the last signed record of the folder that is not among them.
 * Nothing is written before all are signed; `made` has room for count seals.  ST_INPUT: paths of
 * several folders, a path twice, an unfit name, or another record links to one of them; ST_RECORD:
 * also when the folder's chain is broken. */
enum status seal_signed(char *const *paths, size_t count, const struct minisign_secret *secret,
                        struct seal *made);

#endif
