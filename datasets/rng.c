#include "rng.h"

#include "normal.h"

enum { ROUNDS = 10 };

/* Multipliers of the rounds and the Weyl sequence of the key (golden ratio, sqrt(3) - 1). */
static const uint32_t multiplier_0 = 0xD2511F53U, multiplier_1 = 0xCD9E8D57U;
static const uint32_t weyl_0 = 0x9E3779B9U, weyl_1 = 0xBB67AE85U;

void philox4x32(const uint32_t counter[4], const uint32_t key[2], uint32_t out[4]) {
    uint32_t c0 = counter[0], c1 = counter[1], c2 = counter[2], c3 = counter[3];
    uint32_t k0 = key[0], k1 = key[1];
    for (int round = 0; round < ROUNDS; round++) {
        const uint64_t p0 = (uint64_t)multiplier_0 * c0;
        const uint64_t p1 = (uint64_t)multiplier_1 * c2;
        c0 = (uint32_t)(p1 >> 32) ^ c1 ^ k0;
        c1 = (uint32_t)p1;
        c2 = (uint32_t)(p0 >> 32) ^ c3 ^ k1;
        c3 = (uint32_t)p0;
        k0 += weyl_0;
        k1 += weyl_1;
    }
    out[0] = c0;
    out[1] = c1;
    out[2] = c2;
    out[3] = c3;
}

void rng_words(uint64_t seed, uint32_t stream, uint64_t row, uint32_t block, uint32_t out[4]) {
    const uint32_t counter[4] = {(uint32_t)row, (uint32_t)(row >> 32), block, stream};
    const uint32_t key[2] = {(uint32_t)seed, (uint32_t)(seed >> 32)};
    philox4x32(counter, key, out);
}

double rng_unit(uint32_t word) { return ((double)word + 0.5) * 0x1p-32; }

uint32_t rng_below(uint32_t word, uint32_t bound) {
    return (uint32_t)(((uint64_t)word * bound) >> 32);
}

void rng_gaussians(uint64_t seed, uint32_t stream, uint64_t row, double *out, size_t count) {
    for (size_t i = 0; i < count; i += 4) {
        uint32_t words[4];
        rng_words(seed, stream, row, (uint32_t)(i / 4), words);
        for (size_t j = 0; j < 4 && i + j < count; j++) {
            out[i + j] = normal_quantile(rng_unit(words[j]));
        }
    }
}
