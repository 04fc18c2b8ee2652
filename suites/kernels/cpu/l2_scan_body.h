/* Exact scan of one query after the other: the loop that every ISA variant of l2_scan shares.
 *
 * The including file defines `static inline float l2sq(const float *a, const float *b, int32_t d)`
 * and L2_SCAN_VARIANT, L2_SCAN_ISA, L2_SCAN_SOURCE. */
#include <stddef.h>

#include "../../../harness/base/cpu.h"
#include "../../../harness/judge/kernel.h"
#include "../knn.h"
#include "borrowed_index.h"
#include "topk.h"
#include "kernel_names.h"

static enum status scan(const void *index, const float *queries, int64_t nq,
                        const struct knn_params *params, struct knn_result *out) {
    const struct knn_base *base = index;
    int32_t k = params->k, d = base->d;
    for (int64_t q = 0; q < nq; q++) {
        const float *query = queries + q * d;
        int32_t *ids = out->ids + q * k;
        float *dist = out->dist + q * k;
        topk_clear(ids, dist, k);
        for (int64_t j = 0; j < base->n; j++) {
            float value = l2sq(base->rows + j * d, query, d);
            if (value < dist[k - 1]) {
                topk_insert(ids, dist, k, (int32_t)j, value);
            }
        }
    }
    return ST_OK;
}

static const struct knn_impl impl = {
    .batch = 1, .build = borrowed_build, .search = scan, .destroy = borrowed_destroy};

extern const struct kernel KERNEL_SYMBOL(l2_scan, L2_SCAN_VARIANT);
const struct kernel KERNEL_SYMBOL(l2_scan, L2_SCAN_VARIANT) = {
    .name = "l2_scan/" KERNEL_TEXT(L2_SCAN_VARIANT),
    .operation = "knn",
    .backend = BACKEND_CPU,
    .dtype = "f32",
    .isa = L2_SCAN_ISA,
    .impl = &impl,
    .source = L2_SCAN_SOURCE,
    .bound = "gamma_(d+2) |a-b|^2",
};
