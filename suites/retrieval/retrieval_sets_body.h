/* Counting members, which every instruction set compiles for itself.  The including file defines
 * `static double mass(const float *row, const uint64_t *set, int64_t words)` and SET_MATH_TABLE. */
#include "retrieval_sets.h"

static int64_t size(const uint64_t *set, int64_t words) {
    int64_t count = 0;
    for (int64_t w = 0; w < words; w++) {
        count += __builtin_popcountll(set[w]);
    }
    return count;
}

static int64_t common(const uint64_t *a, const uint64_t *b, int64_t words) {
    int64_t count = 0;
    for (int64_t w = 0; w < words; w++) {
        count += __builtin_popcountll(a[w] & b[w]);
    }
    return count;
}

const struct set_math SET_MATH_TABLE = {size, common, mass};
