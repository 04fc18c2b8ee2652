/* The file formats and signatures of minisign, byte for byte those of the stock tool.
 *
 * Keys are Ed25519; a signature is over the BLAKE2b-512 of the file ("prehashed", algorithm ED),
 * and a second one over the first and the trusted comment.  Secret keys are encrypted at rest: the
 * stream that scrypt makes of a password, XORed over key id, key and checksum.  Reading is stricter
 * than the tool's: LF only, canonical base64, an exact number of lines, no control bytes in
 * comments. Format: https://jedisct1.github.io/minisign/ ("Signature format", "Key format").
 */
#ifndef ATTEST_HARNESS_MINISIGN_H
#define ATTEST_HARNESS_MINISIGN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "../base/status.h"

enum {
    MINISIGN_ID = 8,         /* bytes of a key's id, little-endian */
    MINISIGN_ID_HEX = 17,    /* as text, with NUL */
    MINISIGN_KEY_BYTES = 32, /* public */
    MINISIGN_SECRET_BYTES = 64,
    MINISIGN_HASH_BYTES = 64,
    MINISIGN_SIGNATURE = 64,   /* bytes of an Ed25519 signature */
    MINISIGN_COMMENT = 1024,   /* untrusted comment, with NUL */
    MINISIGN_TRUSTED = 8192,   /* trusted comment, with NUL */
    MINISIGN_FILE_MAX = 10240, /* bytes of any of the three files */
    MINISIGN_LOCKED_BYTES = 158,
    MINISIGN_PASSWORD = 1024 /* with NUL */
};

struct minisign_public {
    unsigned char id[MINISIGN_ID], key[MINISIGN_KEY_BYTES];
};

/* A secret key ready for use.  Only minisign_secret_new() makes one: memory that is locked, left
 * out of core dumps and wiped when freed. */
struct minisign_secret {
    unsigned char id[MINISIGN_ID], key[MINISIGN_SECRET_BYTES];
};

/* A secret key as it lies in its file, encrypted. */
struct minisign_locked {
    unsigned char bytes[MINISIGN_LOCKED_BYTES];
};

struct minisign_signature {
    char untrusted[MINISIGN_COMMENT], trusted[MINISIGN_TRUSTED];
    unsigned char id[MINISIGN_ID], file[MINISIGN_SIGNATURE], comment[MINISIGN_SIGNATURE];
};

/* What deriving a key from a password may cost; the file says which it was. */
enum minisign_cost {
    MINISIGN_INTERACTIVE, /* 16 MiB, a tenth of a second */
    MINISIGN_SENSITIVE    /* 1 GiB, some seconds: what the stock tool takes */
};

/* A key's id as the tool shows it: 16 upper-case hexadecimal digits. */
void minisign_id_text(const unsigned char id[MINISIGN_ID], char text[MINISIGN_ID_HEX]);

/* Files to values: ST_INPUT for keys and ST_RECORD for signatures says what is malformed.  label:
 * what messages call the file, already escaped. */
enum status minisign_public_parse(const char *text, size_t size, const char *label,
                                  struct minisign_public *key);
enum status minisign_locked_parse(const char *text, size_t size, const char *label,
                                  struct minisign_locked *key);
enum status minisign_signature_parse(const char *text, size_t size, const char *label,
                                     struct minisign_signature *s);

/* Values to files: NUL-terminated text; its length. */
size_t minisign_public_format(const struct minisign_public *key, char text[MINISIGN_FILE_MAX]);
size_t minisign_locked_format(const struct minisign_locked *key, char text[MINISIGN_FILE_MAX]);
size_t minisign_signature_format(const struct minisign_signature *s, char text[MINISIGN_FILE_MAX]);

/* Memory for a secret key, and its end (NULL is allowed).  NULL: memory refused. */
struct minisign_secret *minisign_secret_new(void);
void minisign_secret_free(struct minisign_secret *key);

/* Fills in a new random key pair. */
void minisign_generate(struct minisign_secret *secret);

/* The public half of a secret key. */
void minisign_public_of(const struct minisign_secret *secret, struct minisign_public *key);

/* Encrypts a key under a password.  A machine without the memory gets half the cost, and half
 * again, as with the tool; *mebibytes says what it became.  ST_SYSTEM: not even the least can be
 * had. */
enum status minisign_lock(const struct minisign_secret *secret, const char *password,
                          enum minisign_cost cost, struct minisign_locked *key, size_t *mebibytes);

/* Decrypts.  ST_INPUT: wrong password, or a cost out of bounds; ST_SYSTEM: the memory that the file
 * asks for is refused. */
enum status minisign_unlock(const struct minisign_locked *key, const char *password,
                            const char *label, struct minisign_secret *secret);

/* BLAKE2b-512 of a file's bytes: what is signed. */
void minisign_hash(const void *bytes, size_t size, unsigned char hash[MINISIGN_HASH_BYTES]);

/* Signs; both comments are lines without control bytes and fit their buffers. */
void minisign_sign(const struct minisign_secret *secret,
                   const unsigned char hash[MINISIGN_HASH_BYTES], const char *untrusted,
                   const char *trusted, struct minisign_signature *s);

/* Does the signature of the file, that of the trusted comment, stem from this key? */
bool minisign_file_ok(const struct minisign_public *key,
                      const unsigned char hash[MINISIGN_HASH_BYTES],
                      const struct minisign_signature *s);
bool minisign_comment_ok(const struct minisign_public *key, const struct minisign_signature *s);

#endif
