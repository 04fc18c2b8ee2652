/* Arithmetic over rows that takes an exponential a value, compiled for several instruction sets. */
#ifndef ATTEST_SUITES_LM_ROW_MATH_H
#define ATTEST_SUITES_LM_ROW_MATH_H

#include <stdint.h>

struct row_math {
    /* row (n), n >= 1, becomes exp(row - max) / sum of that. */
    void (*softmax)(float *row, int64_t n);
    /* Returns sum exp(row - max), n >= 1, and sets the maximum.  Terms in float32, added up in
     * float64 behind runs of 16; of a term of depth d = max - row at most 2^-24 (d + 19) of it are
     * lost. */
    double (*exp_sum)(const float *row, int64_t n, float *max);
    /* Entropy of softmax(row) in nats, n >= 1: ln S - T / S with S = sum exp z, T = sum z exp z
     * over z = row - max. */
    double (*entropy)(const float *row, int64_t n);
    /* out (n) = gate / (1 + exp(-gate)) * up; out may be gate. */
    void (*swiglu)(const float *gate, const float *up, float *out, int64_t n);
};

extern const struct row_math row_math_scalar, row_math_avx2, row_math_avx512;

/* The widest that this CPU runs. */
const struct row_math *row_math(void);

/* row (n) becomes the softmax of its values at chosen (count), which are distinct, count >= 1; the
 * others become 0.  space (count) is overwritten. */
void row_softmax_chosen(const struct row_math *math, float *row, int64_t n, const int32_t *chosen,
                        int64_t count, float *space);

#endif
