/* Writes small GGUF files for tests, also wrong ones: it checks nothing.  All in the header,
 * because tests of two rooms use it. */
#ifndef ATTEST_DATASETS_TESTS_GGUF_BUILD_H
#define ATTEST_DATASETS_TESTS_GGUF_BUILD_H

#include <stddef.h>
#include <stdint.h>
#include <string.h>

/* A growing file content over the test's own memory; `full` tells of one that did not fit. */
struct gguf_build {
    unsigned char *data;
    size_t size, room;
    int full;
};

static inline void gb_put(struct gguf_build *b, const void *data, size_t size) {
    if (size > b->room - b->size) {
        b->full = 1;
        return;
    }
    memcpy(b->data + b->size, data, size);
    b->size += size;
}

static inline void gb_u8(struct gguf_build *b, uint8_t value) { gb_put(b, &value, sizeof value); }
static inline void gb_u32(struct gguf_build *b, uint32_t value) { gb_put(b, &value, sizeof value); }
static inline void gb_u64(struct gguf_build *b, uint64_t value) { gb_put(b, &value, sizeof value); }

static inline void gb_text(struct gguf_build *b, const char *text) {
    gb_u64(b, strlen(text));
    gb_put(b, text, strlen(text));
}

static inline void gb_header(struct gguf_build *b, uint32_t version, uint64_t tensors,
                             uint64_t entries) {
    gb_put(b, "GGUF", 4);
    gb_u32(b, version);
    gb_u64(b, tensors);
    gb_u64(b, entries);
}

/* Key and value type (4: u32, 6: f32, 7: bool, 8: string, 9: array ...); the value follows. */
static inline void gb_key(struct gguf_build *b, const char *key, uint32_t type) {
    gb_text(b, key);
    gb_u32(b, type);
}

static inline void gb_key_u32(struct gguf_build *b, const char *key, uint32_t value) {
    gb_key(b, key, 4);
    gb_u32(b, value);
}

static inline void gb_key_f32(struct gguf_build *b, const char *key, float value) {
    gb_key(b, key, 6);
    gb_put(b, &value, sizeof value);
}

static inline void gb_key_text(struct gguf_build *b, const char *key, const char *value) {
    gb_key(b, key, 8);
    gb_text(b, value);
}

/* Key of an array; its elements follow. */
static inline void gb_key_array(struct gguf_build *b, const char *key, uint32_t type,
                                uint64_t count) {
    gb_key(b, key, 9);
    gb_u32(b, type);
    gb_u64(b, count);
}

/* Row of the tensor table; d1 == 0: one dimension. */
static inline void gb_tensor(struct gguf_build *b, const char *name, uint64_t d0, uint64_t d1,
                             uint32_t type, uint64_t offset) {
    gb_text(b, name);
    gb_u32(b, d1 == 0 ? 1 : 2);
    gb_u64(b, d0);
    if (d1 != 0) {
        gb_u64(b, d1);
    }
    gb_u32(b, type);
    gb_u64(b, offset);
}

static inline void gb_align(struct gguf_build *b, size_t alignment) {
    while (b->size % alignment != 0 && !b->full) {
        gb_u8(b, 0);
    }
}

#endif
