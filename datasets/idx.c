#include <inttypes.h>
#include <string.h>
#define ZLIB_CONST /* next_in points to const */
#include <zlib.h>

#include "../harness/base/memory.h"
#include "formats.h"

enum { RANK_MIN = 2, RANK_MAX = 4, TYPE_U8 = 0x08, HEADER_MAX = 4 + 4 * RANK_MAX };

/* What the header says; `total` counts header and values. */
struct shape {
    uint64_t n, d, total;
    size_t header;
};

static uint32_t big_endian(const unsigned char *b) {
    return (uint32_t)b[0] << 24 | (uint32_t)b[1] << 16 | (uint32_t)b[2] << 8 | (uint32_t)b[3];
}

/* Reads the header out of the first `size` bytes. */
static enum status read_shape(const unsigned char *b, size_t size, const char *label,
                              struct shape *out) {
    if (size < 4) {
        return status_set(ST_INPUT, "%s: %s: %zu bytes of IDX; fetch it again", label,
                          size == 0 ? "empty" : "truncated in its header", size);
    }
    if (b[0] != 0 || b[1] != 0) {
        return status_set(ST_INPUT, "%s: does not start like IDX (00 00 08 RANK)", label);
    }
    if (b[2] != TYPE_U8) {
        return status_set(ST_INPUT, "%s: IDX of type 0x%02x; only unsigned bytes (0x08) are read",
                          label, b[2]);
    }
    const unsigned rank = b[3];
    if (rank < RANK_MIN || rank > RANK_MAX) {
        return status_set(
            ST_INPUT, "%s: IDX of rank %u; vectors or images have rank %d to %d (labels have 1)",
            label, rank, RANK_MIN, RANK_MAX);
    }
    const size_t header = 4 + 4 * (size_t)rank;
    if (size < header) {
        return status_set(ST_INPUT, "%s: truncated in its header of %zu bytes; fetch it again",
                          label, header);
    }
    struct shape shape = {.n = big_endian(b + 4), .d = 1, .header = header};
    for (unsigned i = 1; i < rank; i++) {
        shape.d *= big_endian(b + 4 + 4 * (size_t)i); /* below 2^49: the factor before is checked */
        const enum status st = view_limits(label, shape.n, shape.d);
        if (st != ST_OK) {
            return st;
        }
    }
    shape.total = shape.header + shape.n * shape.d;
    *out = shape;
    return ST_OK;
}

enum status idx_parse(const void *bytes, size_t size, const char *label, struct view *out) {
    *out = (struct view){0};
    struct shape shape = {0};
    const enum status st = read_shape(bytes, size, label, &shape);
    if (st != ST_OK) {
        return st;
    }
    if (size != shape.total) {
        return status_set(ST_INPUT,
                          "%s: %s: %zu bytes, but %" PRIu64 " x %" PRIu64 " values need %" PRIu64
                          "; fetch it again",
                          label, size < shape.total ? "truncated" : "trailing bytes", size, shape.n,
                          shape.d, shape.total);
    }
    *out = (struct view){.rows = (const unsigned char *)bytes + shape.header,
                         .stride = (size_t)shape.d,
                         .n = (int64_t)shape.n,
                         .d = (int32_t)shape.d,
                         .element = ELEMENT_U8};
    return ST_OK;
}

/* zlib counts in 32 bits: feeds it in pieces until `want` bytes are out, input ends, or it stops.
 */
static int inflate_some(z_stream *z, const unsigned char **next, size_t *left, unsigned char *out,
                        size_t want, size_t *got) {
    enum { PIECE = 1 << 30 };
    int rc = Z_OK;
    *got = 0;
    while (rc == Z_OK && *got < want) {
        const uInt in = *left < PIECE ? (uInt)*left : PIECE;
        const uInt room = want - *got < PIECE ? (uInt)(want - *got) : PIECE;
        z->next_in = *next;
        z->avail_in = in;
        z->next_out = out + *got;
        z->avail_out = room;
        rc = inflate(z, Z_NO_FLUSH);
        *next += in - z->avail_in;
        *left -= in - z->avail_in;
        *got += room - z->avail_out;
    }
    return rc;
}

/* What is wrong with a stream that stopped with `rc`, `left` packed bytes unread and `got` bytes
 * out of `total`; NULL: nothing. */
static const char *stream_fault(int rc, size_t left, uint64_t got, uint64_t total) {
    if (rc == Z_DATA_ERROR || rc == Z_NEED_DICT) {
        return "damaged gzip data";
    }
    if (got > total || (rc == Z_STREAM_END && left > 0)) {
        return "trailing bytes";
    }
    return rc == Z_STREAM_END && got == total ? NULL : "truncated";
}

/* After the header: checks what it promises against the packed size, then unpacks all of it. */
static enum status inflate_body(z_stream *z, const unsigned char *next, size_t left, size_t packed,
                                const char *label, const unsigned char *head, size_t head_size,
                                void **plain, size_t *plain_size) {
    /* A deflate stream grows at most 1032-fold (zlib, "Maximum Compression Factor"). */
    enum { GROWTH_MAX = 1032 };
    struct shape shape = {0};
    const enum status st = read_shape(head, head_size, label, &shape);
    if (st != ST_OK) {
        return st;
    }
    if (head_size > shape.total) {
        return status_set(
            ST_INPUT, "%s: trailing bytes after %" PRIu64 " x %" PRIu64 " values; fetch it again",
            label, shape.n, shape.d);
    }
    if (shape.total / GROWTH_MAX > packed) {
        return status_set(ST_INPUT,
                          "%s: truncated: %" PRIu64 " x %" PRIu64
                          " values cannot come out of %zu packed bytes; fetch it again",
                          label, shape.n, shape.d, packed);
    }
    unsigned char *out = mem_alloc((size_t)shape.total + 1);
    if (out == NULL) {
        return ST_SYSTEM;
    }
    memcpy(out, head, head_size);
    size_t got = 0;
    /* One byte more than expected is asked for: its absence proves the end, and the checksum. */
    const int rc =
        inflate_some(z, &next, &left, out + head_size, (size_t)shape.total + 1 - head_size, &got);
    got += head_size;
    const char *fault = stream_fault(rc, left, got, shape.total);
    if (fault != NULL) {
        mem_free(out);
        return status_set(ST_INPUT,
                          "%s: %s: %" PRIu64 " x %" PRIu64 " values of IDX expected; "
                          "fetch it again",
                          label, fault, shape.n, shape.d);
    }
    *plain = out;
    *plain_size = (size_t)shape.total;
    return ST_OK;
}

enum status idx_inflate(const void *bytes, size_t size, const char *label, void **plain,
                        size_t *plain_size) {
    enum { GZIP_WINDOW = 15 + 16 }; /* largest window; +16: gzip header and checksum required */
    *plain = NULL;
    *plain_size = 0;
    z_stream z = {0};
    if (inflateInit2(&z, GZIP_WINDOW) != Z_OK) {
        return status_set(ST_SYSTEM, "%s: zlib could not start: out of memory", label);
    }
    unsigned char head[HEADER_MAX];
    const unsigned char *next = bytes;
    size_t left = size, got = 0;
    const int rc = inflate_some(&z, &next, &left, head, sizeof head, &got);
    enum status st;
    if (rc != Z_OK && rc != Z_STREAM_END) { /* Z_BUF_ERROR: the input ended early */
        st = status_set(ST_INPUT, "%s: %s gzip data; fetch it again", label,
                        size == 0           ? "empty"
                        : rc == Z_BUF_ERROR ? "truncated"
                                            : "damaged");
    } else {
        st = inflate_body(&z, next, left, size, label, head, got, plain, plain_size);
    }
    inflateEnd(&z);
    return st;
}
