#include "graph_mutants.h"

#include <math.h>
#include <string.h>

#include "graph.h"

extern const struct kernel kernel_graph_flat_scalar;

double *graph_mutants_expected;

/* The kernel that mutants spoil. */
static const struct graph_impl *base(void) { return kernel_graph_flat_scalar.impl; }

#define GRAPH(name)                                                                                \
    static int64_t name(const void *index, const float *query, int64_t k, int32_t ef,              \
                        int32_t *ids, float *scores, struct graph_counts *counts)

GRAPH(right) { return base()->search(index, query, k, ef, ids, scores, counts); }

/* An answer kept from an earlier call. */
enum { KEPT = 256 };

struct kept {
    const float *query;
    int64_t k, found;
    int32_t ids[KEPT];
    float scores[KEPT];
};

static void keep(struct kept *to, const float *query, int64_t k, int64_t found, const int32_t *ids,
                 const float *scores) {
    to->query = query;
    to->k = k;
    to->found = found < KEPT ? found : 0;
    memcpy(to->ids, ids, (size_t)to->found * sizeof *ids);
    memcpy(to->scores, scores, (size_t)to->found * sizeof *scores);
}

static int64_t give(const struct kept *from, int32_t *ids, float *scores) {
    memcpy(ids, from->ids, (size_t)from->found * sizeof *ids);
    memcpy(scores, from->scores, (size_t)from->found * sizeof *scores);
    return from->found;
}

GRAPH(zero) {
    const int64_t found = right(index, query, k, ef, ids, scores, counts);
    memset(ids, 0, (size_t)found * sizeof *ids);
    memset(scores, 0, (size_t)found * sizeof *scores);
    return found;
}

GRAPH(untouched) {
    (void)query;
    (void)ef;
    (void)ids;
    (void)scores;
    (void)counts;
    const int64_t n = base()->size(index);
    return k < n ? k : n;
}

/* Answers with the first answer of that length. */
GRAPH(first_answer) {
    static struct kept first;
    const int64_t found = right(index, query, k, ef, ids, scores, counts);
    if (first.k == k) {
        return give(&first, ids, scores);
    }
    keep(&first, query, k, found, ids, scores);
    return found;
}

GRAPH(nan_output) {
    const int64_t found = right(index, query, k, ef, ids, scores, counts);
    for (int64_t i = 0; i < found; i++) {
        scores[i] = NAN;
    }
    return found;
}

GRAPH(nan_expectation) {
    const int64_t found = right(index, query, k, ef, ids, scores, counts);
    for (int64_t i = 0; i < found; i++) {
        scores[i] *= 2;
    }
    if (graph_mutants_expected != NULL) {
        *graph_mutants_expected = NAN;
    }
    return found;
}

/* Leaves out the last that were found. */
GRAPH(dropped_tail) {
    const int64_t found = right(index, query, k, ef, ids, scores, counts);
    return found - (found + 7) / 8;
}

GRAPH(out_of_bounds) {
    const int64_t found = right(index, query, k, ef, ids, scores, counts);
    ids[k] = 0;
    return found;
}

GRAPH(mutated_query) {
    const int64_t found = right(index, query, k, ef, ids, scores, counts);
    *(float *)(uintptr_t)query += 1;
    return found;
}

GRAPH(cached_by_pointer) {
    static struct kept cache;
    const int64_t found = right(index, query, k, ef, ids, scores, counts);
    if (cache.query == query && cache.k == k) {
        return give(&cache, ids, scores);
    }
    keep(&cache, query, k, found, ids, scores);
    return found;
}

/* Its own half; the other half's thread is not waited for. */
GRAPH(half_the_answers) {
    int32_t all_ids[KEPT];
    float all_scores[KEPT];
    const int64_t found = right(index, query, k, ef, all_ids, all_scores, counts);
    memcpy(ids, all_ids, (size_t)(found / 2) * sizeof *ids);
    memcpy(scores, all_scores, (size_t)(found / 2) * sizeof *scores);
    return found;
}

GRAPH(warm_up_only) {
    enum { WARM_UP = 8 };
    static int calls;
    return calls++ % (2 * WARM_UP) < WARM_UP ? right(index, query, k, ef, ids, scores, counts)
                                             : untouched(index, query, k, ef, ids, scores, counts);
}

/* Gives what the call before has worked out by now. */
GRAPH(one_call_late) {
    static struct kept pending, ready;
    ready = pending;
    const int64_t found = right(index, query, k, ef, ids, scores, counts);
    keep(&pending, query, k, found, ids, scores);
    return ready.k == k ? give(&ready, ids, scores) : found;
}

/* --- wrong in a way of graph search alone ----------------------------------------------------- */

/* Only k candidates, whatever ef says. */
GRAPH(ef_ignored) {
    (void)ef;
    return right(index, query, k, 1, ids, scores, counts);
}

/* Keeps twice the candidates asked for: better answers, at a price that it does not tell. */
GRAPH(ef_doubled) { return right(index, query, k, 2 * ef, ids, scores, counts); }

/* The twin that counts searches with fewer candidates. */
GRAPH(counts_of_another_search) {
    return right(index, query, k, counts != NULL ? ef / 2 : ef, ids, scores, counts);
}

/* The descent to level 0 is not counted. */
GRAPH(descent_not_counted) {
    const struct graph_counts before = counts != NULL ? *counts : (struct graph_counts){0};
    const int64_t found = right(index, query, k, ef, ids, scores, counts);
    if (counts != NULL) {
        counts->evaluations = before.evaluations + (counts->lowest - before.lowest);
    }
    return found;
}

GRAPH(hops_not_counted) {
    const uint64_t before = counts != NULL ? counts->hops : 0;
    const int64_t found = right(index, query, k, ef, ids, scores, counts);
    if (counts != NULL) {
        counts->hops = before + 1;
    }
    return found;
}

/* One link too few. */
GRAPH(a_link_not_counted) {
    const int64_t found = right(index, query, k, ef, ids, scores, counts);
    if (counts != NULL) {
        counts->bytes -= sizeof(int32_t);
    }
    return found;
}

/* Counts anew instead of adding. */
GRAPH(counts_overwritten) {
    if (counts != NULL) {
        *counts = (struct graph_counts){0};
    }
    return right(index, query, k, ef, ids, scores, counts);
}

GRAPH(farthest_first) {
    const int64_t found = right(index, query, k, ef, ids, scores, counts);
    for (int64_t i = 0; i < found / 2; i++) {
        const int32_t id = ids[i];
        const float score = scores[i];
        ids[i] = ids[found - 1 - i];
        scores[i] = scores[found - 1 - i];
        ids[found - 1 - i] = id;
        scores[found - 1 - i] = score;
    }
    return found;
}

GRAPH(larger_id_on_ties) {
    const int64_t found = right(index, query, k, ef, ids, scores, counts);
    for (int64_t i = 0; i + 1 < found; i++) {
        if (scores[i] == scores[i + 1]) {
            const int32_t id = ids[i];
            ids[i] = ids[i + 1];
            ids[i + 1] = id;
        }
    }
    return found;
}

/* The nearest twice, the last not at all. */
GRAPH(found_twice) {
    const int64_t found = right(index, query, k, ef, ids, scores, counts);
    for (int64_t i = found - 1; i > 0; i--) {
        ids[i] = ids[i - 1];
        scores[i] = scores[i - 1];
    }
    return found;
}

/* What hnswlib keeps, 1 - score. */
GRAPH(distances_for_scores) {
    const int64_t found = right(index, query, k, ef, ids, scores, counts);
    for (int64_t i = 0; i < found; i++) {
        scores[i] = 1 - scores[i];
    }
    return found;
}

/* --- table ------------------------------------------------------------------------------------ */

static enum status adopt(const struct graph_params *params, const struct graph_links *links,
                         const float *vectors, void **index) {
    return base()->adopt(params, links, vectors, index);
}
static int64_t size(const void *index) { return base()->size(index); }
static void close_index(void *index) { base()->close(index); }

#define MUTANT(id, which)                                                                          \
    MUTANT_ROW("graph", "f32", id, which, "", struct graph_impl, .adopt = adopt, .search = id,     \
               .size = size, .close = close_index)

const struct mutant graph_mutants[] = {
    MUTANT(zero, ZERO),
    MUTANT(first_answer, STALE),
    MUTANT(untouched, STALE),
    MUTANT(nan_output, NAN_OUTPUT),
    MUTANT(nan_expectation, NAN_EXPECTATION),
    MUTANT(dropped_tail, DROPPED_TAIL),
    MUTANT(out_of_bounds, OUT_OF_BOUNDS),
    MUTANT(mutated_query, MUTATED_INPUT),
    MUTANT(cached_by_pointer, CACHED_BY_POINTER),
    MUTANT(half_the_answers, LEFT_ELSEWHERE),
    MUTANT(warm_up_only, WARM_UP_ONLY),
    MUTANT(one_call_late, BEFORE_SYNC),
    MUTANT(a_link_not_counted, OTHER),
    MUTANT(counts_of_another_search, OTHER),
    MUTANT(counts_overwritten, OTHER),
    MUTANT(descent_not_counted, OTHER),
    MUTANT(distances_for_scores, OTHER),
    MUTANT(ef_doubled, OTHER),
    MUTANT(ef_ignored, OTHER),
    MUTANT(farthest_first, OTHER),
    MUTANT(found_twice, OTHER),
    MUTANT(hops_not_counted, OTHER),
    MUTANT(larger_id_on_ties, OTHER),
    {.name = NULL},
};
