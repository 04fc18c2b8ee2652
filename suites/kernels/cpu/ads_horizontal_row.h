/* The kernel of ads_horizontal around search_one(), which answers one query; from ADS_VARIANT,
 * ADS_ISA, ADS_SOURCE. */
static enum status search(const void *index, const float *queries, int64_t nq,
                          const struct knn_params *params, struct knn_result *out) {
    return ads_each_query(index, queries, nq, params, out, search_one, index);
}

static const struct knn_impl impl = {.pruned = true,
                                     .batch = 1,
                                     .build = borrowed_build,
                                     .search = search,
                                     .destroy = borrowed_destroy};

#define ADS_FAMILY ads_horizontal
#include "ads_kernel_row.h"
