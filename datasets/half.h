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
    const uint32_t bits = sign | wide << 23 | mantissa << 13;
    float value;
    memcpy(&value, &bits, sizeof value);
    return value;
}

/* To the nearest half, ties to the even one; |x| <= 65504. */
static inline uint16_t float_to_half(float x) {
    enum { BIAS_DIFFERENCE = 127 - 15 };
    const float size = fabsf(x), small = size + 0.5F; /* whose last bit is worth 2^-24 */
    const float half = 0.5F;
    uint32_t bits, small_bits, half_bits;
    memcpy(&bits, &size, sizeof bits);
    memcpy(&small_bits, &small, sizeof small_bits);
    memcpy(&half_bits, &half, sizeof half_bits);
    const uint32_t rounded = (bits + 0xfff + (bits >> 13 & 1)) >> 13;
    const uint32_t magnitude =
        size < 0x1p-14F ? small_bits - half_bits : rounded - ((uint32_t)BIAS_DIFFERENCE << 10);
    return (uint16_t)((signbit(x) ? 0x8000U : 0U) | magnitude);
}

/* Values (count) as bytes, two each, the low one first.  ST_INPUT: one is outside of half
 * precision; the line begins with `label`. */
enum status halves_encode(const float *values, size_t count, const char *label,
                          unsigned char *bytes);

/* The values of such bytes; false: one is not finite. */
bool halves_decode(const unsigned char *bytes, size_t count, float *values);

#endif
