/* Sets of keys (key_set.h) counted and weighed, compiled for several instruction sets: every set of
 * a measurement is once a head. */
#ifndef ATTEST_SUITES_RETRIEVAL_RETRIEVAL_SETS_H
#define ATTEST_SUITES_RETRIEVAL_RETRIEVAL_SETS_H

#include <stdint.h>

enum {
    SET_BITS = 64,
    SET_STRETCH = 32,                    /* words whose weights are added up in float32 */
    SET_MASS_ROUNDINGS = SET_STRETCH + 4 /* of a term on its way into a sum */
};

struct set_math {
    int64_t (*size)(const uint64_t *set, int64_t words);
    int64_t (*common)(const uint64_t *a, const uint64_t *b, int64_t words);
    /* Sum of row (64 words) over the keys of the set: float32 within a stretch, float64 beyond. */
    double (*mass)(const float *row, const uint64_t *set, int64_t words);
};

extern const struct set_math set_math_scalar, set_math_avx2, set_math_avx512;

/* The widest that this CPU runs. */
const struct set_math *set_math(void);

/* Words of a mask of so many keys. */
static inline int64_t set_words(int64_t keys) { return (keys + SET_BITS - 1) / SET_BITS; }

#endif
