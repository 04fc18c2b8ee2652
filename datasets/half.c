#include "half.h"

static const double half_largest = 65504;

enum status halves_encode(const float *values, size_t count, const char *label,
                          unsigned char *bytes) {
    for (size_t i = 0; i < count; i++) {
        if (!(fabs((double)values[i]) <= half_largest)) {
            return status_set(ST_INPUT, "%s: %g does not fit half precision", label,
                              (double)values[i]);
        }
        const uint16_t half = float_to_half(values[i]);
        bytes[HALF_BYTES * i] = (unsigned char)(half & 0xff);
        bytes[HALF_BYTES * i + 1] = (unsigned char)(half >> 8);
    }
    return ST_OK;
}

bool halves_decode(const unsigned char *bytes, size_t count, float *values) {
    bool finite = true;
    for (size_t i = 0; i < count; i++) {
        const unsigned low = bytes[HALF_BYTES * i], high = bytes[HALF_BYTES * i + 1];
        values[i] = half_to_float((uint16_t)(low | high << 8));
        finite &= isfinite(values[i]) != 0;
    }
    return finite;
}
