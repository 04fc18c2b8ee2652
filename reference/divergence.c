#include "divergence.h"

#include <math.h>

int32_t ref_largest(const float *logits, int32_t n) {
    int32_t best = 0;
    for (int32_t i = 1; i < n; i++) {
        best = logits[i] > logits[best] ? i : best;
    }
    return best;
}

void ref_log_softmax(const float *logits, int32_t n, double *out) {
    const double most = (double)logits[ref_largest(logits, n)];
    double sum = 0;
    for (int32_t i = 0; i < n; i++) {
        sum += exp((double)logits[i] - most);
    }
    for (int32_t i = 0; i < n; i++) {
        out[i] = (double)logits[i] - most - log(sum);
    }
}

double ref_divergence(const double *log_p, const double *log_q, int32_t n) {
    double sum = 0;
    for (int32_t i = 0; i < n; i++) {
        sum += exp(log_p[i]) * (log_p[i] - log_q[i]);
    }
    return sum;
}
