#include "mapped.h"

#include <errno.h>
#include <fcntl.h>
#include <sodium.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

/* File names are anyone's text: what could move a terminal's cursor is not repeated. */
static void make_label(const char *path, char *out, size_t size) {
    snprintf(out, size, "%s", path);
    for (char *p = out; *p != '\0'; p++) {
        if ((unsigned char)*p < ' ' || *p == 0x7f) {
            *p = '?';
        }
    }
}

static enum status map_descriptor(int fd, const char *what, struct mapped *m) {
    struct stat info;
    if (fstat(fd, &info) != 0) {
        return status_set(ST_INPUT, "%s: %s", m->label, strerror(errno));
    }
    if (!S_ISREG(info.st_mode)) {
        return status_set(ST_INPUT, "%s: is %s, not %s; name a file", m->label,
                          S_ISDIR(info.st_mode) ? "a directory" : "no regular file", what);
    }
    if (info.st_size == 0) {
        return status_set(ST_INPUT, "%s: the file is empty; give %s", m->label, what);
    }
    /* Mapped, not read: a file larger than half the memory can still be converted. */
    void *map = mmap(NULL, (size_t)info.st_size, PROT_READ, MAP_PRIVATE, fd, 0);
    if (map == MAP_FAILED) {
        return status_set(ST_SYSTEM, "%s: cannot be mapped: %s", m->label, strerror(errno));
    }
    m->bytes = map;
    m->size = (size_t)info.st_size;
    return ST_OK;
}

static enum status check_sha256(const struct mapped *m, const char *expected) {
    unsigned char hash[crypto_hash_sha256_BYTES];
    char found[2 * sizeof hash + 1];
    crypto_hash_sha256(hash, m->bytes, m->size);
    sodium_bin2hex(found, sizeof found, hash, sizeof hash);
    if (strcmp(found, expected) != 0) {
        return status_set(ST_INPUT,
                          "%s: SHA-256 is %s, the manifest says %s; install or fetch it again",
                          m->label, found, expected);
    }
    return ST_OK;
}

enum status map_file(const char *path, const char *sha256, const char *what, struct mapped *out) {
    *out = (struct mapped){.bytes = NULL};
    make_label(path, out->label, sizeof out->label);
    /* O_NONBLOCK: a FIFO is refused, not waited for. */
    const int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    if (fd < 0) {
        return status_set(ST_INPUT, "%s: cannot be opened: %s; give %s", out->label,
                          strerror(errno), what);
    }
    enum status st = map_descriptor(fd, what, out);
    close(fd);
    if (st == ST_OK && sha256 != NULL) {
        st = check_sha256(out, sha256);
    }
    if (st != ST_OK) {
        unmap_file(out);
    }
    return st;
}

void unmap_file(struct mapped *m) {
    if (m->bytes != NULL) {
        munmap((void *)(uintptr_t)m->bytes, m->size);
    }
    m->bytes = NULL;
}
