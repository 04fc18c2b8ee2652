#include "retrieval_sets.h"

static double mass(const float *row, const uint64_t *set, int64_t words) {
    double sum = 0;
    for (int64_t w = 0; w < words; w++) {
        for (uint64_t left = set[w]; left != 0; left &= left - 1) {
            sum += (double)row[w * SET_BITS + __builtin_ctzll(left)];
        }
    }
    return sum;
}

#define SET_MATH_TABLE set_math_scalar
#include "retrieval_sets_body.h"
