/* stream_read/scalar: one 64-bit word after the other. */
#include <string.h>

#include "../../../harness/run/roofline.h"

static uint64_t read_words(const void *data, size_t bytes) {
    const unsigned char *p = data;
    uint64_t sum = 0;
    for (size_t i = 0; i < bytes; i += sizeof sum) {
        uint64_t word;
        memcpy(&word, p + i, sizeof word);
        sum ^= word;
    }
    return sum;
}

static const struct stream_read_impl impl = {read_words};

extern const struct kernel kernel_stream_read_scalar;
const struct kernel kernel_stream_read_scalar = {
    .name = "stream_read/scalar",
    .operation = "stream_read",
    .dtype = "u64",
    .impl = &impl,
    .source = "STREAM (McCalpin), read only",
    .bound = "equality",
};
