/* The quantised number formats of GGUF tensors. */
#ifndef ATTEST_DATASETS_GGUF_DEQUANT_H
#define ATTEST_DATASETS_GGUF_DEQUANT_H

#include <stddef.h>
#include <stdint.h>

#include "half.h"

struct gguf_format {
    const char *name;
    size_t values, bytes; /* of one block */
    /* One block to `values` float32. */
    void (*block)(const unsigned char *in, float *out);
};

/* The format of a type number, or NULL: not read. */
const struct gguf_format *gguf_format(uint32_t type);

#endif
