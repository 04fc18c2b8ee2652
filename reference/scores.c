#include "scores.h"

#include <math.h>

double ref_score(const float *q, const double *k, double scale, int32_t d, double *terms) {
    double sum = 0;
    *terms = 0;
    for (int32_t i = 0; i < d; i++) {
        sum += (double)q[i] * k[i];
        *terms += fabs((double)q[i] * k[i]);
    }
    *terms *= fabs(scale) / sqrt(d);
    return sum * scale / sqrt(d);
}

double ref_half(uint16_t bits) {
    const int exponent = bits >> 10 & 31, fraction = bits & 1023;
    const double magnitude =
        exponent == 0 ? ldexp(fraction, -24) : ldexp(1024 + fraction, exponent - 25);
    return bits & 0x8000 ? -magnitude : magnitude;
}
