/* Row l2_scan/cuda_f32: exact brute-force k-NN on a CUDA device. */
#include "../../../harness/judge/kernel.h"
#include "../knn.h"
#include "device.h"

#if ATTEST_CUDA

#include "l2_scan_cuda_f32.h"
#include "topk.h"

static enum status build(const struct knn_base *base, void **index) {
    struct l2_cuda *fresh = NULL;
    char why[160];
    *index = NULL;
    if (!l2_cuda_build(base->rows, base->n, base->d, &fresh, why, sizeof why))
        return status_set(ST_SYSTEM, "cuda: index of %lld rows of %d: %s", (long long)base->n,
                          (int)base->d, why);
    *index = fresh;
    return ST_OK;
}

static enum status search(const void *index, const float *queries, int64_t nq,
                          const struct knn_params *params, struct knn_result *out) {
    const struct l2_cuda *on_device = index;
    const int64_t n = l2_cuda_rows(on_device);
    char why[160];
    if (params->k < 1 || params->k > TOPK_MAX || params->k > n)
        return status_set(ST_INPUT, "cuda: k = %d: it must lie from 1 to %lld", (int)params->k,
                          (long long)(n < TOPK_MAX ? n : TOPK_MAX));
    if (nq < 1) {
        out->device_seconds = 0;
        return ST_OK;
    }
    if (!l2_cuda_search(on_device, queries, nq, params->k, out->ids, out->dist,
                        &out->device_seconds, why, sizeof why))
        return status_set(ST_SYSTEM, "cuda: search for %lld queries: %s", (long long)nq, why);
    return ST_OK;
}

static void destroy(void *index) { l2_cuda_destroy(index); }

static const struct knn_impl impl = {
    .batch = 1024, /* 16 tiles of queries: each base row that is loaded serves 64 of them */
    .build = build,
    .search = search,
    .destroy = destroy,
};

#else

/* The row stays listed, with the reason why it cannot run. */
static const struct knn_impl impl = {.batch = 1024};

#endif

const struct kernel kernel_l2_scan_cuda_f32 = {
    .name = "l2_scan/cuda_f32",
    .operation = "knn",
    .backend = BACKEND_CUDA,
    .dtype = "f32",
    .impl = &impl,
    .source = "direct sum of (a-b)^2 in f32 with fused top-k; cost model: S001",
    .bound = "gamma(d+2) * distance, u = 2^-24",
    .unavailable = cuda_unavailable,
};
