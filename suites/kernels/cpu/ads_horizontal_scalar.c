/* ads_horizontal/scalar: the seed's arm: candidate after candidate, one strict-order sum per group,
 * no SIMD, no prefetch. */
#include <stdint.h>

static inline float group_l2sq(const float *a, const float *b, int32_t m) {
    float sum = 0;
    for (int32_t i = 0; i < m; i++) {
        float t = a[i] - b[i];
        sum += t * t;
    }
    return sum;
}

#include "ads_finish.h"
#include "borrowed_index.h"

static void search_one(const void *index, const struct ads_search *s) {
    const struct knn_base *base = index;
    for (int64_t j = 0; j < base->n; j++) {
        ads_finish(s, base->rotated + j * s->d, (int32_t)j, 0, 0);
    }
}

#define ADS_VARIANT scalar
#define ADS_ISA 0
#define ADS_SOURCE "S001; Gao & Long, SIGMOD 2023, algorithm 1; plain C"
#include "ads_horizontal_row.h"
