/* stream_read/avx512: four cache lines a step. */
#include <immintrin.h>

#include "../../../harness/base/cpu.h"
#include "../../../harness/run/roofline.h"

static uint64_t read_words(const void *data, size_t bytes) {
    const __m512i *p = data;
    size_t n = bytes / sizeof *p;
    __m512i a = _mm512_setzero_si512(), b = a, c = a, d = a;
    size_t i = 0;
    for (; i + 4 <= n; i += 4) {
        a = _mm512_xor_si512(a, _mm512_load_si512(p + i));
        b = _mm512_xor_si512(b, _mm512_load_si512(p + i + 1));
        c = _mm512_xor_si512(c, _mm512_load_si512(p + i + 2));
        d = _mm512_xor_si512(d, _mm512_load_si512(p + i + 3));
    }
    for (; i < n; i++) {
        a = _mm512_xor_si512(a, _mm512_load_si512(p + i));
    }
    a = _mm512_xor_si512(_mm512_xor_si512(a, b), _mm512_xor_si512(c, d));
    uint64_t words[8], sum = 0;
    _mm512_storeu_si512(words, a);
    for (int w = 0; w < 8; w++) {
        sum ^= words[w];
    }
    return sum;
}

static const struct stream_read_impl impl = {read_words};

extern const struct kernel kernel_stream_read_avx512;
const struct kernel kernel_stream_read_avx512 = {
    .name = "stream_read/avx512",
    .operation = "stream_read",
    .dtype = "u64",
    .isa = ISA_AVX512,
    .impl = &impl,
    .source = "STREAM (McCalpin), read only",
    .bound = "equality",
};
