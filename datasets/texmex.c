#include <inttypes.h>
#include <string.h>

#include "formats.h"

enum { HEADER = 4 };

static uint32_t row_dimension(const unsigned char *row) {
    uint32_t d;
    memcpy(&d, row, sizeof d);
    return d;
}

static enum status vecs_parse(const unsigned char *bytes, size_t size, const char *label,
                              enum element element, struct view *out) {
    *out = (struct view){0};
    if (size == 0) {
        return status_set(ST_INPUT, "%s: the file is empty; give one with vectors", label);
    }
    if (size < HEADER) {
        return status_set(ST_INPUT, "%s: truncated: %zu bytes cannot hold a row; fetch it again",
                          label, size);
    }
    const uint32_t d = row_dimension(bytes);
    enum status st = view_limits(label, 1, d);
    if (st != ST_OK) {
        return st;
    }
    const size_t stride = HEADER + (size_t)d * element_size(element);
    const size_t n = size / stride;
    for (size_t r = 0; r < n; r++) {
        const uint32_t found = row_dimension(bytes + r * stride);
        if (found != d) {
            return status_set(ST_INPUT,
                              "%s: row %zu has dimension %" PRIu32 ", the rows before it %" PRIu32
                              "; all rows must have one dimension",
                              label, r, found, d);
        }
    }
    if (size % stride != 0) {
        return status_set(ST_INPUT,
                          "%s: truncated or with trailing bytes: %zu bytes are left after %zu rows "
                          "of dimension %" PRIu32 "; fetch it again",
                          label, size % stride, n, d);
    }
    st = view_limits(label, n, d);
    if (st != ST_OK) {
        return st;
    }
    *out = (struct view){.rows = bytes + HEADER,
                         .stride = stride,
                         .n = (int64_t)n,
                         .d = (int32_t)d,
                         .element = element};
    return ST_OK;
}

enum status fvecs_parse(const void *bytes, size_t size, const char *label, struct view *out) {
    return vecs_parse(bytes, size, label, ELEMENT_F32, out);
}

enum status bvecs_parse(const void *bytes, size_t size, const char *label, struct view *out) {
    return vecs_parse(bytes, size, label, ELEMENT_U8, out);
}
