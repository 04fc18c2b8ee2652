#include "input.h"

#include <errno.h>
#include <fcntl.h>
#include <sodium.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "../harness/memory.h"
#include "formats.h"

/* File names are anyone's text: what could move a terminal's cursor is not repeated. */
static void make_label(const char *path, char *out, size_t size) {
    snprintf(out, size, "%s", path);
    for (char *p = out; *p != '\0'; p++) {
        if ((unsigned char)*p < ' ' || *p == 0x7f) {
            *p = '?';
        }
    }
}

static enum status map_descriptor(int fd, struct input *in) {
    struct stat info;
    if (fstat(fd, &info) != 0) {
        return status_set(ST_INPUT, "%s: %s", in->label, strerror(errno));
    }
    if (!S_ISREG(info.st_mode)) {
        return status_set(ST_INPUT, "%s: is %s, not a file of vectors; name a file", in->label,
                          S_ISDIR(info.st_mode) ? "a directory" : "no regular file");
    }
    if (info.st_size == 0) {
        return status_set(ST_INPUT, "%s: the file is empty; give one with vectors", in->label);
    }
    /* Mapped, not read: a file larger than half the memory can still be converted. */
    void *map = mmap(NULL, (size_t)info.st_size, PROT_READ, MAP_PRIVATE, fd, 0);
    if (map == MAP_FAILED) {
        return status_set(ST_SYSTEM, "%s: cannot be mapped: %s", in->label, strerror(errno));
    }
    in->bytes = map;
    in->size = (size_t)info.st_size;
    return ST_OK;
}

static enum status map_file(const char *path, struct input *in) {
    /* O_NONBLOCK: a FIFO is refused, not waited for. */
    const int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    if (fd < 0) {
        return status_set(ST_INPUT,
                          "%s: cannot be opened: %s; give the path of a file of vectors "
                          "or a name of `attest list datasets`",
                          in->label, strerror(errno));
    }
    const enum status st = map_descriptor(fd, in);
    close(fd);
    return st;
}

static enum status check_sha256(const struct input *in, const char *expected) {
    unsigned char hash[crypto_hash_sha256_BYTES];
    char found[2 * sizeof hash + 1];
    crypto_hash_sha256(hash, in->bytes, in->size);
    sodium_bin2hex(found, sizeof found, hash, sizeof hash);
    if (strcmp(found, expected) != 0) {
        return status_set(ST_INPUT,
                          "%s: SHA-256 is %s, the manifest says %s; install the package "
                          "again",
                          in->label, found, expected);
    }
    return ST_OK;
}

static bool ends_with(const char *text, const char *ending) {
    const size_t length = strlen(text), tail = strlen(ending);
    return length > tail && strcasecmp(text + length - tail, ending) == 0;
}

static bool starts_with(const struct input *in, const char *magic, size_t length) {
    return in->size >= length && memcmp(in->bytes, magic, length) == 0;
}

static enum status recognise(const char *path, struct input *in) {
    static const struct {
        const char *ending;
        enum format format;
    } endings[] = {{".fvecs", FORMAT_FVECS},  {".bvecs", FORMAT_BVECS}, {".npy", FORMAT_NPY},
                   {".hdf5", FORMAT_HDF5},    {".h5", FORMAT_HDF5},     {".idx", FORMAT_IDX},
                   {".idx.gz", FORMAT_IDX_GZ}};
    static const struct {
        const char *magic;
        size_t length;
        enum format format;
    } magics[] = {{"\x1f\x8b", 2, FORMAT_IDX_GZ},
                  {"\x93NUMPY", 6, FORMAT_NPY},
                  {"\x89HDF\r\n\x1a\n", 8, FORMAT_HDF5},
                  {"\0\0\x08", 3, FORMAT_IDX}};
    for (size_t i = 0; i < sizeof endings / sizeof *endings; i++) {
        if (ends_with(path, endings[i].ending)) {
            in->format = endings[i].format;
            return ST_OK;
        }
    }
    for (size_t i = 0; i < sizeof magics / sizeof *magics; i++) {
        if (starts_with(in, magics[i].magic, magics[i].length)) {
            in->format = magics[i].format;
            return ST_OK;
        }
    }
    return status_set(ST_INPUT,
                      "%s: unknown format; .hdf5 and .h5 (ann-benchmarks), .fvecs, .bvecs, "
                      ".npy and IDX (plain or .gz) are read",
                      in->label);
}

static enum status parse(struct input *in) {
    switch (in->format) {
    case FORMAT_FVECS:
        return fvecs_parse(in->bytes, in->size, in->label, &in->view);
    case FORMAT_BVECS:
        return bvecs_parse(in->bytes, in->size, in->label, &in->view);
    case FORMAT_NPY:
        return npy_parse(in->bytes, in->size, in->label, &in->view);
    case FORMAT_IDX:
        return idx_parse(in->bytes, in->size, in->label, &in->view);
    case FORMAT_IDX_GZ: {
        size_t plain_size = 0;
        const enum status st = idx_inflate(in->bytes, in->size, in->label, &in->plain, &plain_size);
        return st != ST_OK ? st : idx_parse(in->plain, plain_size, in->label, &in->view);
    }
    case FORMAT_HDF5:
        break;
    }
    return ST_OK;
}

enum status input_open(const char *path, const char *sha256, struct input *out) {
    *out = (struct input){0};
    make_label(path, out->label, sizeof out->label);
    enum status st = map_file(path, out);
    if (st == ST_OK && sha256 != NULL) {
        st = check_sha256(out, sha256);
    }
    if (st == ST_OK) {
        st = recognise(path, out);
    }
    if (st == ST_OK) {
        st = parse(out);
    }
    if (st != ST_OK) {
        input_close(out);
    }
    return st;
}

void input_close(struct input *in) {
    if (in->bytes != NULL) {
        munmap((void *)(uintptr_t)in->bytes, in->size);
    }
    mem_free(in->plain);
    in->bytes = NULL;
    in->plain = NULL;
    in->view = (struct view){0};
}
