/* l2_scan/avx512: one row at a time, four accumulators of 16 lanes.  One stream saturates the memory;
 * two or four rows at once were slower on the cores tried (more streams than the prefetchers follow). */
#include <immintrin.h>
#include <stdint.h>

static inline float l2sq(const float *a, const float *b, int32_t d)
{
    __m512 s0 = _mm512_setzero_ps(), s1 = s0, s2 = s0, s3 = s0;
    int32_t i = 0;
    for (; i + 64 <= d; i += 64) {
        __m512 t0 = _mm512_sub_ps(_mm512_loadu_ps(a + i), _mm512_loadu_ps(b + i));
        __m512 t1 = _mm512_sub_ps(_mm512_loadu_ps(a + i + 16), _mm512_loadu_ps(b + i + 16));
        __m512 t2 = _mm512_sub_ps(_mm512_loadu_ps(a + i + 32), _mm512_loadu_ps(b + i + 32));
        __m512 t3 = _mm512_sub_ps(_mm512_loadu_ps(a + i + 48), _mm512_loadu_ps(b + i + 48));
        s0 = _mm512_fmadd_ps(t0, t0, s0);
        s1 = _mm512_fmadd_ps(t1, t1, s1);
        s2 = _mm512_fmadd_ps(t2, t2, s2);
        s3 = _mm512_fmadd_ps(t3, t3, s3);
    }
    for (; i < d; i += 16) {
        int32_t left = d - i < 16 ? d - i : 16;
        __mmask16 mask = (__mmask16)((1u << left) - 1);
        __m512 t = _mm512_sub_ps(_mm512_maskz_loadu_ps(mask, a + i),
                                 _mm512_maskz_loadu_ps(mask, b + i));
        s0 = _mm512_fmadd_ps(t, t, s0);
    }
    return _mm512_reduce_add_ps(_mm512_add_ps(_mm512_add_ps(s0, s1), _mm512_add_ps(s2, s3)));
}

#define L2_SCAN_VARIANT avx512
#define L2_SCAN_ISA ISA_AVX512
#define L2_SCAN_SOURCE "exhaustive search, AVX-512"
#include "l2_scan_body.h"
