/* The text of a seal: one "key: value" a line, keys sorted, LF, a fixed set of keys.
 *
 * It is unsigned: it detects accidents, not forgery.
 */
#ifndef ATTEST_HARNESS_SEAL_H
#define ATTEST_HARNESS_SEAL_H

#include "record.h"

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

#endif
