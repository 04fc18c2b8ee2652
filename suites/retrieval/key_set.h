/* Sets of keys as bit masks: bit j % 64 of word j / 64 is key j. */
#ifndef ATTEST_SUITES_RETRIEVAL_KEY_SET_H
#define ATTEST_SUITES_RETRIEVAL_KEY_SET_H

#include <stdint.h>

static inline void key_set_add(uint64_t *set, int64_t key) {
    set[key / 64] |= UINT64_C(1) << (key % 64);
}

/* Adds the keys from .. behind - 1. */
static inline void key_set_add_range(uint64_t *set, int64_t from, int64_t behind) {
    while (from < behind) {
        const int64_t word = from / 64, end = (word + 1) * 64 < behind ? (word + 1) * 64 : behind;
        const int64_t count = end - from;
        set[word] |= (count == 64 ? UINT64_MAX : (UINT64_C(1) << count) - 1) << (from % 64);
        from = end;
    }
}

/* keys: those of from .. behind - 1 that are in the set, ascending, less `from`; returns how many.
 */
static inline int64_t key_set_list(const uint64_t *set, int64_t from, int64_t behind,
                                   int32_t *keys) {
    int64_t count = 0;
    for (int64_t word = from / 64; word * 64 < behind; word++) {
        for (uint64_t left = set[word]; left != 0; left &= left - 1) {
            const int64_t key = word * 64 + __builtin_ctzll(left);
            if (key >= from && key < behind) {
                keys[count++] = (int32_t)(key - from);
            }
        }
    }
    return count;
}

#endif
