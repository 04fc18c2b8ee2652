/* What the GGUF reader keeps of an opened file; for gguf*.c alone. */
#ifndef ATTEST_DATASETS_GGUF_INDEX_H
#define ATTEST_DATASETS_GGUF_INDEX_H

#include "gguf.h"
#include "mapped.h"

enum gguf_value_type {
    VALUE_U8,
    VALUE_I8,
    VALUE_U16,
    VALUE_I16,
    VALUE_U32,
    VALUE_I32,
    VALUE_F32,
    VALUE_BOOL,
    VALUE_STRING,
    VALUE_ARRAY,
    VALUE_U64,
    VALUE_I64,
    VALUE_F64,
    VALUE_TYPES
};

/* One metadata entry, checked to lie inside the file. */
struct gguf_entry {
    struct gguf_text key;
    uint32_t type;              /* of the value, or of the elements of an array */
    bool array;                 /* of `count` elements of `type`, never arrays themselves */
    bool nested;                /* an array of arrays: kept out of every look-up */
    uint64_t count;             /* 1 for a plain value */
    const unsigned char *bytes; /* of the first element */
};

struct gguf {
    char label[256];
    struct mapped file; /* empty when the caller keeps the bytes */
    struct gguf_entry *entries;
    size_t entry_count; /* sorted by key */
    struct gguf_tensor *tensors;
    size_t tensor_count; /* sorted by name */
};

/* Order of bytes, shorter first when one is the beginning of the other. */
int gguf_text_compare(const struct gguf_text *a, const struct gguf_text *b);

/* Little-endian numbers of 1, 2, 4 or 8 bytes at any alignment. */
uint64_t gguf_unsigned(const unsigned char *bytes, size_t width);

/* Bytes of one element; 0 for strings and arrays, whose length varies. */
size_t gguf_value_width(uint32_t type);

#endif
