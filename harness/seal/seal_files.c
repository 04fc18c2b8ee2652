/* Files read whole and written whole. */
#include "seal_files.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "../base/escape.h"

/* Reads `size` bytes and sees the end after them; false when the file is shorter or longer. */
static bool read_exactly(int fd, char *data, size_t size) {
    size_t done = 0;
    for (;;) {
        char spare;
        ssize_t got = done < size ? read(fd, data + done, size - done) : read(fd, &spare, 1);
        if (got < 0 && errno == EINTR)
            continue;
        if (got <= 0)
            return got == 0 && done == size;
        if (done == size)
            return false;
        done += (size_t)got;
    }
}

static enum status read_open(int fd, const char *shown, const struct file_rule *rule, char **data,
                             size_t *size) {
    struct stat s;
    if (fstat(fd, &s) != 0)
        return status_set(ST_SYSTEM, "%s: cannot examine: %s", shown, strerror(errno));
    if (!S_ISREG(s.st_mode))
        return status_set(rule->refusal, "%s: not a regular file", shown);
    if (s.st_size <= 0 || (uintmax_t)s.st_size > rule->cap)
        return status_set(rule->refusal, "%s: %lld bytes; expected 1 to %zu", shown,
                          (long long)s.st_size, rule->cap);
    if ((s.st_mode & rule->forbidden) != 0)
        return status_set(rule->refusal, "%s: others may read it (mode %03o): chmod 600 %s", shown,
                          (unsigned)(s.st_mode & 0777), shown);
    *size = (size_t)s.st_size;
    *data = calloc(1, *size + 1);
    if (*data == NULL)
        return status_set(ST_SYSTEM, "%s: no memory to read it", shown);
    if (read_exactly(fd, *data, *size))
        return ST_OK;
    free(*data);
    *data = NULL;
    return status_set(rule->refusal, "%s: changed or failed while it was read", shown);
}

enum status file_read(const char *path, const struct file_rule *rule, char **data, size_t *size) {
    char shown[ESCAPE_LINE];
    escape_text(path, shown, sizeof shown);
    *data = NULL;
    /* NONBLOCK: opening a FIFO must not wait for a writer. */
    int fd = open(path, O_RDONLY | O_NOFOLLOW | O_CLOEXEC | O_NONBLOCK);
    if (fd < 0 && errno == ELOOP)
        return status_set(rule->refusal, "%s: a symbolic link: name the file itself", shown);
    if (fd < 0)
        return status_set(ST_INPUT, "%s: cannot open: %s", shown, strerror(errno));
    enum status st = read_open(fd, shown, rule, data, size);
    close(fd);
    return st;
}

static bool write_all(int fd, const char *data, size_t size) {
    while (size > 0) {
        ssize_t put = write(fd, data, size);
        if (put < 0 && errno == EINTR)
            continue;
        if (put <= 0)
            return false;
        data += put;
        size -= (size_t)put;
    }
    return true;
}

bool file_exists(const char *path) {
    struct stat s;
    return lstat(path, &s) == 0 || (errno != ENOENT && errno != ENOTDIR);
}

enum status file_write_new(const char *path, mode_t mode, const void *data, size_t size) {
    char shown[ESCAPE_LINE];
    escape_text(path, shown, sizeof shown);
    int fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, mode);
    if (fd < 0)
        return status_set(ST_SYSTEM, "%s: cannot create: %s", shown, strerror(errno));
    bool ok = write_all(fd, data, size) && fsync(fd) == 0;
    int error = errno;
    if (close(fd) != 0 && ok) {
        ok = false;
        error = errno;
    }
    if (ok)
        return ST_OK;
    unlink(path);
    return status_set(ST_SYSTEM, "%s: cannot write: %s", shown, strerror(error));
}

void file_sync_folder(const char *path) {
    char folder[PATH_MAX];
    const char *slash = strrchr(path, '/');
    size_t length = slash == NULL ? 0 : (size_t)(slash - path) + 1;
    if (length >= sizeof folder)
        return;
    memcpy(folder, path, length);
    folder[length] = '\0';
    int fd = open(length > 0 ? folder : ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (fd < 0)
        return;
    /* Some file systems cannot sync a folder; the digests still tell a torn pair. */
    (void)fsync(fd);
    close(fd);
}
