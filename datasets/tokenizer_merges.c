/* Ranks of pairs in a hash table that is at most half full. */
#include "tokenizer_inner.h"

#include "../harness/base/memory.h"

enum status merges_init(struct merges *m, size_t count) {
    size_t slots = 16;
    while (slots < 2 * count) {
        slots *= 2;
    }
    m->mask = slots - 1;
    m->slots = mem_alloc_array(slots, sizeof *m->slots);
    m->merged = mem_alloc_array(count, sizeof *m->merged);
    if (m->slots == NULL || m->merged == NULL) {
        return ST_SYSTEM;
    }
    for (size_t i = 0; i < slots; i++) {
        m->slots[i].rank = NO_RANK;
    }
    return ST_OK;
}

void merges_free(struct merges *m) {
    mem_free(m->slots);
    mem_free(m->merged);
    *m = (struct merges){0};
}

/* Slot of the pair, or the empty one where it belongs. */
static struct merge_slot *find(const struct merges *m, int32_t left, int32_t right) {
    const uint64_t key = (uint64_t)(uint32_t)left << 32 | (uint32_t)right;
    /* Fibonacci hashing: the upper bits of the product depend on all bits of the key. */
    size_t i = (size_t)((key ^ key >> 29) * UINT64_C(0x9e3779b97f4a7c15) >> 32) & m->mask;
    while (m->slots[i].rank != NO_RANK &&
           (m->slots[i].left != left || m->slots[i].right != right)) {
        i = (i + 1) & m->mask;
    }
    return &m->slots[i];
}

uint32_t merges_rank(const struct merges *m, int32_t left, int32_t right) {
    return find(m, left, right)->rank;
}

bool merges_add(struct merges *m, int32_t left, int32_t right, int32_t merged, uint32_t rank) {
    struct merge_slot *slot = find(m, left, right);
    if (slot->rank != NO_RANK) {
        return false;
    }
    *slot = (struct merge_slot){.left = left, .right = right, .rank = rank};
    m->merged[rank] = merged;
    return true;
}
