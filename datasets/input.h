/* A user's file of vectors, mapped, recognised and checked. */
#ifndef ATTEST_DATASETS_INPUT_H
#define ATTEST_DATASETS_INPUT_H

#include <stdbool.h>
#include <stddef.h>

#include "dataset.h"
#include "mapped.h"
#include "view.h"

enum format { FORMAT_FVECS, FORMAT_BVECS, FORMAT_NPY, FORMAT_IDX, FORMAT_IDX_GZ, FORMAT_HDF5 };

struct input {
    struct mapped file;
    enum format format;
    void *plain;      /* unpacked content of a .gz, or NULL */
    struct view view; /* into the file or plain; empty for FORMAT_HDF5 */
};

/* Maps the regular file at PATH, compares its SHA-256 (64 hex digits, or NULL: unknown), recognises
 * the format by the name's ending, else by the first bytes, and parses it; HDF5 is left to
 * annb_read. ST_INPUT with one line: absent, directory, empty, wrong checksum, unknown format, or
 * what the format's reader found. */
enum status input_open(const char *path, const char *sha256, struct input *out);
void input_close(struct input *in);

#endif
