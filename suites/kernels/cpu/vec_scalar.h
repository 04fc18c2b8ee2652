/* Vectors of float32 in plain C: one value, for the bodies that are written over vectors. */
#ifndef ATTEST_SUITES_KERNELS_CPU_VEC_SCALAR_H
#define ATTEST_SUITES_KERNELS_CPU_VEC_SCALAR_H

#include <stdint.h>

#include "../../../datasets/half.h"

typedef float vec;

enum { VEC_WIDTH = 1 };

static inline vec vec_zero(void) { return 0; }
static inline vec vec_of(float x) { return x; }
static inline vec vec_load(const float *p) { return *p; }
static inline void vec_store(float *p, vec a) { *p = a; }
static inline vec vec_fma(vec a, vec b, vec c) { return a * b + c; }
static inline float vec_sum(vec a) { return a; }

/* Widened: the bits of binary16, and whole numbers. */
static inline vec vec_load_f16(const uint16_t *p) { return half_to_float(*p); }
static inline vec vec_load_int8(const int8_t *p) { return (float)*p; }

/* min(a, 0) and max(a, 0); NaN stays NaN. */
static inline vec vec_negative(vec a) { return a > 0 ? 0 : a; }
static inline vec vec_positive(vec a) { return a < 0 ? 0 : a; }

/* A vector's first m < VEC_WIDTH values, of which there are none. */
static inline vec vec_load_first(const float *p, int32_t m) {
    (void)p;
    (void)m;
    return 0;
}

static inline void vec_store_first(float *p, int32_t m, vec a) {
    (void)p;
    (void)m;
    (void)a;
}

#endif
