/* Roundings to 16-bit floats other than those to the nearest half (datasets/half.h). */
#ifndef ATTEST_SUITES_KERNELS_HALF_H
#define ATTEST_SUITES_KERNELS_HALF_H

#include <math.h>
#include <stdint.h>

#include "../../datasets/half.h"

/* To the nearest bfloat16, the upper 16 bits, as a float; ties to the even one; finite x. */
static inline float round_to_bf16(float x) {
    const uint32_t bits = float_bits(x);
    return float_of_bits((bits + 0x7fffU + (bits >> 16 & 1)) & 0xffff0000U);
}

/* The smallest binary16 that is not below x >= 0, as bits; infinity, 0x7c00, above 65504. */
static inline uint16_t half_not_below(double x) {
    if (x > 65504) {
        return 0x7c00;
    }
    if (x <= 0x1p-14) { /* the bits of a multiple of 2^-24 are the multiple */
        return (uint16_t)ceil(x * 0x1p24);
    }
    int exponent;
    const double fraction = frexp(x, &exponent); /* in [0.5, 1): 1024 .. 2048 steps of 2^-11 */
    const int steps = (int)ceil(fraction * 2048);
    return (uint16_t)((exponent + 13) * 1024 + steps);
}

#endif
