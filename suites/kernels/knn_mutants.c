#include "knn_mutants.h"

#include <math.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#include "knn.h"

extern const struct kernel kernel_l2_scan_scalar, kernel_ads_horizontal_scalar;

static const struct knn_impl *scan(void) { return kernel_l2_scan_scalar.impl; }

static const struct knn_impl *pruned(void) { return kernel_ads_horizontal_scalar.impl; }

static enum status build(const struct knn_base *base, void **index) {
    return scan()->build(base, index);
}

static void destroy(void *index) { scan()->destroy(index); }

#define SEARCH(name)                                                                               \
    static enum status name(const void *index, const float *queries, int64_t nq,                   \
                            const struct knn_params *params, struct knn_result *out)

SEARCH(zero) {
    (void)index;
    (void)queries;
    memset(out->ids, 0, (size_t)(nq * params->k) * sizeof *out->ids);
    memset(out->dist, 0, (size_t)(nq * params->k) * sizeof *out->dist);
    return ST_OK;
}

SEARCH(untouched) {
    (void)index;
    (void)queries;
    (void)nq;
    (void)params;
    (void)out;
    return ST_OK;
}

/* Answers every query with the answer to the first query it ever saw on this index. */
SEARCH(stale) {
    static _Thread_local const void *seen;
    static _Thread_local int32_t ids[4096];
    static _Thread_local float dist[4096];
    size_t k = (size_t)params->k;
    if (seen != index) {
        seen = index;
        struct knn_result first = {.ids = ids, .dist = dist};
        scan()->search(index, queries, 1, params, &first);
    }
    for (int64_t q = 0; q < nq; q++) {
        memcpy(out->ids + q * params->k, ids, k * sizeof *ids);
        memcpy(out->dist + q * params->k, dist, k * sizeof *dist);
    }
    return ST_OK;
}

/* Right the first time a query buffer is seen, then the same answer for whatever lies in it. */
SEARCH(cached_by_pointer) {
    static struct {
        const void *index;
        const float *queries;
        int32_t id;
        float dist;
    } cache[256];
    enum status st = scan()->search(index, queries, nq, params, out);
    for (int64_t q = 0; q < nq; q++) {
        size_t slot = ((uintptr_t)(queries + q) >> 6) % 256;
        if (cache[slot].index == index && cache[slot].queries == queries + q) {
            out->ids[q * params->k] = cache[slot].id;
            out->dist[q * params->k] = cache[slot].dist;
        }
        cache[slot].index = index;
        cache[slot].queries = queries + q;
        cache[slot].id = out->ids[q * params->k];
        cache[slot].dist = out->dist[q * params->k];
    }
    return st;
}

SEARCH(nan_distances) {
    enum status st = scan()->search(index, queries, nq, params, out);
    for (int64_t i = 0; i < nq * params->k; i++) {
        out->dist[i] = NAN;
    }
    return st;
}

SEARCH(mutated_query) {
    enum status st = scan()->search(index, queries, nq, params, out);
    *(float *)(uintptr_t)queries = NAN;
    return st;
}

SEARCH(mutated_base) {
    const struct knn_base *base = index;
    enum status st = scan()->search(index, queries, nq, params, out);
    *(float *)(uintptr_t)base->rows += 1;
    return st;
}

SEARCH(dropped_tail) {
    struct knn_base shorter = *(const struct knn_base *)index;
    shorter.n = shorter.n > params->k ? shorter.n - 1 - shorter.n / 16 : shorter.n;
    shorter.n = shorter.n < params->k ? params->k : shorter.n;
    return scan()->search(&shorter, queries, nq, params, out);
}

SEARCH(dropped_dimension) {
    const struct knn_base *base = index;
    enum status st = scan()->search(index, queries, nq, params, out);
    for (int64_t i = 0; i < nq * params->k; i++) {
        const float *row = base->rows + (int64_t)out->ids[i] * base->d;
        float t = row[base->d - 1] - queries[i / params->k * base->d + base->d - 1];
        out->dist[i] -= t * t;
    }
    return st;
}

SEARCH(out_of_bounds) {
    enum status st = scan()->search(index, queries, nq, params, out);
    out->dist[nq * params->k] = 0;
    return st;
}

SEARCH(warm_up_only) {
    static _Thread_local const void *seen;
    static _Thread_local int calls;
    calls = seen == index ? calls + 1 : 0;
    seen = index;
    return calls < 2 ? scan()->search(index, queries, nq, params, out) : ST_OK;
}

SEARCH(larger_index_on_ties) {
    enum status st = scan()->search(index, queries, nq, params, out);
    for (int64_t i = 0; i + 1 < nq * params->k; i++) {
        if (i % params->k + 1 < params->k && out->dist[i] == out->dist[i + 1]) {
            int32_t id = out->ids[i];
            out->ids[i] = out->ids[i + 1];
            out->ids[i + 1] = id;
        }
    }
    return st;
}

/* Leaves the work to another thread and returns at once.  The thread works on copies, since the
 * caller is free to release its buffers: its answer comes too late, but does no harm. */
struct deferred {
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
    scan()->search(job->index, job->queries, job->nq, &job->params, &job->out);
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
    scan()->destroy(index);
}

SEARCH(prunes_too_early) {
    struct knn_params wrong = *params;
    wrong.eps0 = params->eps0 / 4;
    return pruned()->search(index, queries, nq, &wrong, out);
}

SEARCH(never_prunes) {
    struct knn_params wrong = *params;
    wrong.eps0 = 1000;
    return pruned()->search(index, queries, nq, &wrong, out);
}

SEARCH(misreports_dimensions) {
    enum status st = pruned()->search(index, queries, nq, params, out);
    if (out->levels != NULL) {
        out->levels[1]++;
    }
    return st;
}

#define MUTANT(id, is_pruned, end)                                                                 \
    {                                                                                              \
#id, {                                                                                     \
            .name = "mutant/" #id, .operation = "knn", .dtype = "f32",                             \
            .impl = &(const struct knn_impl) {                                                     \
                .pruned = is_pruned, .batch = 1, .build = build, .search = id, .destroy = end      \
            }                                                                                      \
        }                                                                                          \
    }

const struct mutant knn_mutants[] = {
    MUTANT(cached_by_pointer, false, destroy),
    MUTANT(deferred, false, destroy_deferred),
    MUTANT(dropped_dimension, false, destroy),
    MUTANT(dropped_tail, false, destroy),
    MUTANT(larger_index_on_ties, false, destroy),
    MUTANT(misreports_dimensions, true, destroy),
    MUTANT(mutated_base, false, destroy),
    MUTANT(mutated_query, false, destroy),
    MUTANT(nan_distances, false, destroy),
    MUTANT(never_prunes, true, destroy),
    MUTANT(out_of_bounds, false, destroy),
    MUTANT(prunes_too_early, true, destroy),
    MUTANT(stale, false, destroy),
    MUTANT(untouched, false, destroy),
    MUTANT(warm_up_only, false, destroy),
    MUTANT(zero, false, destroy),
    {.name = NULL},
};
