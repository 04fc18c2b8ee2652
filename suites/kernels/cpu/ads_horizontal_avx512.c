/* ads_horizontal/avx512: the first group of 16 rows at once, one transposing reduction for all. */
#include "group_avx512.h"

enum { TILE = 16 };

/* Sums of two vectors, interleaved within each 128-bit lane: [a02 b02 a13 b13]. */
static inline __m512 pair(__m512 a, __m512 b)
{
    return _mm512_add_ps(_mm512_unpacklo_ps(a, b), _mm512_unpackhi_ps(a, b));
}

/* Of four pairs' sums: [a b c d] within each 128-bit lane. */
static inline __m512 quad(__m512 ab, __m512 cd)
{
    __m512d x = _mm512_castps_pd(ab), y = _mm512_castps_pd(cd);
    return _mm512_add_ps(_mm512_castpd_ps(_mm512_unpacklo_pd(x, y)),
                         _mm512_castpd_ps(_mm512_unpackhi_pd(x, y)));
}

/* Adds up the 128-bit lanes of v0..v3 into one lane each. */
static inline __m512 gather_lanes(__m512 v0, __m512 v1, __m512 v2, __m512 v3)
{
    __m512 a = _mm512_add_ps(_mm512_shuffle_f32x4(v0, v1, 0x44), _mm512_shuffle_f32x4(v0, v1, 0xEE));
    __m512 b = _mm512_add_ps(_mm512_shuffle_f32x4(v2, v3, 0x44), _mm512_shuffle_f32x4(v2, v3, 0xEE));
    return _mm512_add_ps(_mm512_shuffle_f32x4(a, b, 0x88), _mm512_shuffle_f32x4(a, b, 0xDD));
}

static inline __m512 four_rows(const float *rows, int32_t d, const float *query, int32_t m)
{
    __m512 a = group_lanes(rows, query, m), b = group_lanes(rows + d, query, m);
    __m512 c = group_lanes(rows + 2 * (int64_t)d, query, m);
    __m512 e = group_lanes(rows + 3 * (int64_t)d, query, m);
    return quad(pair(a, b), pair(c, e));
}

static inline uint32_t first_group(const float *rows, int32_t d, const float *query, int32_t m,
                                   float limit, float partial[TILE])
{
    __m512 v[4];
    for (int32_t t = 0; t < 4; t++) {
        v[t] = four_rows(rows + (int64_t)(4 * t) * d, d, query, m);
    }
    __m512 sums = gather_lanes(v[0], v[1], v[2], v[3]);
    _mm512_storeu_ps(partial, sums);
    return _mm512_cmp_ps_mask(sums, _mm512_set1_ps(limit), _CMP_LT_OQ);
}

#define PREFETCH(p) _mm_prefetch((const char *)(p), _MM_HINT_T0)
#define ADS_VARIANT avx512
#define ADS_ISA ISA_AVX512
#define ADS_SOURCE "Gao & Long, SIGMOD 2023, algorithm 1; AVX-512"
#include "ads_horizontal_body.h"
