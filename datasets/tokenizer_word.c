/* Byte-pair encoding of one word: a doubly linked list of symbols and a heap of the pairs that can
 * be merged, lowest rank first, then leftmost.  A pair that a merge has changed stays in the heap
 * until it comes up and is then seen to be stale. */
#include "tokenizer_inner.h"

#include <stdlib.h>

#define NOWHERE UINT32_MAX

struct word_symbol {
    int32_t id;
    uint32_t prev, next; /* NOWHERE at the ends */
    uint32_t rank;       /* of the pair with the next symbol; NO_RANK if none or swallowed */
};

/* A merge takes one pair out of the heap and puts at most two in: 2 pairs a symbol suffice. */
enum { PAIRS_PER_SYMBOL = 2 };

struct word {
    const struct merges *merges;
    struct word_symbol *symbols;
    uint64_t *heap; /* rank << 32 | position */
    size_t pairs;
};

void word_scratch_free(struct word_scratch *s) {
    free(s->symbols);
    free(s->heap);
    *s = (struct word_scratch){0};
}

static enum status reserve(struct word_scratch *s, size_t size) {
    if (size <= s->capacity) {
        return ST_OK;
    }
    const size_t capacity = size < 256 ? 256 : size;
    word_scratch_free(s);
    s->symbols = malloc(capacity * sizeof *s->symbols);
    s->heap = malloc(PAIRS_PER_SYMBOL * capacity * sizeof *s->heap);
    if (s->symbols == NULL || s->heap == NULL) {
        return status_set(ST_SYSTEM,
                          "out of memory for a word of %zu bytes; shorten the text or its "
                          "longest stretch without a space",
                          size);
    }
    s->capacity = capacity;
    return ST_OK;
}

static void heap_push(struct word *w, uint64_t pair) {
    size_t i = w->pairs++;
    while (i > 0 && w->heap[(i - 1) / 2] > pair) {
        w->heap[i] = w->heap[(i - 1) / 2];
        i = (i - 1) / 2;
    }
    w->heap[i] = pair;
}

static uint64_t heap_pop(struct word *w) {
    const uint64_t top = w->heap[0], last = w->heap[--w->pairs];
    size_t i = 0;
    for (size_t child = 1; child < w->pairs; child = 2 * i + 1) {
        if (child + 1 < w->pairs && w->heap[child + 1] < w->heap[child]) {
            child++;
        }
        if (w->heap[child] >= last) {
            break;
        }
        w->heap[i] = w->heap[child];
        i = child;
    }
    w->heap[i] = last;
    return top;
}

/* Looks the pair that starts at `at` up again. */
static void update_pair(struct word *w, uint32_t at) {
    struct word_symbol *s = &w->symbols[at];
    s->rank = NO_RANK;
    if (s->next == NOWHERE || s->id < 0 || w->symbols[s->next].id < 0) {
        return;
    }
    s->rank = merges_rank(w->merges, s->id, w->symbols[s->next].id);
    if (s->rank != NO_RANK) {
        heap_push(w, (uint64_t)s->rank << 32 | at);
    }
}

static void merge_pair(struct word *w, uint32_t at) {
    struct word_symbol *left = &w->symbols[at];
    struct word_symbol *right = &w->symbols[left->next];
    left->id = w->merges->merged[left->rank];
    left->next = right->next;
    right->rank = NO_RANK;
    if (left->next != NOWHERE) {
        w->symbols[left->next].prev = at;
    }
    update_pair(w, at);
    if (left->prev != NOWHERE) {
        update_pair(w, left->prev);
    }
}

/* One symbol a byte; returns their number. */
static uint32_t put_bytes(const struct vocabulary *v, const unsigned char *word, size_t size,
                          bool keep_bytes, struct word_symbol *symbols) {
    uint32_t n = 0;
    for (size_t i = 0; i < size; i++) {
        int32_t id = v->of_byte[word[i]];
        if (id == NO_TOKEN) {
            if (!keep_bytes) {
                continue;
            }
            id = -1 - (int32_t)word[i];
        }
        symbols[n] = (struct word_symbol){
            .id = id, .prev = n == 0 ? NOWHERE : n - 1, .next = n + 1, .rank = NO_RANK};
        n++;
    }
    if (n > 0) {
        symbols[n - 1].next = NOWHERE;
    }
    return n;
}

enum status word_encode(const struct vocabulary *v, const unsigned char *word, size_t size,
                        bool keep_bytes, struct word_scratch *scratch, int32_t *ids,
                        size_t *count) {
    const enum status st = reserve(scratch, size);
    if (st != ST_OK) {
        return st;
    }
    struct word w = {.merges = &v->merges, .symbols = scratch->symbols, .heap = scratch->heap};
    const uint32_t n = put_bytes(v, word, size, keep_bytes, w.symbols);
    for (uint32_t i = 0; i < n; i++) {
        update_pair(&w, i);
    }
    while (w.pairs > 0) {
        const uint64_t pair = heap_pop(&w);
        const uint32_t at = (uint32_t)pair;
        if (w.symbols[at].rank == (uint32_t)(pair >> 32)) {
            merge_pair(&w, at);
        }
    }
    size_t written = 0;
    for (uint32_t i = n == 0 ? NOWHERE : 0; i != NOWHERE; i = w.symbols[i].next) {
        ids[written++] = w.symbols[i].id;
    }
    *count += written;
    return ST_OK;
}
