/* IEEE 754 half precision, as bits. */
#ifndef ATTEST_DATASETS_HALF_H
#define ATTEST_DATASETS_HALF_H

#include <math.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include "../harness/base/status.h"

enum { HALF_BYTES = 2 };

static inline uint32_t float_bits(float x) {
    uint32_t bits;
    memcpy(&bits, &x, sizeof bits);
    return bits;
}

static inline float float_of_bits(uint32_t bits) {
    float x;
    memcpy(&x, &bits, sizeof x);
    return x;
}

/* float32 of half precision; exact. */
static inline float half_to_float(uint16_t half) {
    enum { EXPONENT_MAX = 0x1f, BIAS_DIFFERENCE = 127 - 15, MANTISSA = 0x3ff };
    const uint32_t sign = (uint32_t)(half & 0x8000) << 16;
    const uint32_t exponent = half >> 10 & EXPONENT_MAX, mantissa = half & MANTISSA;
    if (exponent == 0) { /* a multiple of 2^-24 */
        const float magnitude = (float)mantissa * 0x1p-24F;
        return sign != 0 ? -magnitude : magnitude;
    }
    const uint32_t wide = exponent == EXPONENT_MAX ? 0xff : exponent + BIAS_DIFFERENCE;
    return float_of_bits(sign | wide << 23 | mantissa << 13);
}

/* The bits of a positive float rounded to 11 significant bits, ties to even; the lower 13 of them
 * mean nothing and are to be dropped. */
static inline uint32_t round_to_11_bits(uint32_t bits) { return bits + 0xfffU + (bits >> 13 & 1); }

/* To the nearest half, as bits, ties to the even one: multiples of 2^-24, infinite from 65520 on;
 * finite x. */
static inline uint16_t float_to_half(float x) {
    enum { BIAS_DIFFERENCE = 127 - 15, INFINITE = 0x7c00 };
    const float size = fabsf(x); /* the last bit of size + 0.5 is worth 2^-24 */
    const uint32_t small = float_bits(size + 0.5F) - float_bits(0.5F);
    const uint32_t large =
        (round_to_11_bits(float_bits(size)) >> 13) - ((uint32_t)BIAS_DIFFERENCE << 10);
    const uint32_t magnitude = size < 0x1p-14F ? small : large < INFINITE ? large : INFINITE;
    return (uint16_t)((signbit(x) ? 0x8000U : 0U) | magnitude);
}

/* The same as the float that it equals: one step less for loops that compute on with it. */
static inline float round_to_f16(float x) {
    const float size = fabsf(x);
    const float small = size + 0.5F - 0.5F;
    const float large = float_of_bits(round_to_11_bits(float_bits(size)) & ~0x1fffU);
    const float magnitude = size < 0x1p-14F ? small : large > 65504.0F ? INFINITY : large;
    return copysignf(magnitude, x);
}

/* Values (count) as bytes, two each, the low one first.  ST_INPUT: one is outside of half
 * precision; the line begins with `label`. */
enum status halves_encode(const float *values, size_t count, const char *label,
                          unsigned char *bytes);

/* The values of such bytes; false: one is not finite. */
bool halves_decode(const unsigned char *bytes, size_t count, float *values);

#endif
