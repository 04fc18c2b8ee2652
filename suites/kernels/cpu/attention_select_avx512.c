#include <immintrin.h>
#include <stdint.h>

static inline int64_t list_from(const float *row, int64_t n, float least, int32_t *out) {
    const __m512 bound = _mm512_set1_ps(least);
    const __m512i step = _mm512_set1_epi32(16);
    __m512i index = _mm512_setr_epi32(0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15);
    int64_t count = 0, at = 0;
    for (; at + 16 <= n; at += 16) {
        const __mmask16 above = _mm512_cmp_ps_mask(_mm512_loadu_ps(row + at), bound, _CMP_GE_OQ);
        _mm512_storeu_si512(out + count, _mm512_maskz_compress_epi32(above, index));
        count += __builtin_popcount(above);
        index = _mm512_add_epi32(index, step);
    }
    for (; at < n; at++) {
        out[count] = (int32_t)at;
        count += row[at] >= least;
    }
    return count;
}

#define ATTENTION_SELECT attention_select_avx512
#include "attention_select_body.h"
