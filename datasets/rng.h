/* Counter-based random numbers: Philox4x32-10.
 *
 * Every number has an address (seed, stream, row, block) and no generator has a state, so any shard
 * of a dataset, in any order, on any number of threads, holds the same bytes as the whole.
 * Source: Salmon, Moraes, Dror, Shaw, "Parallel Random Numbers: As Easy as 1, 2, 3", SC 2011.
 */
#ifndef ATTEST_DATASETS_RNG_H
#define ATTEST_DATASETS_RNG_H

#include <stddef.h>
#include <stdint.h>

/* Philox4x32-10 itself: ten rounds on a counter of 4 words under a key of 2 words. */
void philox4x32(const uint32_t counter[4], const uint32_t key[2], uint32_t out[4]);

/* Four random words at an address.  `stream` separates uses of one seed (base, queries, ...). */
void rng_words(uint64_t seed, uint32_t stream, uint64_t row, uint32_t block, uint32_t out[4]);

/* The open interval (0,1) in 2^32 equal steps: (word + 1/2) / 2^32, exact in float64. */
double rng_unit(uint32_t word);

/* A whole number in [0, bound), bound >= 1; bias below bound / 2^32. */
uint32_t rng_below(uint32_t word, uint32_t bound);

/* Standard normal values 0 .. count-1 of a row, out (count) float64; value i uses word i % 4 of
 * block i / 4, so a prefix of a row does not depend on its length. */
void rng_gaussians(uint64_t seed, uint32_t stream, uint64_t row, double *out, size_t count);

#endif
