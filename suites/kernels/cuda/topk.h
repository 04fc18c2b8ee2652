/* Top-k lists of (distance, id) as 64-bit keys; C and CUDA, host and device.
 *
 * A squared distance is never negative, so its bit pattern orders as the number does; with the id
 * in the low half one unsigned comparison orders by (distance, id).  Keys of different rows differ,
 * hence the k smallest keys do not depend on the order in which rows were seen: lists may be filled
 * by any schedule and still come out the same, ties included.
 * Not here: synchronisation.  The caller keeps readers and writers of a list apart.
 */
#ifndef ATTEST_SUITES_KERNELS_CUDA_TOPK_H
#define ATTEST_SUITES_KERNELS_CUDA_TOPK_H

#include <stdint.h>
#include <string.h>

#ifdef __CUDACC__
#define TOPK_FUNCTION static inline __host__ __device__
#else
#define TOPK_FUNCTION static inline
#endif

enum { TOPK_MAX = 128 };

/* An unused place of a list: above every key. */
#define TOPK_EMPTY UINT64_MAX

/* Key of row id at a distance >= 0. */
TOPK_FUNCTION uint64_t topk_key(float distance, int32_t id) {
    uint32_t bits;
    memcpy(&bits, &distance, sizeof bits);
    return (uint64_t)bits << 32 | (uint32_t)id;
}

TOPK_FUNCTION float topk_distance(uint64_t key) {
    const uint32_t bits = (uint32_t)(key >> 32);
    float distance;
    memcpy(&distance, &bits, sizeof distance);
    return distance;
}

TOPK_FUNCTION int32_t topk_id(uint64_t key) { return (int32_t)(uint32_t)key; }

/* What place p of the ascending list holds once key is in it; the largest key drops out.  Each
 * place depends only on itself and its left neighbour as they were, so all places can move at once.
 */
TOPK_FUNCTION uint64_t topk_shifted(const uint64_t *list, int p, uint64_t key) {
    const uint64_t here = list[p];
    if (here <= key)
        return here;
    if (p == 0)
        return key;
    const uint64_t left = list[p - 1];
    return left > key ? left : key;
}

/* Keys of one ascending list of k that are smaller than key. */
TOPK_FUNCTION int topk_smaller(const uint64_t *list, int k, uint64_t key) {
    int low = 0, high = k;
    while (low < high) {
        const int middle = (low + high) / 2;
        if (list[middle] < key)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

/* Place of key among all of `count` ascending lists of k that lie `stride` keys apart; some number
 * >= k when it is not among the k smallest. */
TOPK_FUNCTION int topk_rank(const uint64_t *lists, int count, int stride, int k, uint64_t key) {
    int rank = 0;
    for (int i = 0; i < count && rank < k; i++)
        rank += topk_smaller(lists + (int64_t)i * stride, k, key);
    return rank;
}

#endif
