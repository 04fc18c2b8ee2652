/* Key files. */
#ifndef ATTEST_HARNESS_KEYS_H
#define ATTEST_HARNESS_KEYS_H

#include "minisign.h"

enum { KEYS_MAX = 16 }; /* public keys that one command may name */

/* Reads a public key.  ST_INPUT: absent or malformed. */
enum status keys_read_public(const char *path, struct minisign_public *key);

/* Reads an encrypted secret key.  ST_INPUT: absent, malformed, not encrypted, or others than its
 * owner may touch it. */
enum status keys_read_locked(const char *path, struct minisign_locked *key);

/* ST_INPUT when NAME.pub or NAME.key is there already. */
enum status keys_check_free(const char *name);

/* Writes NAME.pub (0644) and NAME.key (0600), new files both or none; ST_SYSTEM. */
enum status keys_write(const char *name, const struct minisign_public *public_key,
                       const struct minisign_locked *locked);

#endif
