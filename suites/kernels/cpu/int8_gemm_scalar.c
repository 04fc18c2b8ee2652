/* int8_gemm/scalar: one product of rows after the other, plain C; each row of weights is read once,
 * for all rows of activations. */
#include <string.h>

#include "../../../harness/base/memory.h"
#include "../../../harness/judge/kernel.h"
#include "../int8_gemm.h"

struct weights {
    int32_t n, k;
    int8_t rows[]; /* (n, k) */
};

static void *pack(const int8_t *w, int32_t n, int32_t k) {
    const size_t bytes = (size_t)n * (size_t)k;
    struct weights *packed = mem_alloc(sizeof *packed + bytes);
    if (packed != NULL) {
        packed->n = n;
        packed->k = k;
        memcpy(packed->rows, w, bytes);
    }
    return packed;
}

static int32_t dot(const int8_t *a, const int8_t *w, int32_t k) {
    int32_t sum = 0;
    for (int32_t i = 0; i < k; i++) {
        sum += a[i] * w[i];
    }
    return sum;
}

static void run(const void *packed, const int8_t *a, int32_t m, int32_t *out) {
    const struct weights *w = packed;
    for (int64_t j = 0; j < w->n; j++) {
        for (int64_t i = 0; i < m; i++) {
            out[i * w->n + j] = dot(a + i * w->k, w->rows + j * w->k, w->k);
        }
    }
}

const struct int8_gemm_impl int8_gemm_scalar = {pack, run, mem_free};

extern const struct kernel kernel_int8_gemm_scalar;
const struct kernel kernel_int8_gemm_scalar = {
    .name = "int8_gemm/scalar",
    .operation = "int8_gemm",
    .dtype = "int8",
    .impl = &int8_gemm_scalar,
    .source = "products of int8, sums in int32",
    .bound = "equality",
};
