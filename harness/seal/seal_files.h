/* Small files read whole, once, and written whole, to the disk. */
#ifndef ATTEST_HARNESS_SEAL_FILES_H
#define ATTEST_HARNESS_SEAL_FILES_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/stat.h>

#include "../base/status.h"

/* What a file must be to be read. */
struct file_rule {
    size_t cap;          /* bytes */
    mode_t forbidden;    /* permission bits that must not be set */
    enum status refusal; /* returned for a file that is not so */
};

/* Reads a whole regular file of 1..cap bytes, once, following no symbolic link; *data is malloc'd,
 * with a NUL behind it, or NULL.  ST_INPUT: it cannot be opened; ST_SYSTEM: no memory. */
enum status file_read(const char *path, const struct file_rule *rule, char **data, size_t *size);

/* True unless there certainly is nothing of that name. */
bool file_exists(const char *path);

/* Writes a new file with these permissions to the disk; ST_SYSTEM leaves none, and one that was
 * there stays. */
enum status file_write_new(const char *path, mode_t mode, const void *data, size_t size);

/* Makes renames in the folder of path last through a power cut. */
void file_sync_folder(const char *path);

#endif
