/* 16-bit floats that float32 and float64 values are rounded to.  A value of such a type is kept as
 * the float that it equals, or as the bits of binary16. */
#ifndef ATTEST_SUITES_KERNELS_HALF_H
#define ATTEST_SUITES_KERNELS_HALF_H

#include <math.h>
#include <stdint.h>
#include <string.h>

static inline uint32_t half_bits(float x) {
    uint32_t bits;
    memcpy(&bits, &x, sizeof bits);
    return bits;
}

static inline float half_of_bits(uint32_t bits) {
    float x;
    memcpy(&x, &bits, sizeof x);
    return x;
}

/* To nearest, ties to even, in the upper 16 bits; finite x. */
static inline float round_to_bf16(float x) {
    const uint32_t bits = half_bits(x);
    return half_of_bits((bits + 0x7fffU + (bits >> 16 & 1)) & 0xffff0000U);
}

/* IEEE 754 binary16: 11 significant bits, multiples of 2^-24, infinite from 65520 on; finite x. */
static inline float round_to_f16(float x) {
    const float magnitude = fabsf(x);
    if (magnitude < 0x1p-14F) { /* adding 0.5 leaves multiples of 2^-24 */
        return copysignf(magnitude + 0.5F - 0.5F, x);
    }
    const uint32_t bits = half_bits(magnitude);
    const float rounded = half_of_bits((bits + 0xfffU + (bits >> 13 & 1)) & ~0x1fffU);
    return copysignf(rounded > 65504.0F ? INFINITY : rounded, x);
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
