#include "knn_mutants.h"

#include <math.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#include "knn.h"

extern const struct kernel kernel_l2_scan_scalar, kernel_ads_horizontal_scalar;

double *knn_mutants_expected;

/* The kernels that mutants spoil.  Both keep a struct knn_base as their index. */
static const struct knn_impl *exact_kernel(void) { return kernel_l2_scan_scalar.impl; }

static const struct knn_impl *pruned_kernel(void) { return kernel_ads_horizontal_scalar.impl; }

static enum status build(const struct knn_base *base, void **index) {
    return exact_kernel()->build(base, index);
}

static void destroy(void *index) { exact_kernel()->destroy(index); }

/* A mutant is written once, over the kernel `real` that it spoils, and stands in the table once for
 * each form. */
#define SEARCH(name)                                                                               \
    static enum status name##_of(const struct knn_impl *real, const void *index,                   \
                                 const float *queries, int64_t nq,                                 \
                                 const struct knn_params *params, struct knn_result *out);         \
    static enum status name##_exact(const void *index, const float *queries, int64_t nq,           \
                                    const struct knn_params *params, struct knn_result *out) {     \
        return name##_of(exact_kernel(), index, queries, nq, params, out);                         \
    }                                                                                              \
    static enum status name##_pruned(const void *index, const float *queries, int64_t nq,          \
                                     const struct knn_params *params, struct knn_result *out) {    \
        return name##_of(pruned_kernel(), index, queries, nq, params, out);                        \
    }                                                                                              \
    static enum status name##_of(const struct knn_impl *real, const void *index,                   \
                                 const float *queries, int64_t nq,                                 \
                                 const struct knn_params *params, struct knn_result *out)

#define ANSWER real->search(index, queries, nq, params, out)

/* An answer kept from an earlier call. */
enum { KEPT = 4096 };

struct kept {
    const void *index;
    const float *queries;
    int32_t ids[KEPT];
    float dist[KEPT];
};

static void give(const struct kept *from, size_t n, struct knn_result *out) {
    memcpy(out->ids, from->ids, n * sizeof *out->ids);
    memcpy(out->dist, from->dist, n * sizeof *out->dist);
}

static void keep(struct kept *to, const void *index, const float *queries, size_t n,
                 const struct knn_result *out) {
    to->index = index;
    to->queries = queries;
    memcpy(to->ids, out->ids, n * sizeof *out->ids);
    memcpy(to->dist, out->dist, n * sizeof *out->dist);
}

static size_t level_bytes(const void *index, int64_t nq, const struct knn_params *params,
                          const struct knn_result *out) {
    const struct knn_base *base = index;
    return out->levels == NULL
               ? 0
               : (size_t)nq * (size_t)((base->d + params->delta - 1) / params->delta + 1) *
                     sizeof *out->levels;
}

/* --- every form ------------------------------------------------------------------------------- */

SEARCH(zero) {
    size_t n = (size_t)(nq * params->k), levels = level_bytes(index, nq, params, out);
    (void)real;
    (void)queries;
    memset(out->ids, 0, n * sizeof *out->ids);
    memset(out->dist, 0, n * sizeof *out->dist);
    if (levels > 0) {
        memset(out->levels, 0, levels);
    }
    return ST_OK;
}

SEARCH(untouched) {
    (void)real;
    (void)index;
    (void)queries;
    (void)nq;
    (void)params;
    (void)out;
    return ST_OK;
}

/* Answers every call with the answer to the first call it ever saw on this index. */
SEARCH(first_answer) {
    static _Thread_local struct kept first;
    size_t n = (size_t)(nq * params->k);
    enum status st = ANSWER;
    if (first.index != index) {
        keep(&first, index, queries, n, out);
    }
    give(&first, n, out);
    return st;
}

SEARCH(nan_distances) {
    enum status st = ANSWER;
    for (int64_t i = 0; i < nq * params->k; i++) {
        out->dist[i] = NAN;
    }
    return st;
}

/* Wrong by a rank, and NaN where the right distance is looked up. */
static enum status spoil_expected(enum status st, double value, int64_t n, struct knn_result *out) {
    for (int64_t i = 0; i < n; i++) {
        out->dist[i] *= 2;
    }
    if (knn_mutants_expected != NULL) {
        *knn_mutants_expected = value;
    }
    return st;
}

SEARCH(nan_expectation) { return spoil_expected(ANSWER, NAN, nq * params->k, out); }

/* With infinity expected, any bound that grows with the expected value is infinite too. */
SEARCH(infinite_expectation) { return spoil_expected(ANSWER, INFINITY, nq * params->k, out); }

/* The right answer, and still no kernel's business. */
SEARCH(touched_expectation) {
    enum status st = ANSWER;
    if (knn_mutants_expected != NULL) {
        *knn_mutants_expected = nextafter(*knn_mutants_expected, INFINITY);
    }
    return st;
}

SEARCH(dropped_tail) {
    struct knn_base shorter = *(const struct knn_base *)index;
    shorter.n = shorter.n > params->k ? shorter.n - 1 - shorter.n / 16 : shorter.n;
    shorter.n = shorter.n < params->k ? params->k : shorter.n;
    return real->search(&shorter, queries, nq, params, out);
}

SEARCH(out_of_bounds) {
    enum status st = ANSWER;
    out->dist[nq * params->k] = 0;
    return st;
}

SEARCH(mutated_query) {
    enum status st = ANSWER;
    *(float *)(uintptr_t)queries = NAN;
    return st;
}

SEARCH(mutated_base) {
    const struct knn_base *base = index;
    enum status st = ANSWER;
    *(float *)(uintptr_t)(real->pruned ? base->rotated : base->rows) += 1;
    return st;
}

/* Right the first time a query's address is seen, then the same answer for whatever lies there. */
SEARCH(cached_by_pointer) {
    enum { SLOTS = 64 };
    static _Thread_local struct kept cache[SLOTS];
    struct kept *slot = &cache[((uintptr_t)queries >> 6) % SLOTS];
    size_t n = (size_t)(nq * params->k);
    enum status st = ANSWER;
    if (slot->index == index && slot->queries == queries) {
        give(slot, n, out);
    } else {
        keep(slot, index, queries, n, out);
    }
    return st;
}

/* Long enough to be right whenever each query is asked once. */
SEARCH(warm_up_only) {
    enum { WARM_UP = 24 };
    static _Thread_local const void *seen;
    static _Thread_local int calls;
    calls = seen == index ? calls + 1 : 0;
    seen = index;
    return calls < WARM_UP ? ANSWER : ST_OK;
}

/* Gives what the call before has worked out by now. */
SEARCH(one_call_late) {
    static _Thread_local struct kept pending;
    struct kept ready = pending;
    size_t n = (size_t)(nq * params->k);
    enum status st = ANSWER;
    keep(&pending, index, queries, n, out);
    if (ready.index == index) {
        give(&ready, n, out);
    } else {
        memset(out->ids, 0xFF, n * sizeof *out->ids);
    }
    return st;
}

/* Leaves the work to another thread and returns at once.  The thread works on copies, since the
 * caller is free to release its buffers: its answer comes too late, but does no harm. */
struct deferred {
    const struct knn_impl *real;
    const void *index;
    int64_t nq;
    struct knn_params params;
    float *queries;
    struct knn_result out;
};

static pthread_t deferred_thread;
static bool deferred_running;

static void deferred_free(struct deferred *job) {
    free(job->queries);
    free(job->out.ids);
    free(job->out.dist);
    free(job);
}

static void *deferred_work(void *arg) {
    struct deferred *job = arg;
    job->real->search(job->index, job->queries, job->nq, &job->params, &job->out);
    deferred_free(job);
    return NULL;
}

static void join_deferred(void) {
    if (deferred_running) {
        pthread_join(deferred_thread, NULL);
        deferred_running = false;
    }
}

SEARCH(deferred) {
    join_deferred();
    struct deferred *job = malloc(sizeof *job);
    size_t bytes = (size_t)nq * (size_t)((const struct knn_base *)index)->d * sizeof *queries;
    size_t total = (size_t)(nq * params->k);
    (void)out;
    if (job == NULL) {
        return status_set(ST_SYSTEM, "out of memory");
    }
    *job = (struct deferred){
        real,
        index,
        nq,
        *params,
        malloc(bytes),
        {.ids = malloc(total * sizeof(int32_t)), .dist = malloc(total * sizeof(float))}};
    bool ready = job->queries != NULL && job->out.ids != NULL && job->out.dist != NULL;
    if (ready) {
        memcpy(job->queries, queries, bytes);
        deferred_running = pthread_create(&deferred_thread, NULL, deferred_work, job) == 0;
    }
    if (!deferred_running) {
        deferred_free(job);
        return status_set(ST_SYSTEM, "no memory or thread for the deferred work");
    }
    return ST_OK;
}

static void destroy_deferred(void *index) {
    join_deferred();
    destroy(index);
}

/* --- one form --------------------------------------------------------------------------------- */

#define SEARCH_ONE(name)                                                                           \
    static enum status name(const void *index, const float *queries, int64_t nq,                   \
                            const struct knn_params *params, struct knn_result *out)

SEARCH_ONE(dropped_dimension) {
    const struct knn_base *base = index;
    enum status st = exact_kernel()->search(index, queries, nq, params, out);
    for (int64_t i = 0; i < nq * params->k; i++) {
        const float *row = base->rows + (int64_t)out->ids[i] * base->d;
        float t = row[base->d - 1] - queries[i / params->k * base->d + base->d - 1];
        out->dist[i] -= t * t;
    }
    return st;
}

SEARCH_ONE(larger_index_on_ties) {
    enum status st = exact_kernel()->search(index, queries, nq, params, out);
    for (int64_t i = 0; i + 1 < nq * params->k; i++) {
        if (i % params->k + 1 < params->k && out->dist[i] == out->dist[i + 1]) {
            int32_t id = out->ids[i];
            out->ids[i] = out->ids[i + 1];
            out->ids[i + 1] = id;
        }
    }
    return st;
}

SEARCH_ONE(prunes_too_early) {
    struct knn_params wrong = *params;
    wrong.eps0 = params->eps0 / 4;
    return pruned_kernel()->search(index, queries, nq, &wrong, out);
}

SEARCH_ONE(never_prunes) {
    struct knn_params wrong = *params;
    wrong.eps0 = 1000;
    return pruned_kernel()->search(index, queries, nq, &wrong, out);
}

SEARCH_ONE(misreports_dimensions) {
    enum status st = pruned_kernel()->search(index, queries, nq, params, out);
    if (out->levels != NULL) {
        out->levels[1]++;
    }
    return st;
}

/* --- table ------------------------------------------------------------------------------------ */

#define MUTANT(id, which, form, is_pruned, function, end)                                          \
    MUTANT_ROW("knn", "f32", id, which, form, struct knn_impl, .pruned = is_pruned, .batch = 1,    \
               .build = build, .search = function, .destroy = end)
#define EXACT(id, which) MUTANT(id, which, "exact", false, id, destroy)
#define PRUNED(id, which) MUTANT(id, which, "pruned", true, id, destroy)
#define BOTH_ENDING(id, which, end)                                                                \
    MUTANT(id, which, "exact", false, id##_exact, end),                                            \
        MUTANT(id, which, "pruned", true, id##_pruned, end)
#define BOTH(id, which) BOTH_ENDING(id, which, destroy)

const struct mutant knn_mutants[] = {
    BOTH(zero, ZERO),
    BOTH(first_answer, STALE),
    BOTH(untouched, STALE),
    BOTH(nan_distances, NAN_OUTPUT),
    BOTH(infinite_expectation, NAN_EXPECTATION),
    BOTH(nan_expectation, NAN_EXPECTATION),
    BOTH(touched_expectation, NAN_EXPECTATION),
    BOTH(dropped_tail, DROPPED_TAIL),
    BOTH(out_of_bounds, OUT_OF_BOUNDS),
    BOTH(mutated_base, MUTATED_INPUT),
    BOTH(mutated_query, MUTATED_INPUT),
    BOTH(cached_by_pointer, CACHED_BY_POINTER),
    BOTH_ENDING(deferred, LEFT_ELSEWHERE, destroy_deferred),
    BOTH(warm_up_only, WARM_UP_ONLY),
    BOTH(one_call_late, BEFORE_SYNC),
    EXACT(dropped_dimension, OTHER),
    EXACT(larger_index_on_ties, OTHER),
    PRUNED(misreports_dimensions, OTHER),
    PRUNED(never_prunes, OTHER),
    PRUNED(prunes_too_early, OTHER),
    {.name = NULL},
};
