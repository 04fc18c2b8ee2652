/* Arithmetic over rows that takes an exponential a value, compiled for several instruction sets. */
#ifndef ATTEST_SUITES_LM_ROW_MATH_H
#define ATTEST_SUITES_LM_ROW_MATH_H

#include <stdint.h>

struct row_math {
    /* row (n), n >= 1, becomes exp(row - max) / sum of that. */
    void (*softmax)(float *row, int64_t n);
    /* Entropy of softmax(row) in nats, n >= 1: ln S - T / S with S = sum exp z, T = sum z exp z
     * over z = row - max. */
    double (*entropy)(const float *row, int64_t n);
    /* out (n) = gate / (1 + exp(-gate)) * up; out may be gate. */
    void (*swiglu)(const float *gate, const float *up, float *out, int64_t n);
};

extern const struct row_math row_math_scalar, row_math_avx2, row_math_avx512;

/* The widest that this CPU runs. */
const struct row_math *row_math(void);

#endif
