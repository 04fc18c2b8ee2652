#include <immintrin.h>
#include <stdint.h>

static inline int64_t list_from(const float *row, int64_t n, float least, int32_t *out) {
    const __m256 bound = _mm256_set1_ps(least);
    int64_t count = 0, at = 0;
    for (; at + 8 <= n; at += 8) {
        const __m256 above = _mm256_cmp_ps(_mm256_loadu_ps(row + at), bound, _CMP_GE_OQ);
        for (unsigned bits = (unsigned)_mm256_movemask_ps(above); bits != 0; bits &= bits - 1) {
            out[count++] = (int32_t)at + __builtin_ctz(bits);
        }
    }
    for (; at < n; at++) {
        out[count] = (int32_t)at;
        count += row[at] >= least;
    }
    return count;
}

#define ATTENTION_SELECT attention_select_avx2
#include "attention_select_body.h"
