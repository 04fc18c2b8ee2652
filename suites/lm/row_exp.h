/* The exponential that loops over rows take, inlined so that compilers vectorise it. */
#ifndef ATTEST_SUITES_LM_ROW_EXP_H
#define ATTEST_SUITES_LM_ROW_EXP_H

#include <math.h>
#include <stdbool.h>
#include <stdint.h>

#include "../../datasets/half.h"

/* One rounding where the instruction set multiplies and adds in one instruction; two where a call
 * would have to stand in for it. */
static inline float multiply_add(float a, float b, float c) {
#ifdef __FMA__
    return fmaf(a, b, c);
#else
    return a * b + c;
#endif
}

/* yes ? a : b without a branch, which would keep compilers from vectorising a loop. */
static inline float pick(bool yes, float a, float b) {
    const uint32_t mask = -(uint32_t)yes;
    return float_of_bits((float_bits(a) & mask) | (float_bits(b) & ~mask));
}

/* exp(x) within 2 units in the last place for x in [-87, 88], taken as its nearer end outside; NaN
 * stays NaN.  x = n ln 2 + r with |r| <= ln(2) / 2, ln 2 in two parts so that n times the first is
 * exact, and the Taylor polynomial of degree 7 in r.  Adding 1.5 * 2^23 rounds to a whole number
 * and leaves it in the low bits. */
static inline float exp_row(float x) {
    const float magic = 12582912.0F;
    x = pick(x < -87.0F, -87.0F, x);
    x = pick(x > 88.0F, 88.0F, x);
    const float shifted = multiply_add(x, 0x1.715476p+0F, magic);
    const float n = shifted - magic;
    const float r = multiply_add(n, -0x1.0bfbe8p-15F, multiply_add(n, -0x1.62ep-1F, x));
    float p = 1.0F / 5040;
    p = multiply_add(p, r, 1.0F / 720);
    p = multiply_add(p, r, 1.0F / 120);
    p = multiply_add(p, r, 1.0F / 24);
    p = multiply_add(p, r, 1.0F / 6);
    p = multiply_add(p, r, 0.5F);
    p = multiply_add(p, r, 1.0F);
    p = multiply_add(p, r, 1.0F);
    return p * float_of_bits((float_bits(shifted) << 23) + 0x3f800000U);
}

#endif
