/* l2_scan/faiss: IndexFlatL2 through the official FAISS C interface, one query a call. */
#include <faiss/c_api/IndexFlat_c.h>
#include <faiss/c_api/Index_c.h>
#include <faiss/c_api/error_c.h>
#include <stdlib.h>

#include "../../../harness/judge/kernel.h"
#include "../../../harness/base/memory.h"
#include "../knn.h"

static enum status faiss_failed(const char *what) {
    const char *why = faiss_get_last_error();
    return status_set(ST_SYSTEM, "faiss: %s: %s", what, why != NULL ? why : "unknown error");
}

static void destroy(void *index) {
    if (index != NULL) {
        faiss_Index_free(index);
    }
}

static enum status build(const struct knn_base *base, void **index) {
    FaissIndexFlatL2 *flat = NULL;
    if (faiss_IndexFlatL2_new_with(&flat, base->d) != 0) {
        return faiss_failed("new IndexFlatL2");
    }
    if (faiss_Index_add(flat, base->n, base->rows) != 0) {
        destroy(flat);
        return faiss_failed("add");
    }
    *index = flat;
    return ST_OK;
}

static enum status search(const void *index, const float *queries, int64_t nq,
                          const struct knn_params *params, struct knn_result *out) {
    int64_t total = nq * params->k;
    idx_t *labels = mem_alloc_array((size_t)total, sizeof *labels);
    if (labels == NULL) {
        return ST_SYSTEM;
    }
    enum status st = ST_OK;
    if (faiss_Index_search(index, nq, queries, params->k, out->dist, labels) != 0) {
        st = faiss_failed("search");
    }
    for (int64_t i = 0; i < total && st == ST_OK; i++) {
        out->ids[i] = (int32_t)labels[i];
    }
    mem_free(labels);
    return st;
}

static const struct knn_impl impl = {
    .free_ties = true, .batch = 1, .build = build, .search = search, .destroy = destroy};

extern const struct kernel kernel_l2_scan_faiss;
const struct kernel kernel_l2_scan_faiss = {
    .name = "l2_scan/faiss",
    .operation = "knn",
    .backend = BACKEND_CPU,
    .dtype = "f32",
    .impl = &impl,
    .source = "FAISS IndexFlatL2, single queries",
    .bound = "gamma_(d+2) |a-b|^2",
};
