/* ads_horizontal/avx2: the first group of 8 rows at once, one transposing reduction for all. */
#include "group_avx2.h"

enum { TILE = 8 };

static inline __m256 four_rows(const float *rows, int32_t d, const float *query, int32_t m)
{
    __m256 a = group_lanes(rows, query, m), b = group_lanes(rows + d, query, m);
    __m256 c = group_lanes(rows + 2 * (int64_t)d, query, m);
    __m256 e = group_lanes(rows + 3 * (int64_t)d, query, m);
    return _mm256_hadd_ps(_mm256_hadd_ps(a, b), _mm256_hadd_ps(c, e));
}

static inline uint32_t first_group(const float *rows, int32_t d, const float *query, int32_t m,
                                   float limit, float partial[TILE])
{
    __m256 low = four_rows(rows, d, query, m);
    __m256 high = four_rows(rows + 4 * (int64_t)d, d, query, m);
    __m256 sums = _mm256_add_ps(_mm256_permute2f128_ps(low, high, 0x20),
                                _mm256_permute2f128_ps(low, high, 0x31));
    _mm256_storeu_ps(partial, sums);
    return (uint32_t)_mm256_movemask_ps(_mm256_cmp_ps(sums, _mm256_set1_ps(limit), _CMP_LT_OQ));
}

#define PREFETCH(p) _mm_prefetch((const char *)(p), _MM_HINT_T0)
#define ADS_VARIANT avx2
#define ADS_ISA ISA_AVX2
#define ADS_SOURCE "Gao & Long, SIGMOD 2023, algorithm 1; AVX2 and FMA"
#include "ads_horizontal_body.h"
