#include "int8_gemm.h"

void ref_int8_gemm(const int8_t *a, const int8_t *w, int32_t m, int32_t n, int32_t k, double *out) {
    for (int64_t i = 0; i < m; i++) {
        for (int64_t j = 0; j < n; j++) {
            double sum = 0;
            for (int64_t l = 0; l < k; l++) {
                sum += (double)a[i * k + l] * (double)w[j * k + l];
            }
            out[i * n + j] = sum;
        }
    }
}
