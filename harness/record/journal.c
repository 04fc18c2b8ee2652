#include "journal.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "../base/escape.h"
#include "record.h"
#include "tree_pack.h"

enum {
    MAGIC_BYTES = 17,
    HEADER_BYTES = sizeof(uint64_t) + DIGEST_BYTES,
    ENTRY_MAX_BYTES = RECORD_MAX_BYTES
};
static const char magic[MAGIC_BYTES + 1] = "attest-partial-1\n";

struct journal {
    int fd; /* -1: only read */
    char path[PATH_MAX], shown[ESCAPE_LINE];
    uint64_t bytes;        /* of the file: magic and whole entries */
    uint64_t position;     /* of the next entry */
    struct tree **entries; /* those that were there when it was opened */
    size_t count, capacity;
};

bool journal_is(const void *bytes, size_t size) {
    return size >= MAGIC_BYTES && memcmp(bytes, magic, MAGIC_BYTES) == 0;
}

size_t journal_count(const struct journal *j) { return j->count; }

const struct tree *journal_entry(const struct journal *j, size_t index) {
    return j->entries[index];
}

/* --- entries ---------------------------------------------------------------------------------- */

static void entry_digest(uint64_t position, const void *bytes, size_t size,
                         unsigned char digest[DIGEST_BYTES]) {
    crypto_generichash_state h;
    crypto_generichash_init(&h, NULL, 0, DIGEST_BYTES);
    crypto_generichash_update(&h, (const unsigned char *)&position, sizeof position);
    crypto_generichash_update(&h, bytes, size);
    crypto_generichash_final(&h, digest, DIGEST_BYTES);
}

/* Takes over the tree. */
static enum status remember(struct journal *j, struct tree *entry) {
    if (j->count == j->capacity) {
        size_t capacity = j->capacity == 0 ? 16 : 2 * j->capacity;
        struct tree **entries = realloc(j->entries, capacity * sizeof(struct tree *));
        if (entries == NULL) {
            tree_free(entry);
            return status_set(ST_SYSTEM, "%s: no memory to read it", j->shown);
        }
        j->entries = entries;
        j->capacity = capacity;
    }
    j->entries[j->count++] = entry;
    return ST_OK;
}

/* Bytes of the entry at p without its header; 0 if it is torn: cut short, or never reached the
 * disk. */
static uint64_t entry_bytes(const unsigned char *p, uint64_t room) {
    uint64_t length;
    if (room < HEADER_BYTES) {
        return 0;
    }
    memcpy(&length, p, sizeof length);
    return length <= ENTRY_MAX_BYTES && length <= room - HEADER_BYTES ? length : 0;
}

/* Reads the entries of a journal's bytes up to a torn tail. */
static enum status read_entries(struct journal *j, const unsigned char *bytes, uint64_t size) {
    uint64_t at = MAGIC_BYTES, length;
    while (at < size && (length = entry_bytes(bytes + at, size - at)) > 0) {
        unsigned char digest[DIGEST_BYTES];
        const unsigned char *header = bytes + at, *body = header + HEADER_BYTES;
        entry_digest(j->position, body, (size_t)length, digest);
        if (memcmp(digest, header + sizeof length, DIGEST_BYTES) != 0) {
            if (at + HEADER_BYTES + length == size) {
                break;
            }
            return status_set(ST_RECORD, "%s: damaged in entry %llu; remove it to begin anew",
                              j->shown, (unsigned long long)j->position);
        }
        struct tree *entry;
        enum status st = tree_unpack(body, (size_t)length, j->shown, &entry);
        st = st == ST_OK ? remember(j, entry) : st;
        if (st != ST_OK) {
            return st;
        }
        j->position++;
        at += HEADER_BYTES + length;
    }
    j->bytes = at;
    return ST_OK;
}

/* --- files ------------------------------------------------------------------------------------ */

static enum status journal_new(const char *path, struct journal **out) {
    struct journal *j = calloc(1, sizeof *j);
    *out = j;
    if (j == NULL) {
        return status_set(ST_SYSTEM, "out of memory");
    }
    j->fd = -1;
    snprintf(j->path, sizeof j->path, "%s", path);
    escape_text(path, j->shown, sizeof j->shown);
    return ST_OK;
}

/* Everything the open file holds, malloc'd. */
static enum status read_file(const struct journal *j, int fd, unsigned char **bytes,
                             uint64_t *size) {
    struct stat s;
    if (fstat(fd, &s) != 0 || !S_ISREG(s.st_mode)) {
        return status_set(ST_INPUT, "%s: not a regular file", j->shown);
    }
    *size = (uint64_t)s.st_size;
    *bytes = malloc((size_t)s.st_size + 1);
    if (*bytes == NULL) {
        return status_set(ST_SYSTEM, "%s: no memory to read it", j->shown);
    }
    for (uint64_t done = 0; done < *size;) {
        ssize_t got = pread(fd, *bytes + done, (size_t)(*size - done), (off_t)done);
        if (got <= 0 && !(got < 0 && errno == EINTR)) {
            free(*bytes);
            return status_set(ST_SYSTEM, "%s: cannot read: %s", j->shown,
                              got < 0 ? strerror(errno) : "it shrank");
        }
        done += got > 0 ? (uint64_t)got : 0;
    }
    return ST_OK;
}

static enum status load(struct journal *j, int fd) {
    unsigned char *bytes = NULL;
    uint64_t size = 0;
    enum status st = read_file(j, fd, &bytes, &size);
    if (st != ST_OK) {
        return st;
    }
    /* A kill may leave the file empty, or with a part of the magic. */
    if (memcmp(bytes, magic, size < MAGIC_BYTES ? (size_t)size : MAGIC_BYTES) != 0) {
        st = status_set(ST_INPUT, "%s: in the way and no unfinished run; move it or choose --out",
                        j->shown);
    } else if (size >= MAGIC_BYTES) {
        st = read_entries(j, bytes, size);
    }
    free(bytes);
    return st;
}

static enum status write_at(const struct journal *j, const void *data, size_t size, uint64_t at) {
    for (size_t done = 0; done < size;) {
        ssize_t put = pwrite(j->fd, (const char *)data + done, size - done, (off_t)(at + done));
        if (put < 0 && errno != EINTR) {
            return status_set(ST_SYSTEM, "%s: cannot write: %s", j->shown, strerror(errno));
        }
        done += put > 0 ? (size_t)put : 0;
    }
    return ST_OK;
}

/* Cuts off what a killed process left half-written, and begins an empty file. */
static enum status settle(struct journal *j) {
    if (j->bytes == 0) {
        enum status st = write_at(j, magic, MAGIC_BYTES, 0);
        if (st != ST_OK) {
            return st;
        }
        j->bytes = MAGIC_BYTES;
    }
    if (ftruncate(j->fd, (off_t)j->bytes) != 0 || fsync(j->fd) != 0) {
        return status_set(ST_SYSTEM, "%s: cannot write: %s", j->shown, strerror(errno));
    }
    return ST_OK;
}

/* Opens the file and locks it.  The process that held it before may have removed it meanwhile: then
 * the lock is on a file without a name, and the next one is tried. */
static enum status hold(struct journal *j) {
    for (;;) {
        struct stat held, named;
        j->fd = open(j->path, O_RDWR | O_CREAT | O_NOFOLLOW | O_CLOEXEC, 0666);
        if (j->fd < 0) {
            return status_set(ST_SYSTEM, "%s: cannot be written: %s", j->shown, strerror(errno));
        }
        if (flock(j->fd, LOCK_EX | LOCK_NB) != 0) {
            return status_set(ST_INPUT,
                              "%s: another run is writing this record; wait for it or "
                              "choose another --out",
                              j->shown);
        }
        if (fstat(j->fd, &held) == 0 && lstat(j->path, &named) == 0 &&
            held.st_ino == named.st_ino && held.st_dev == named.st_dev) {
            return ST_OK;
        }
        close(j->fd);
        j->fd = -1;
    }
}

enum status journal_open(const char *record_path, struct journal **out) {
    char path[PATH_MAX];
    *out = NULL;
    int length = snprintf(path, sizeof path, "%s.partial", record_path);
    if (length < 0 || length >= PATH_MAX) {
        return status_set(ST_INPUT, "the path of the record is too long");
    }
    struct journal *j;
    enum status st = journal_new(path, &j);
    st = st == ST_OK ? hold(j) : st;
    st = st == ST_OK ? load(j, j->fd) : st;
    st = st == ST_OK ? settle(j) : st;
    if (st != ST_OK) {
        journal_close(j);
        return st;
    }
    *out = j;
    return ST_OK;
}

enum status journal_read(const char *path, struct journal **out) {
    *out = NULL;
    struct journal *j;
    enum status st = journal_new(path, &j);
    int fd = st == ST_OK ? open(path, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC) : -1;
    if (st == ST_OK && fd < 0) {
        st = status_set(ST_INPUT, "%s: cannot open: %s", j->shown, strerror(errno));
    }
    st = st == ST_OK ? load(j, fd) : st;
    if (fd >= 0) {
        close(fd);
    }
    if (st != ST_OK) {
        journal_close(j);
        return st;
    }
    *out = j;
    return ST_OK;
}

enum status journal_append(struct journal *j, const struct tree *entry) {
    void *bytes = NULL;
    size_t size = 0;
    enum status st = tree_pack(entry, &bytes, &size);
    if (st == ST_OK) {
        unsigned char header[HEADER_BYTES];
        uint64_t length = size;
        memcpy(header, &length, sizeof length);
        entry_digest(j->position, bytes, size, header + sizeof length);
        st = write_at(j, header, sizeof header, j->bytes);
    }
    st = st == ST_OK ? write_at(j, bytes, size, j->bytes + HEADER_BYTES) : st;
    if (st == ST_OK && fsync(j->fd) != 0) {
        st = status_set(ST_SYSTEM, "%s: cannot write: %s", j->shown, strerror(errno));
    }
    free(bytes);
    if (st != ST_OK) {
        /* Opening cuts it off as well, should this fail. */
        (void)!ftruncate(j->fd, (off_t)j->bytes);
        return st;
    }
    j->bytes += HEADER_BYTES + size;
    j->position++;
    return ST_OK;
}

void journal_remove(struct journal *j) {
    unlink(j->path);
    journal_close(j);
}

void journal_close(struct journal *j) {
    if (j == NULL) {
        return;
    }
    if (j->fd >= 0) {
        close(j->fd);
    }
    for (size_t i = 0; i < j->count; i++) {
        tree_free(j->entries[i]);
    }
    free(j->entries);
    free(j);
}
