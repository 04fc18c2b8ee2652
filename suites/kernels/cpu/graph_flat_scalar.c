/* graph/flat_scalar. */
#include <stdint.h>

static inline void products(const float *const row[4], const float *query, int32_t stride,
                            float out[4]) {
    float sums[4] = {0};
    for (int32_t i = 0; i < stride; i++) {
        for (int r = 0; r < 4; r++) {
            sums[r] += row[r][i] * query[i];
        }
    }
    for (int r = 0; r < 4; r++) {
        out[r] = sums[r];
    }
}

#define GRAPH_FLAT_VARIANT scalar
#define GRAPH_FLAT_ISA 0
#include "graph_flat_body.h"
