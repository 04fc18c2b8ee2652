/* Records: tree to HDF5 bytes and back, content digests, and the detached seal.
 *
 * The bytes are reproducible: object times are off, members are written in sorted order.  Reading
 * takes a buffer that the caller has already checked against the seal; no file name reaches HDF5.
 */
#ifndef ATTEST_HARNESS_RECORD_H
#define ATTEST_HARNESS_RECORD_H

#include <limits.h>

#include "../seal/minisign.h"
#include "../base/status.h"
#include "tree.h"

enum { DIGEST_BYTES = 32, DIGEST_HEX = 65, RECORD_MAX_BYTES = 64 << 20 };

/* BLAKE2b-256 of a buffer as lower-case hex with NUL. */
void digest_hex(const void *data, size_t bytes, char hex[DIGEST_HEX]);
/* Same of a file's content; ST_SYSTEM when unreadable. */
enum status digest_file(const char *path, char hex[DIGEST_HEX]);

/* Merkle digest of a subtree: BLAKE2b over names, types, shapes and bytes, sorted, each field
 * length-prefixed (u64 LE); groups and datasets in separate domains. */
void tree_digest(const struct tree *t, char hex[DIGEST_HEX]);

/* tree -> bytes of an HDF5 file (malloc'd); bytes -> tree. ST_RECORD names what was refused.
 * record_decode lets HDF5 parse in this process: for bytes of our own, and for the child of
 * record_decode_contained. */
enum status record_encode(const struct tree *root, void **bytes, size_t *size);
enum status record_decode(const void *bytes, size_t size, const char *label, struct tree **root);

/* record_decode in a child process with limits on time, memory and files (child.h): a crash, a
 * limit or a lie of HDF5 is ST_RECORD with one line.  ST_SYSTEM: no child, or no memory here. */
enum status record_decode_contained(const void *bytes, size_t size, const char *label,
                                    struct tree **root);

/* What a seal says of a record, and how much of that was checked. */
struct seal {
    char file_digest[DIGEST_HEX];
    uint64_t size;
    char content_digest[DIGEST_HEX]; /* of the root */
    char plan_digest[DIGEST_HEX], outputs_digest[DIGEST_HEX], measurements_digest[DIGEST_HEX];
    char suite_commit[48];
    char started[32];      /* ISO 8601 UTC */
    char hdf5_version[16]; /* of the library that wrote it */

    bool has_signature;                /* PATH.minisig; the rest is of signatures only */
    bool signature_checked;            /* with the public key whose id it bears */
    char key_id[MINISIGN_ID_HEX];      /* "" without a signature */
    char signature_digest[DIGEST_HEX]; /* BLAKE2b-256 of the bytes of PATH.minisig */
    uint64_t number;           /* place in its folder's chain, from 1; 0: none (stock tool) */
    char previous[DIGEST_HEX]; /* signature_digest of the one before; "" for the first */
    char name[NAME_MAX + 1];   /* of the record's file when it was signed */
};

/* Whom a reader trusts and what it lets pass. */
struct record_trust {
    const struct minisign_public *keys; /* the one with the signature's key id counts */
    size_t key_count;                   /* 0: signatures stay unchecked */
    bool signed_only;                   /* a record without a signature is refused */
    bool unsealed_too;                  /* a record without any seal is read, strictly */
};

/* Version of the linked HDF5, "1.10.8". */
void record_hdf5_version(char *out, size_t size);

/* ST_INPUT when PATH is signed: for a run to ask before it starts. */
enum status record_check_free(const char *path);

/* Writes PATH and PATH.seal (temporary names, fsync, rename).  An error leaves neither of the new
 * files; a crash leaves at worst a record without a seal.  ST_INPUT: PATH is signed; a signed
 * record is never overwritten.  seal: filled, or NULL. */
enum status record_write(const struct tree *root, const char *path, struct seal *seal);

/* Reads PATH once (regular file, no symlink, size cap) and its seal: PATH.minisig when there is
 * one, else PATH.seal.  Before HDF5 sees a byte the bytes are compared with the digest that the
 * seal states and, where a key is named, with the signature; then they are parsed in a child
 * process, and the content digests compared.  A signature that the stock tool made states no
 * digests: PATH.seal beside it does, or a key must be named.  ST_RECORD: anything does not match;
 * ST_INPUT: PATH cannot be opened.  seal: filled, or NULL. */
enum status record_read_trusting(const char *path, const struct record_trust *trust,
                                 struct tree **root, struct seal *seal);

/* The same without keys: a signature is shown, not checked. */
enum status record_read(const char *path, struct tree **root, struct seal *seal);

#endif
