/* Records: tree to HDF5 bytes and back, content digests, and the detached seal.
 *
 * The bytes are reproducible: object times are off, members are written in sorted order.  Reading
 * takes a buffer that the caller has already checked against the seal; no file name reaches HDF5.
 */
#ifndef ATTEST_HARNESS_RECORD_H
#define ATTEST_HARNESS_RECORD_H

#include "status.h"
#include "tree.h"

enum { DIGEST_BYTES = 32, DIGEST_HEX = 65, RECORD_MAX_BYTES = 64 << 20 };

/* BLAKE2b-256 of a buffer as lower-case hex with NUL. */
void digest_hex(const void *data, size_t bytes, char hex[DIGEST_HEX]);
/* Same of a file's content; ST_SYSTEM when unreadable. */
enum status digest_file(const char *path, char hex[DIGEST_HEX]);

/* Merkle digest of a subtree: BLAKE2b over names, types, shapes and bytes, sorted, each field
 * length-prefixed (u64 LE); groups and datasets in separate domains. */
void tree_digest(const struct tree *t, char hex[DIGEST_HEX]);

/* tree -> bytes of an HDF5 file (malloc'd); bytes -> tree. ST_RECORD names what was refused. */
enum status record_encode(const struct tree *root, void **bytes, size_t *size);
enum status record_decode(const void *bytes, size_t size, const char *label, struct tree **root);

/* What a seal says of a record. */
struct seal {
    char file_digest[DIGEST_HEX];
    uint64_t size;
    char content_digest[DIGEST_HEX]; /* of the root */
    char plan_digest[DIGEST_HEX], outputs_digest[DIGEST_HEX], measurements_digest[DIGEST_HEX];
    char suite_commit[48];
    char started[32];      /* ISO 8601 UTC */
    char hdf5_version[16]; /* of the library that wrote it */
};

/* Version of the linked HDF5, "1.10.8". */
void record_hdf5_version(char *out, size_t size);

/* Writes PATH and PATH.seal (temporary names, fsync, rename).  An error leaves neither of the new
 * files; a crash leaves at worst a record without a seal.  seal: filled, or NULL. */
enum status record_write(const struct tree *root, const char *path, struct seal *seal);

/* Reads PATH once (regular file, no symlink, size cap), compares it with PATH.seal before HDF5 sees
 * a byte, parses it, and compares the content digests.  ST_RECORD: anything does not match;
 * ST_INPUT: PATH cannot be opened.  seal: filled, or NULL. */
enum status record_read(const char *path, struct tree **root, struct seal *seal);

#endif
