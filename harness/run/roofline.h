/* The machine's own limits, measured with the kernels of three operations: how fast memory is read,
 * and how many operations of float32 and of int8 a core does.  What a kernel achieves is reported
 * as a share of these. */
#ifndef ATTEST_HARNESS_ROOFLINE_H
#define ATTEST_HARNESS_ROOFLINE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "../judge/kernel.h"
#include "../base/status.h"
#include "../record/tree.h"

/* Operation "stream_read": exclusive or of all 64-bit words; bytes is a multiple of 64. */
struct stream_read_impl {
    uint64_t (*read)(const void *data, size_t bytes);
};

/* Operations "fma_peak", x = x * 1 + 1 in float32, and "int8_peak", sum = sum + 1 * 1 of int8 in an
 * int32: `steps` times in every lane of every accumulator, from 0; returns the sum over lanes,
 * which is exactly steps * macs while steps < 2^24. */
struct peak_impl {
    int macs; /* multiply-adds a step */
    double (*run)(int64_t steps);
};

struct roofline {
    double read_1, read_all; /* bytes/s from memory: 1 thread, all threads; best of the samples */
    double
        cached_1; /* bytes/s of one thread from a buffer that fits in L1: the floor of any time */
    double peak_1, peak_all; /* float32 flop/s, two a multiply-add */
    double int8_1, int8_all; /* int8 multiply-adds/s */
    int threads;
    /* the rows that "best" resolved to */
    const struct kernel *read_kernel, *peak_kernel, *int8_kernel;
};

/* Measures all of it in about a second; ST_SYSTEM when memory is refused. */
enum status roofline_measure(int threads, struct roofline *out);

/* Writes it as attributes. */
void roofline_store(const struct roofline *r, struct tree *node);

/* Reads it back; false when one is missing or a kernel is unknown. */
bool roofline_load(const struct tree *node, struct roofline *out);

#endif
