/* ADSampling's pruning factor (Gao & Long, SIGMOD 2023, equation of section 4; definitions, section 1). */
#ifndef ATTEST_SUITES_KERNELS_CPU_ADS_RATIO_H
#define ATTEST_SUITES_KERNELS_CPU_ADS_RATIO_H

#include <math.h>
#include <stdint.h>

/* Factor on tau after i of d dimensions: (i/d) (1 + eps0/sqrt(i))^2, and 1 at i = d. */
static inline float ads_ratio(int32_t i, int32_t d, float eps0)
{
    double slack = 1 + (double)eps0 / sqrt((double)i);
    return i >= d ? 1.0f : (float)((double)i / (double)d * slack * slack);
}

static inline int32_t ads_levels(int32_t d, int32_t delta)
{
    return (d + delta - 1) / delta;
}

#endif
