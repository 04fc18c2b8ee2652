/* Seals, and the files that records live in. */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "escape.h"
#include "seal.h"

static const char SEAL_FORMAT[] = "attest-seal-1";
static const char SEAL_NOTE[] = "UNSIGNED: detects accidents, not forgery";

/* --- text ----------------------------------------------------------------------------------- */

size_t seal_format(const struct seal *s, char text[SEAL_MAX_BYTES]) {
    int n = snprintf(text, SEAL_MAX_BYTES,
                     "content_digest: %s\nfile_digest: %s\nformat: %s\nhdf5: %s\n"
                     "measurements_digest: %s\nnote: %s\noutputs_digest: %s\nplan_digest: %s\n"
                     "size: %llu\nstarted: %s\nsuite_commit: %s\n",
                     s->content_digest, s->file_digest, SEAL_FORMAT, s->hdf5_version,
                     s->measurements_digest, SEAL_NOTE, s->outputs_digest, s->plan_digest,
                     (unsigned long long)s->size, s->started, s->suite_commit);
    return (size_t)n;
}

/* True for 1..size-1 characters that need no escape and no quotes. */
static bool is_token(const char *text, size_t size) {
    size_t n = strspn(text, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789.:+_-");
    return n > 0 && n < size && text[n] == '\0';
}

static bool read_token(const char *value, char *out, size_t size) {
    if (!is_token(value, size))
        return false;
    memcpy(out, value, strlen(value) + 1);
    return true;
}

static bool read_digest(const char *value, char out[DIGEST_HEX]) {
    if (strlen(value) != DIGEST_HEX - 1)
        return false;
    return strspn(value, "0123456789abcdef") == DIGEST_HEX - 1 &&
           read_token(value, out, DIGEST_HEX);
}

/* A decimal without sign or leading zero. */
static bool read_size(const char *value, uint64_t *out) {
    size_t n = strspn(value, "0123456789");
    if (n == 0 || n > 18 || value[n] != '\0' || (value[0] == '0' && n > 1))
        return false;
    *out = strtoull(value, NULL, 10);
    return true;
}

/* Line `index` of a seal: its key, and its value stored. */
static const char *const seal_keys[] = {
    "content_digest", "file_digest", "format", "hdf5",    "measurements_digest", "note",
    "outputs_digest", "plan_digest", "size",   "started", "suite_commit"};

enum { SEAL_LINES = sizeof seal_keys / sizeof seal_keys[0] };

static bool read_value(size_t index, const char *value, struct seal *s) {
    switch (index) {
    case 0:
        return read_digest(value, s->content_digest);
    case 1:
        return read_digest(value, s->file_digest);
    case 2:
        return strcmp(value, SEAL_FORMAT) == 0;
    case 3:
        return read_token(value, s->hdf5_version, sizeof s->hdf5_version);
    case 4:
        return read_digest(value, s->measurements_digest);
    case 5:
        return strcmp(value, SEAL_NOTE) == 0;
    case 6:
        return read_digest(value, s->outputs_digest);
    case 7:
        return read_digest(value, s->plan_digest);
    case 8:
        return read_size(value, &s->size);
    case 9:
        return read_token(value, s->started, sizeof s->started);
    default:
        return read_token(value, s->suite_commit, sizeof s->suite_commit);
    }
}

/* Why a line is not the one expected, in words. */
static enum status refuse_line(const char *label, size_t index, const char *line) {
    size_t length = strcspn(line, ":");
    for (size_t i = 0; i < SEAL_LINES; i++) {
        if (strlen(seal_keys[i]) != length || strncmp(line, seal_keys[i], length) != 0)
            continue;
        return status_set(ST_RECORD, "%s: seal line %zu: %s is %s; expected %s", label, index + 1,
                          seal_keys[i], i < index ? "repeated" : "out of order", seal_keys[index]);
    }
    return status_set(ST_RECORD, "%s: seal line %zu: unknown key; expected %s", label, index + 1,
                      seal_keys[index]);
}

/* Reads one line of `length` bytes, without its LF. */
static enum status parse_line(const char *start, size_t length, size_t index, const char *label,
                              struct seal *s) {
    char line[256];
    if (length >= sizeof line)
        return status_set(ST_RECORD, "%s: seal line %zu is too long", label, index + 1);
    memcpy(line, start, length);
    line[length] = '\0';
    for (size_t i = 0; i < length; i++) {
        if (line[i] < 0x20 || line[i] > 0x7E)
            return status_set(ST_RECORD, "%s: seal line %zu holds byte 0x%02x: only LF and ASCII",
                              label, index + 1, (unsigned)(unsigned char)line[i]);
    }
    const char *key = seal_keys[index];
    size_t key_length = strlen(key);
    if (strncmp(line, key, key_length) != 0 || line[key_length] != ':')
        return refuse_line(label, index, line);
    if (line[key_length + 1] != ' ' || !read_value(index, line + key_length + 2, s))
        return status_set(ST_RECORD, "%s: seal line %zu: malformed %s", label, index + 1, key);
    return ST_OK;
}

enum status seal_parse(const char *text, size_t size, const char *label, struct seal *seal) {
    char shown[ESCAPE_LINE];
    escape_text(label, shown, sizeof shown);
    memset(seal, 0, sizeof *seal);
    size_t at = 0;
    for (size_t i = 0; i < SEAL_LINES; i++) {
        const char *end = memchr(text + at, '\n', size - at);
        if (end == NULL)
            return status_set(ST_RECORD, "%s: seal ends before its line %zu (%s) does", shown,
                              i + 1, seal_keys[i]);
        size_t length = (size_t)(end - (text + at));
        enum status st = parse_line(text + at, length, i, shown, seal);
        if (st != ST_OK)
            return st;
        at += length + 1;
    }
    if (at != size)
        return status_set(ST_RECORD, "%s: %zu bytes after the seal", shown, size - at);
    return ST_OK;
}

/* --- a seal of a tree ----------------------------------------------------------------------- */

/* Digest of a part that every complete record has. */
static enum status part_digest(const struct tree *root, const char *part, const char *label,
                               char digest[DIGEST_HEX]) {
    const struct tree *t = tree_find(root, part);
    if (t == NULL || !t->is_group)
        return status_set(ST_RECORD, "%s: no group %s: not a complete record", label, part);
    tree_digest(t, digest);
    return ST_OK;
}

/* A short text attribute as it stands in the seal; "unknown" when the record has none. */
static enum status seal_text(const struct tree *node, const char *name, const char *label,
                             char *out, size_t size) {
    const char *text = tree_get_string(node, name);
    if (read_token(text == NULL ? "unknown" : text, out, size))
        return ST_OK;
    return status_set(ST_RECORD, "%s: attribute %s does not fit a seal", label, name);
}

enum status seal_make(const struct tree *root, const void *bytes, size_t size, const char *label,
                      struct seal *seal) {
    memset(seal, 0, sizeof *seal);
    char shown[ESCAPE_LINE];
    escape_text(label, shown, sizeof shown);
    seal->size = size;
    digest_hex(bytes, size, seal->file_digest);
    tree_digest(root, seal->content_digest);
    record_hdf5_version(seal->hdf5_version, sizeof seal->hdf5_version);
    enum status st = part_digest(root, "plan", shown, seal->plan_digest);
    if (st == ST_OK)
        st = part_digest(root, "outputs", shown, seal->outputs_digest);
    if (st == ST_OK)
        st = part_digest(root, "measurements", shown, seal->measurements_digest);
    if (st == ST_OK)
        st = seal_text(tree_find(root, "measurements"), "started", shown, seal->started,
                       sizeof seal->started);
    if (st == ST_OK)
        st = seal_text(tree_find(root, "measurements/environment"), "suite_commit", shown,
                       seal->suite_commit, sizeof seal->suite_commit);
    return st;
}

/* --- files ---------------------------------------------------------------------------------- */

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

static enum status read_open(int fd, const char *shown, size_t cap, char **data, size_t *size) {
    struct stat s;
    if (fstat(fd, &s) != 0)
        return status_set(ST_SYSTEM, "%s: cannot examine: %s", shown, strerror(errno));
    if (!S_ISREG(s.st_mode))
        return status_set(ST_RECORD, "%s: not a regular file", shown);
    if (s.st_size <= 0 || (uintmax_t)s.st_size > cap)
        return status_set(ST_RECORD, "%s: %lld bytes; expected 1 to %zu", shown,
                          (long long)s.st_size, cap);
    *size = (size_t)s.st_size;
    *data = malloc(*size);
    if (*data == NULL)
        return status_set(ST_SYSTEM, "%s: no memory to read it", shown);
    if (read_exactly(fd, *data, *size))
        return ST_OK;
    free(*data);
    *data = NULL;
    return status_set(ST_RECORD, "%s: changed or failed while it was read", shown);
}

/* Reads a whole regular file of at most cap bytes, once; *data is malloc'd. */
static enum status read_once(const char *path, size_t cap, char **data, size_t *size) {
    char shown[ESCAPE_LINE];
    escape_text(path, shown, sizeof shown);
    *data = NULL;
    /* NONBLOCK: opening a FIFO must not wait for a writer. */
    int fd = open(path, O_RDONLY | O_NOFOLLOW | O_CLOEXEC | O_NONBLOCK);
    if (fd < 0 && errno == ELOOP)
        return status_set(ST_RECORD, "%s: a symbolic link: name the file itself", shown);
    if (fd < 0)
        return status_set(ST_INPUT, "%s: cannot open: %s", shown, strerror(errno));
    enum status st = read_open(fd, shown, cap, data, size);
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

/* Writes a new file to the disk; an error leaves none. */
static enum status write_new(const char *path, const void *data, size_t size) {
    char shown[ESCAPE_LINE];
    escape_text(path, shown, sizeof shown);
    int fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0666);
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

/* Makes renames in the folder of path last through a power cut. */
static void sync_folder(const char *path) {
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

/* --- records -------------------------------------------------------------------------------- */

/* The four names that writing a record touches. */
struct paths {
    char record[PATH_MAX], seal[PATH_MAX], new_record[PATH_MAX], new_seal[PATH_MAX];
};

static enum status make_paths(const char *path, struct paths *p) {
    const long id = (long)getpid();
    int longest = snprintf(p->new_seal, PATH_MAX, "%s.seal.tmp-%ld", path, id);
    snprintf(p->new_record, PATH_MAX, "%s.tmp-%ld", path, id);
    snprintf(p->seal, PATH_MAX, "%s.seal", path);
    snprintf(p->record, PATH_MAX, "%s", path);
    if (longest > 0 && longest < PATH_MAX)
        return ST_OK;
    return status_set(ST_INPUT, "the path of the record is too long");
}

/* Order: old seal away, record in, seal in.  Whatever moment a crash picks, the names hold a record
 * without a seal, or one whose seal is its own. */
static enum status publish(const struct paths *p) {
    char shown[ESCAPE_LINE];
    escape_text(p->record, shown, sizeof shown);
    if (unlink(p->seal) != 0 && errno != ENOENT)
        return status_set(ST_SYSTEM, "%s.seal: cannot replace: %s", shown, strerror(errno));
    if (rename(p->new_record, p->record) != 0)
        return status_set(ST_SYSTEM, "%s: cannot move into place: %s", shown, strerror(errno));
    if (rename(p->new_seal, p->seal) != 0) {
        int error = errno;
        unlink(p->record);
        return status_set(ST_SYSTEM, "%s.seal: cannot move into place: %s", shown, strerror(error));
    }
    sync_folder(p->record);
    return ST_OK;
}

static enum status write_pair(const struct paths *p, const void *bytes, const struct seal *seal) {
    char text[SEAL_MAX_BYTES];
    size_t length = seal_format(seal, text);
    /* Left by a killed process that had our number. */
    unlink(p->new_record);
    unlink(p->new_seal);
    enum status st = write_new(p->new_record, bytes, (size_t)seal->size);
    if (st == ST_OK)
        st = write_new(p->new_seal, text, length);
    if (st == ST_OK)
        st = publish(p);
    if (st != ST_OK) {
        unlink(p->new_record);
        unlink(p->new_seal);
    }
    return st;
}

enum status record_write(const struct tree *root, const char *path, struct seal *seal) {
    struct paths p;
    void *bytes = NULL;
    size_t size = 0;
    struct seal made;
    enum status st = make_paths(path, &p);
    if (st == ST_OK)
        st = record_encode(root, &bytes, &size);
    if (st == ST_OK)
        st = seal_make(root, bytes, size, path, &made);
    if (st == ST_OK)
        st = write_pair(&p, bytes, &made);
    if (st == ST_OK && seal != NULL)
        *seal = made;
    free(bytes);
    return st;
}

/* Compares what the bytes turned out to hold with what the seal says; `shown` is escaped. */
static enum status compare_content(const struct seal *said, const struct seal *found,
                                   const char *shown) {
    const struct {
        const char *what, *a, *b;
    } pairs[] = {
        {"content digest", said->content_digest, found->content_digest},
        {"plan digest", said->plan_digest, found->plan_digest},
        {"outputs digest", said->outputs_digest, found->outputs_digest},
        {"measurements digest", said->measurements_digest, found->measurements_digest},
        {"start time", said->started, found->started},
        {"suite commit", said->suite_commit, found->suite_commit},
    };
    for (size_t i = 0; i < sizeof pairs / sizeof pairs[0]; i++) {
        if (strcmp(pairs[i].a, pairs[i].b) != 0)
            return status_set(ST_RECORD, "%s: its %s is not the one in its seal", shown,
                              pairs[i].what);
    }
    return ST_OK;
}

/* Reads PATH.seal. */
static enum status read_seal(const char *path, const char *shown, struct seal *seal) {
    struct paths p;
    enum status st = make_paths(path, &p);
    if (st != ST_OK)
        return st;
    char *text;
    size_t size;
    st = read_once(p.seal, SEAL_MAX_BYTES, &text, &size);
    if (st == ST_INPUT)
        return status_set(ST_RECORD, "%s: not sealed: there is no readable %s.seal", shown, shown);
    if (st == ST_OK)
        st = seal_parse(text, size, p.seal, seal);
    free(text);
    return st;
}

/* Bytes against seal, then content against seal. */
static enum status check_record(const char *path, const char *shown, const char *bytes, size_t size,
                                const struct seal *said, struct tree **root) {
    char digest[DIGEST_HEX];
    digest_hex(bytes, size, digest);
    if (size != said->size)
        return status_set(ST_RECORD,
                          "%s: %zu bytes, its seal says %llu: changed since it was "
                          "sealed",
                          shown, size, (unsigned long long)said->size);
    if (strcmp(digest, said->file_digest) != 0)
        return status_set(ST_RECORD,
                          "%s: its bytes do not match its seal: changed since it was "
                          "sealed",
                          shown);
    enum status st = record_decode(bytes, size, path, root);
    struct seal found;
    if (st == ST_OK)
        st = seal_make(*root, bytes, size, path, &found);
    if (st == ST_OK)
        st = compare_content(said, &found, shown);
    return st;
}

enum status record_read(const char *path, struct tree **root, struct seal *seal) {
    char shown[ESCAPE_LINE];
    escape_text(path, shown, sizeof shown);
    *root = NULL;
    char *bytes;
    size_t size;
    struct seal said;
    enum status st = read_once(path, RECORD_MAX_BYTES, &bytes, &size);
    if (st == ST_OK)
        st = read_seal(path, shown, &said);
    if (st == ST_OK)
        st = check_record(path, shown, bytes, size, &said, root);
    free(bytes);
    if (st != ST_OK) {
        tree_free(*root);
        *root = NULL;
        return st;
    }
    if (seal != NULL)
        *seal = said;
    return ST_OK;
}
