/* The two forms of a seal.
 *
 * Unsigned, a text file: one "key: value" a line, keys sorted, LF, a fixed set of keys.  It detects
 * accidents, not forgery.  Signed, the trusted comment of a minisign signature: one line of
 * "key=value", a fixed set of keys in a fixed order, each value in its one spelling.
 */
#ifndef ATTEST_HARNESS_SEAL_H
#define ATTEST_HARNESS_SEAL_H

#include "../record/record.h"

enum { SEAL_MAX_BYTES = 4096 };

/* Writes the text of a seal, NUL-terminated; its length. */
size_t seal_format(const struct seal *seal, char text[SEAL_MAX_BYTES]);

/* Reads that text and nothing else: ST_RECORD on unknown, missing, repeated or unsorted keys, a
 * malformed value, CR, control bytes or trailing bytes.  label: what messages call the file. */
enum status seal_parse(const char *text, size_t size, const char *label, struct seal *seal);

/* Fills a seal from a record's tree and bytes.  ST_RECORD when the tree lacks plan, outputs or
 * measurements, or when commit or start time do not fit a seal.  label as above. */
enum status seal_make(const struct tree *root, const void *bytes, size_t size, const char *label,
                      struct seal *seal);

/* The trusted comment that stands for a seal with name, number and previous; ST_INPUT when the name
 * does not fit one. */
enum status seal_comment_format(const struct seal *seal, const char *label,
                                char text[MINISIGN_TRUSTED]);

/* True for a trusted comment that claims to be ours; others are the stock tool's. */
bool seal_comment_is_ours(const char *text);

/* Reads that comment and nothing else, as seal_parse does. */
enum status seal_comment_parse(const char *text, const char *label, struct seal *seal);

/* Reads PATH.minisig without looking at PATH.  The signature of the trusted comment is checked when
 * it bears the id of `key`.  A record without a signature, or with one of the stock tool, has
 * number 0. ST_RECORD: malformed or forged. */
enum status seal_read_signature(const char *path, const struct minisign_public *key,
                                struct seal *seal);

/* The untrusted comment of our signatures.  It follows from the key's id, so that no byte of the
 * file is free. */
void seal_untrusted(const char key_id[MINISIGN_ID_HEX], char text[MINISIGN_COMMENT]);

#endif
