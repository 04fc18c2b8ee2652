/* A regular file mapped for reading. */
#ifndef ATTEST_DATASETS_MAPPED_H
#define ATTEST_DATASETS_MAPPED_H

#include <stddef.h>

#include "../harness/base/status.h"

struct mapped {
    char label[256];            /* the path, safe to print */
    const unsigned char *bytes; /* NULL: nothing is mapped */
    size_t size;
};

/* Maps the regular file at PATH and compares its SHA-256 (64 hex digits, or NULL: unknown).
 * `what` says in messages what the file should be ("a file of vectors").  ST_INPUT with one line:
 * absent, directory or other kind, empty, wrong checksum; ST_SYSTEM: not mapped.  On failure
 * nothing is mapped, the label is set. */
enum status map_file(const char *path, const char *sha256, const char *what, struct mapped *out);
void unmap_file(struct mapped *m);

#endif
