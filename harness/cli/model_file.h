/* The language model that a command reads: the pinned one, or the user's. */
#ifndef ATTEST_HARNESS_MODEL_FILE_H
#define ATTEST_HARNESS_MODEL_FILE_H

#include <stddef.h>

#include "../../datasets/gguf.h"

/* Opens the file at PATH; NULL: the pinned one, checked against its SHA-256. */
enum status model_file_open(const char *path, struct gguf **out);

/* Its name without a folder, and its digest: SHA-256 of the pinned one, BLAKE2b-256 of another. */
enum status model_file_name(const char *path, const struct gguf *g, char *name, size_t size,
                            char digest[65]);

#endif
