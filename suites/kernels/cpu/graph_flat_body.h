/* Search of a flat graph, algorithms 2 and 5 of the paper: the loop that every ISA variant shares.
 *
 * The including file defines
 *     static inline void products(const float *const row[4], const float *query, int32_t stride,
 *                                 float out[4])
 * over rows and a query of `stride` floats, a multiple of 16 that begins at a cache line, and
 * GRAPH_FLAT_VARIANT and GRAPH_FLAT_ISA.
 *
 * The paper's two heaps are one sorted list here, the pool: a candidate that has left the ef best
 * would end the search if its turn came, so it need not be kept.  An entry is one number whose
 * order is that of answers, larger scores first, then smaller ids: the score's bits turned to
 * descend (32), the id (31), whether its links have been read (1).
 */
#include <stdbool.h>
#include <stddef.h>
#include <string.h>

#include "../../../harness/base/cpu.h"
#include "../../../harness/judge/kernel.h"
#include "graph_flat.h"
#include "kernel_names.h"

/* --- entries ---------------------------------------------------------------------------------- */

enum { READ = 1, LINE = 64 };

static inline uint64_t entry_of(float score, int32_t id) {
    const float plus_zero = score + 0.0F; /* -0 and 0 are equal scores */
    uint32_t bits;
    memcpy(&bits, &plus_zero, sizeof bits);
    const uint32_t descending = bits & 0x80000000U ? bits : ~bits & 0x7FFFFFFFU;
    return (uint64_t)descending << 32 | (uint64_t)(uint32_t)id << 1;
}

static inline int32_t entry_id(uint64_t entry) { return (int32_t)((entry & 0xFFFFFFFFU) >> 1); }

static inline float entry_score(uint64_t entry) {
    const uint32_t descending = (uint32_t)(entry >> 32);
    const uint32_t bits = descending & 0x80000000U ? descending : ~descending & 0x7FFFFFFFU;
    float score;
    memcpy(&score, &bits, sizeof score);
    return score;
}

/* --- evaluating ------------------------------------------------------------------------------- */

static inline void prefetch(const void *from, size_t bytes) {
    for (size_t at = 0; at < bytes; at += LINE) {
        __builtin_prefetch((const char *)from + at);
    }
}

static inline const float *row_of(const struct graph_flat *g, int32_t id) {
    return g->vectors + (int64_t)id * g->stride;
}

/* How many vectors are on their way from memory while others are computed with. */
enum { AHEAD = 2 * GRAPH_FLAT_GROUP };

/* room->scores of room->batch (count); the batch has a group's length of room behind it. */
static inline void evaluate(const struct graph_flat *g, struct graph_room *room, int32_t count) {
    const size_t bytes = (size_t)g->stride * sizeof(float);
    for (int32_t i = count; i % GRAPH_FLAT_GROUP != 0; i++) {
        room->batch[i] = room->batch[count - 1];
    }
    for (int32_t i = 0; i < count && i < AHEAD; i++) {
        prefetch(row_of(g, room->batch[i]), bytes);
    }
    for (int32_t i = 0; i < count; i += GRAPH_FLAT_GROUP) {
        const float *rows[GRAPH_FLAT_GROUP];
        for (int32_t r = 0; r < GRAPH_FLAT_GROUP; r++) {
            rows[r] = row_of(g, room->batch[i + r]);
            if (i + r + AHEAD < count) {
                prefetch(row_of(g, room->batch[i + r + AHEAD]), bytes);
            }
        }
        products(rows, room->query, g->stride, room->scores + i);
    }
}

static inline void count_evaluations(const struct graph_flat *g, struct graph_counts *counts,
                                     int32_t count) {
    if (counts != NULL) {
        counts->evaluations += (uint64_t)count;
        counts->bytes += (uint64_t)count * (uint64_t)g->d * sizeof(float);
    }
}

static inline void count_hop(struct graph_counts *counts, int32_t links) {
    if (counts != NULL) {
        counts->hops++;
        counts->bytes += (uint64_t)links * sizeof(int32_t);
    }
}

/* --- upper levels ----------------------------------------------------------------------------- */

static inline float score_of(const struct graph_flat *g, struct graph_room *room, int32_t id) {
    room->batch[0] = id;
    evaluate(g, room, 1);
    return room->scores[0];
}

static inline int32_t length_of(const int32_t *links, int32_t width) {
    int32_t length = 0;
    while (length < width && links[length] >= 0) {
        length++;
    }
    return length;
}

/* From the entry point to the nearest node on level 1 that a greedy walk finds, and its score. */
static inline int32_t descend(const struct graph_flat *g, struct graph_room *room, float *score,
                              struct graph_counts *counts) {
    int32_t at = g->links.entry;
    *score = score_of(g, room, at);
    count_evaluations(g, counts, 1);
    for (int32_t level = g->links.levels - 1; level > 0;) {
        const int32_t width = g->links.width[level], from = at;
        const int32_t *links = g->links.links[level] + (int64_t)from * width;
        const int32_t length = length_of(links, width);
        memcpy(room->batch, links, (size_t)length * sizeof *links);
        evaluate(g, room, length);
        count_hop(counts, length);
        count_evaluations(g, counts, length);
        for (int32_t i = 0; i < length; i++) {
            at = room->scores[i] > *score ? room->batch[i] : at;
            *score = room->scores[i] > *score ? room->scores[i] : *score;
        }
        level -= at == from;
    }
    return at;
}

/* --- level 0 ---------------------------------------------------------------------------------- */

/* Those of a node's neighbours that this search has not seen yet, into the batch; it then has. */
static inline int32_t list_unseen(struct graph_room *room, const int32_t *links, int32_t length) {
    int32_t count = 0;
    for (int32_t i = 0; i < length; i++) {
        const int32_t id = links[i];
        room->batch[count] = id;
        count += room->marks[id] != room->epoch;
        room->marks[id] = room->epoch;
    }
    return count;
}

/* Where a new entry belongs among `size` others. */
static inline int64_t place_of(const uint64_t *pool, int64_t size, uint64_t entry) {
    int64_t first = 0;
    while (size > 0) {
        const int64_t half = size / 2;
        const bool behind = pool[first + half] < entry;
        first = behind ? first + half + 1 : first;
        size = behind ? size - half - 1 : half;
    }
    return first;
}

/* Takes what belongs among the ef best into the pool; returns the first place that changed. */
static inline int64_t take(struct graph_room *room, int32_t count, int64_t ef, int64_t *size) {
    uint64_t *pool = room->pool;
    int64_t first = *size;
    for (int32_t i = 0; i < count; i++) {
        const uint64_t entry = entry_of(room->scores[i], room->batch[i]);
        if (*size == ef && entry > pool[ef - 1]) {
            continue;
        }
        const int64_t place = place_of(pool, *size, entry);
        *size += *size < ef;
        memmove(pool + place + 1, pool + place, (size_t)(*size - 1 - place) * sizeof *pool);
        pool[place] = entry;
        first = place < first ? place : first;
    }
    return first;
}

static inline int64_t next_unread(const uint64_t *pool, int64_t at, int64_t size) {
    while (at < size && pool[at] & READ) {
        at++;
    }
    return at;
}

static inline const int32_t *links_of(const struct graph_flat *g, uint64_t entry) {
    return g->links.links[0] + (int64_t)entry_id(entry) * g->links.width[0];
}

/* Fills the pool with the ef nearest that links lead to; returns how many there are. */
static inline int64_t spread(const struct graph_flat *g, struct graph_room *room, int64_t ef,
                             struct graph_counts *counts) {
    const int32_t width = g->links.width[0];
    uint64_t *pool = room->pool;
    int64_t size = 1, at = 0;
    while (at < size) {
        const int32_t *links = links_of(g, pool[at]);
        pool[at] |= READ;
        const int32_t length = length_of(links, width);
        const int32_t count = list_unseen(room, links, length);
        const int64_t following = next_unread(pool, at + 1, size);
        if (following < size) { /* the next to be read, unless one of these is nearer */
            prefetch(links_of(g, pool[following]), (size_t)width * sizeof *links);
        }
        evaluate(g, room, count);
        count_hop(counts, length);
        count_evaluations(g, counts, count);
        const int64_t changed = take(room, count, ef, &size);
        at = next_unread(pool, changed < following ? changed : following, size);
    }
    return size;
}

/* --- search ----------------------------------------------------------------------------------- */

/* Compiled twice, with counts and without. */
static inline __attribute__((always_inline)) int64_t find(const struct graph_flat *g,
                                                          const float *query, int64_t k, int64_t ef,
                                                          int32_t *ids, float *scores,
                                                          struct graph_counts *counts) {
    struct graph_room *room = graph_flat_enter(g, query, ef);
    if (room == NULL) {
        return -1;
    }
    float score;
    const int32_t start = descend(g, room, &score, counts);
    const uint64_t above = counts != NULL ? counts->evaluations : 0;
    room->pool[0] = entry_of(score, start);
    room->marks[start] = room->epoch;
    const int64_t size = spread(g, room, ef, counts);
    if (counts != NULL) {
        counts->lowest += counts->evaluations - above;
    }
    const int64_t found = size < k ? size : k;
    for (int64_t i = 0; i < found; i++) {
        ids[i] = entry_id(room->pool[i]);
        scores[i] = entry_score(room->pool[i]);
    }
    graph_flat_leave(g, room);
    return found;
}

static int64_t search(const void *index, const float *query, int64_t k, int32_t ef, int32_t *ids,
                      float *scores, struct graph_counts *counts) {
    const struct graph_flat *g = index;
    const int64_t wanted = ef > k ? ef : k;
    const int64_t most = wanted < g->links.n ? wanted : g->links.n;
    if (g->links.n == 0) {
        return 0;
    }
    return counts == NULL ? find(g, query, k, most, ids, scores, NULL)
                          : find(g, query, k, most, ids, scores, counts);
}

static const struct graph_impl impl = {.adopt = graph_flat_adopt,
                                       .search = search,
                                       .size = graph_flat_size,
                                       .close = graph_flat_close};

extern const struct kernel KERNEL_SYMBOL(graph_flat, GRAPH_FLAT_VARIANT);
const struct kernel KERNEL_SYMBOL(graph_flat, GRAPH_FLAT_VARIANT) = {
    .name = "graph/flat_" KERNEL_TEXT(GRAPH_FLAT_VARIANT),
    .operation = "graph",
    .backend = BACKEND_CPU,
    .dtype = "f32",
    .isa = GRAPH_FLAT_ISA,
    .impl = &impl,
    .source = "Malkov and Yashunin 2020, algorithms 2 and 5, on a graph built elsewhere",
    .bound = GRAPH_BOUND,
};
