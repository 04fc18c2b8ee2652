/* stream_read/avx2: two cache lines a step. */
#include <immintrin.h>

#include "../../../harness/base/cpu.h"
#include "../../../harness/run/roofline.h"

static uint64_t read_words(const void *data, size_t bytes) {
    const __m256i *p = data;
    size_t n = bytes / sizeof *p;
    __m256i a = _mm256_setzero_si256(), b = a, c = a, d = a;
    size_t i = 0;
    for (; i + 4 <= n; i += 4) {
        a = _mm256_xor_si256(a, _mm256_load_si256(p + i));
        b = _mm256_xor_si256(b, _mm256_load_si256(p + i + 1));
        c = _mm256_xor_si256(c, _mm256_load_si256(p + i + 2));
        d = _mm256_xor_si256(d, _mm256_load_si256(p + i + 3));
    }
    for (; i < n; i++) {
        a = _mm256_xor_si256(a, _mm256_load_si256(p + i));
    }
    a = _mm256_xor_si256(_mm256_xor_si256(a, b), _mm256_xor_si256(c, d));
    return (uint64_t)(_mm256_extract_epi64(a, 0) ^ _mm256_extract_epi64(a, 1) ^
                      _mm256_extract_epi64(a, 2) ^ _mm256_extract_epi64(a, 3));
}

static const struct stream_read_impl impl = {read_words};

extern const struct kernel kernel_stream_read_avx2;
const struct kernel kernel_stream_read_avx2 = {
    .name = "stream_read/avx2",
    .operation = "stream_read",
    .dtype = "u64",
    .isa = ISA_AVX2,
    .impl = &impl,
    .source = "STREAM (McCalpin), read only",
    .bound = "equality",
};
