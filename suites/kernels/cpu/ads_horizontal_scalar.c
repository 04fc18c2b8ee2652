/* ads_horizontal/scalar: the seed's arm, one strict-order sum per candidate, no SIMD, no prefetch. */
#include <stdbool.h>
#include <stdint.h>

static inline float group_l2sq(const float *a, const float *b, int32_t m)
{
    float sum = 0;
    for (int32_t i = 0; i < m; i++) {
        float t = a[i] - b[i];
        sum += t * t;
    }
    return sum;
}

enum { TILE = 1 };

static inline uint32_t first_group(const float *rows, int32_t d, const float *query, int32_t m,
                                   float limit, float partial[TILE])
{
    (void)d;
    partial[0] = group_l2sq(rows, query, m);
    return partial[0] < limit;
}

#define PREFETCH(p) ((void)(p))
#define ADS_VARIANT scalar
#define ADS_ISA 0
#define ADS_SOURCE "S001; Gao & Long, SIGMOD 2023, algorithm 1; plain C"
#include "ads_horizontal_body.h"
