/* l2_scan/sgemm: a batch of queries against tiles of the base by |q|^2 + |x|^2 - 2 q.x, then a
 * direct rerank.
 *
 * The expansion cancels (its error is relative to the norms, not to the distance), so it only
 * decides which candidates cannot be among the k best; every other one gets its direct distance
 * (a-b)^2, and only that enters the answer.  Far from the origin all candidates are reranked: slow,
 * but right. */
#include <cblas.h>
#include <stdlib.h>

#include "../../../harness/judge/kernel.h"
#include "../../../harness/base/memory.h"
#include "../knn.h"
#include "topk.h"

enum { BATCH = 128, TILE_ROWS = 1024 };

struct sgemm_index {
    struct knn_base base;
    float *norms; /* (n) |x|^2 */
    float error;  /* |fl(expansion) - exact| <= error * (|q|^2 + |x|^2) */
};

static float direct(const float *a, const float *b, int32_t d) {
    float sum[4] = {0, 0, 0, 0};
    int32_t i = 0;
    for (; i + 4 <= d; i += 4) {
        for (int32_t l = 0; l < 4; l++) {
            float t = a[i + l] - b[i + l];
            sum[l] += t * t;
        }
    }
    for (; i < d; i++) {
        float t = a[i] - b[i];
        sum[0] += t * t;
    }
    return (sum[0] + sum[1]) + (sum[2] + sum[3]);
}

static float norm(const float *a, int32_t d) {
    double sum = 0;
    for (int32_t i = 0; i < d; i++) {
        sum += (double)a[i] * (double)a[i];
    }
    return (float)sum;
}

static void destroy(void *index) {
    struct sgemm_index *s = index;
    if (s != NULL) {
        mem_free(s->norms);
        free(s);
    }
}

static enum status build(const struct knn_base *base, void **index) {
    struct sgemm_index *s = calloc(1, sizeof *s);
    if (s == NULL) {
        return status_set(ST_SYSTEM, "l2_scan/sgemm: out of memory");
    }
    s->base = *base;
    s->norms = mem_alloc_array((size_t)base->n, sizeof(float));
    if (s->norms == NULL) {
        destroy(s);
        return ST_SYSTEM;
    }
    for (int64_t j = 0; j < base->n; j++) {
        s->norms[j] = norm(base->rows + j * base->d, base->d);
    }
    /* 2 gamma_d |q||x| <= gamma_d (|q|^2 + |x|^2) from the product, and 4 more roundings; doubled,
     * which also covers the rounding of the direct distance that the bound is compared with. */
    float m = (float)base->d + 8;
    s->error = 2 * m * 0x1p-24f / (1 - m * 0x1p-24f);
    *index = s;
    return ST_OK;
}

/* Candidates of one tile for one query: products (rows) of the query with the tile's vectors. */
static void take_tile(const struct sgemm_index *s, const float *query, float query_norm,
                      int64_t first, int32_t rows, const float *products, int32_t k, int32_t *ids,
                      float *dist) {
    const float *norms = s->norms + first;
    float keep = 1 - s->error;
    for (int32_t r = 0; r < rows; r++) {
        float lower = (query_norm + norms[r]) * keep - 2 * products[r];
        if (lower <= dist[k - 1]) {
            float value = direct(query, s->base.rows + (first + r) * s->base.d, s->base.d);
            if (value < dist[k - 1]) {
                topk_insert(ids, dist, k, (int32_t)(first + r), value);
            }
        }
    }
}

static enum status search(const void *index, const float *queries, int64_t nq,
                          const struct knn_params *params, struct knn_result *out) {
    const struct sgemm_index *s = index;
    int32_t d = s->base.d, k = params->k;
    float *products = mem_alloc_array((size_t)BATCH * TILE_ROWS, sizeof(float));
    float norms[BATCH];
    if (products == NULL) {
        return ST_SYSTEM;
    }
    for (int64_t q0 = 0; q0 < nq; q0 += BATCH) {
        int32_t m = nq - q0 < BATCH ? (int32_t)(nq - q0) : BATCH;
        for (int32_t q = 0; q < m; q++) {
            norms[q] = norm(queries + (q0 + q) * d, d);
            topk_clear(out->ids + (q0 + q) * k, out->dist + (q0 + q) * k, k);
        }
        for (int64_t j = 0; j < s->base.n; j += TILE_ROWS) {
            int32_t rows = s->base.n - j < TILE_ROWS ? (int32_t)(s->base.n - j) : TILE_ROWS;
            cblas_sgemm(CblasRowMajor, CblasNoTrans, CblasTrans, m, rows, d, 1.0f, queries + q0 * d,
                        d, s->base.rows + j * d, d, 0.0f, products, TILE_ROWS);
            for (int32_t q = 0; q < m; q++) {
                take_tile(s, queries + (q0 + q) * d, norms[q], j, rows,
                          products + (ptrdiff_t)q * TILE_ROWS, k, out->ids + (q0 + q) * k,
                          out->dist + (q0 + q) * k);
            }
        }
    }
    mem_free(products);
    return ST_OK;
}

static const struct knn_impl impl = {
    .batch = BATCH, .build = build, .search = search, .destroy = destroy};

extern const struct kernel kernel_l2_scan_sgemm;
const struct kernel kernel_l2_scan_sgemm = {
    .name = "l2_scan/sgemm",
    .operation = "knn",
    .backend = BACKEND_CPU,
    .dtype = "f32",
    .impl = &impl,
    .source = "OpenBLAS sgemm on the norm expansion, direct rerank",
    .bound = "gamma_(d+2) |a-b|^2",
};
