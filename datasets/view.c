#include "view.h"

#include <inttypes.h>
#include <math.h>
#include <string.h>

#include "../harness/base/memory.h"

_Static_assert(__BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__, "files and digests are little-endian");

size_t element_size(enum element e) {
    switch (e) {
    case ELEMENT_U8:
        return 1;
    case ELEMENT_F32:
        return 4;
    case ELEMENT_F64:
        break;
    }
    return 8;
}

enum status view_limits(const char *label, uint64_t n, uint64_t d) {
    if (n == 0 || d == 0) {
        return status_set(ST_INPUT,
                          "%s: holds no vectors (%" PRIu64 " rows of dimension %" PRIu64
                          "); give a file with at least one",
                          label, n, d);
    }
    if (d > DATASET_MAX_D) {
        return status_set(ST_INPUT,
                          "%s: dimension %" PRIu64 " is above the limit of %d; is the "
                          "file of the format its name says?",
                          label, d, DATASET_MAX_D);
    }
    if (n > DATASET_MAX_N || n * d * sizeof(float) > DATASET_MAX_BYTES) {
        return status_set(ST_INPUT,
                          "%s: %" PRIu64 " rows of dimension %" PRIu64 " are above the "
                          "limit of %" PRIu64 " rows and 64 GiB; use a smaller set",
                          label, n, d, DATASET_MAX_N);
    }
    return ST_OK;
}

enum status rows_finite(const char *label, const float *rows, int64_t first, int64_t count,
                        int32_t d) {
    for (int64_t r = 0; r < count; r++) {
        const float *row = rows + r * d;
        for (int32_t i = 0; i < d; i++) {
            if (!isfinite(row[i])) {
                return status_set(ST_INPUT,
                                  "%s: row %" PRId64 ", dimension %" PRId32 " is %s in float32; "
                                  "remove or repair that vector",
                                  label, first + r, i, isnan(row[i]) ? "NaN" : "infinite");
            }
        }
    }
    return ST_OK;
}

static void convert_row(const unsigned char *bytes, enum element element, int32_t d, float *row) {
    switch (element) {
    case ELEMENT_U8:
        for (int32_t i = 0; i < d; i++) {
            row[i] = (float)bytes[i];
        }
        break;
    case ELEMENT_F32:
        memcpy(row, bytes, (size_t)d * sizeof *row);
        break;
    case ELEMENT_F64:
        for (int32_t i = 0; i < d; i++) {
            double value;
            memcpy(&value, bytes + (size_t)i * sizeof value, sizeof value);
            row[i] = (float)value;
        }
        break;
    }
}

enum status view_load(const struct view *v, const char *label, int64_t first, int64_t count,
                      struct vectors *out) {
    *out = (struct vectors){0};
    float *rows = mem_alloc_array((size_t)count, (size_t)v->d * sizeof *rows);
    if (rows == NULL) {
        return ST_SYSTEM;
    }
    for (int64_t r = 0; r < count; r++) {
        convert_row(v->rows + (size_t)(first + r) * v->stride, v->element, v->d, rows + r * v->d);
    }
    const enum status st = rows_finite(label, rows, first, count, v->d);
    if (st != ST_OK) {
        mem_free(rows);
        return st;
    }
    *out = (struct vectors){.n = count, .d = v->d, .rows = rows};
    return ST_OK;
}
