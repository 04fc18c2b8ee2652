#include "entropy.h"

#include <math.h>
#include <stddef.h>

static double score(const float *q, const float *k, int32_t d) {
    double sum = 0;
    for (int32_t i = 0; i < d; i++) {
        sum += (double)q[i] * (double)k[i];
    }
    return sum / sqrt((double)d);
}

static double magnitude(const float *q, const float *k, int32_t d) {
    double sum = 0;
    for (int32_t i = 0; i < d; i++) {
        sum += fabs((double)q[i] * (double)k[i]);
    }
    return sum / sqrt((double)d);
}

double ref_entropy(const float *q, const float *k, int32_t d, int64_t stride, int64_t n,
                   double *reach) {
    double most = -INFINITY, sum = 0, h = 0, farthest = 0;
    for (int64_t j = 0; j < n; j++) {
        most = fmax(most, score(q, k + j * stride, d));
        farthest = fmax(farthest, magnitude(q, k + j * stride, d));
    }
    for (int64_t j = 0; j < n; j++) {
        sum += exp(score(q, k + j * stride, d) - most);
    }
    for (int64_t j = 0; j < n; j++) {
        const double below = score(q, k + j * stride, d) - most, p = exp(below) / sum;
        h -= p == 0 ? 0 : p * (below - log(sum)); /* p ln p goes to 0 with p */
    }
    if (reach != NULL) {
        *reach = farthest;
    }
    return h;
}
