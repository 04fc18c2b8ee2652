/* The PDX-like layout of the vertical ADSampling kernels (Kuffo et al., SIGMOD 2025, section 3).
 *
 * The first ADS_VERTICAL_DIMS dimensions: planes of VERTICAL_PLANE dimensions; in a plane block
 * after block; in a block dimension after dimension, ADS_BLOCK candidates each.  So the first group
 * of all blocks, which is all that most candidates ever need, is one stream.  Survivors go on in
 * the row-major copy: planes of 64 dimensions, candidate after candidate, were tried for them and
 * slower, since no hardware prefetcher follows a candidate from plane to plane.
 */
#ifndef ATTEST_SUITES_KERNELS_CPU_ADS_VERTICAL_INDEX_H
#define ATTEST_SUITES_KERNELS_CPU_ADS_VERTICAL_INDEX_H

#include "../ads_schedule.h"
#include "../knn.h"

enum { VERTICAL_PLANE = 32 };

struct vertical_index {
    struct knn_base base;
    float *planes;
    int64_t blocks;
    int32_t dims; /* kept dimension-major */
};

/* knn_impl's build and destroy. */
enum status vertical_build(const struct knn_base *base, void **index);
void vertical_destroy(void *index);

/* ADS_BLOCK values of dimension `dim` (< dims) of a block. */
static inline float *vertical_dimension(const struct vertical_index *v, int64_t block,
                                        int32_t dim) {
    int64_t plane = dim / VERTICAL_PLANE, within = dim % VERTICAL_PLANE;
    return v->planes + ((plane * v->blocks + block) * VERTICAL_PLANE + within) * ADS_BLOCK;
}

#endif
