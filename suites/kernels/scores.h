/* Operation "scores": one query against every key, q k_j / sqrt(d), from keys of several formats.
 * What full attention reads, and the scan that an exact choice of keys begins with.
 *
 * The query and the sums are float32; keys are widened as they are read, as the 8-bit cache does
 * (int8_cache.h).
 */
#ifndef ATTEST_SUITES_KERNELS_SCORES_H
#define ATTEST_SUITES_KERNELS_SCORES_H

#include <stddef.h>
#include <stdint.h>

/* float; uint16_t, the bits of binary16 (halves_encode makes them); int8_t, times a scale a key. */
enum scores_format { SCORES_F32, SCORES_F16, SCORES_INT8 };

struct scores_call {
    const float *q;     /* (d) */
    const void *k;      /* (n, d) of the kernel's format, finite */
    const float *scale; /* (n) of int8 keys; else NULL */
    int64_t n;
    int32_t d;
};

struct scores_impl {
    enum scores_format format;
    /* scores (n) */
    void (*run)(const struct scores_call *call, float *scores);
};

/* The kernel of that format of the widest instruction set that this CPU runs. */
const struct scores_impl *scores_best(enum scores_format format);

/* Bytes of one value. */
size_t scores_value_size(enum scores_format format);

/* Keys (n, d) and their scales (n), as the 8-bit cache keeps them a token.  A key that holds
 * something not finite, or is too large for a 16-bit scale, has the scale infinity. */
void scores_pack_int8(const float *keys, int64_t n, int32_t d, int8_t *out, float *scale);

#endif
