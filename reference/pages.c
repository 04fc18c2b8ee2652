#include "pages.h"

#include <math.h>

void ref_page_bounds(const float *keys, int64_t count, int32_t d, double *low, double *high) {
    for (int32_t i = 0; i < d; i++) {
        low[i] = INFINITY;
        high[i] = -INFINITY;
        for (int64_t j = 0; j < count; j++) {
            low[i] = fmin(low[i], (double)keys[j * d + i]);
            high[i] = fmax(high[i], (double)keys[j * d + i]);
        }
    }
}

double ref_page_score(const float *q, const float *low, const float *high, int32_t d,
                      double *terms) {
    double sum = 0;
    *terms = 0;
    for (int32_t i = 0; i < d; i++) {
        const double at_low = (double)q[i] * (double)low[i];
        const double at_high = (double)q[i] * (double)high[i];
        sum += fmax(at_high, at_low);
        *terms += fabs(fmax(at_high, at_low));
    }
    return sum;
}
