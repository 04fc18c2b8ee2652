/* l2_scan/scalar: one sum in strict order, as a plain C loop compiles without fast-math. */
#include <stdint.h>

static inline float l2sq(const float *a, const float *b, int32_t d) {
    float sum = 0;
    for (int32_t i = 0; i < d; i++) {
        float t = a[i] - b[i];
        sum += t * t;
    }
    return sum;
}

#define L2_SCAN_VARIANT scalar
#define L2_SCAN_ISA 0
#define L2_SCAN_SOURCE "exhaustive search, plain C"
#include "l2_scan_body.h"
