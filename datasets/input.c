#include "input.h"

#include <string.h>
#include <strings.h>

#include "../harness/base/memory.h"
#include "formats.h"

static bool ends_with(const char *text, const char *ending) {
    const size_t length = strlen(text), tail = strlen(ending);
    return length > tail && strcasecmp(text + length - tail, ending) == 0;
}

static bool starts_with(const struct input *in, const char *magic, size_t length) {
    return in->file.size >= length && memcmp(in->file.bytes, magic, length) == 0;
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
                      in->file.label);
}

static enum status parse(struct input *in) {
    switch (in->format) {
    case FORMAT_FVECS:
        return fvecs_parse(in->file.bytes, in->file.size, in->file.label, &in->view);
    case FORMAT_BVECS:
        return bvecs_parse(in->file.bytes, in->file.size, in->file.label, &in->view);
    case FORMAT_NPY:
        return npy_parse(in->file.bytes, in->file.size, in->file.label, &in->view);
    case FORMAT_IDX:
        return idx_parse(in->file.bytes, in->file.size, in->file.label, &in->view);
    case FORMAT_IDX_GZ: {
        size_t plain_size = 0;
        const enum status st =
            idx_inflate(in->file.bytes, in->file.size, in->file.label, &in->plain, &plain_size);
        return st != ST_OK ? st : idx_parse(in->plain, plain_size, in->file.label, &in->view);
    }
    case FORMAT_HDF5:
        break;
    }
    return ST_OK;
}

enum status input_open(const char *path, const char *sha256, struct input *out) {
    *out = (struct input){0};
    enum status st =
        map_file(path, sha256, "a file of vectors or a name of `attest list datasets`", &out->file);
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
    unmap_file(&in->file);
    mem_free(in->plain);
    in->plain = NULL;
    in->view = (struct view){0};
}
