#include "knn_check.h"

#include <math.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

#include "../../harness/base/memory.h"
#include "../../harness/base/workers.h"
#include "../../reference/adsampling.h"
#include "../../reference/knn.h"
#include "ads_schedule.h"
#include "knn_driver.h"

enum { ORACLE_QUERIES = 8, AGAIN = 8 };

/* --- exact oracle --------------------------------------------------------------------------- */

struct solve_job {
    struct knn_problem *p;
    atomic_int failed;
};

static void solve_some(void *arg, int64_t item) {
    struct solve_job *job = arg;
    struct knn_problem *p = job->p;
    int64_t first = item * ORACLE_QUERIES;
    int64_t m = p->nq - first < ORACLE_QUERIES ? p->nq - first : ORACLE_QUERIES;
    if (ref_knn(p->base.rows, p->base.n, p->base.d, p->queries + first * p->base.d, m, p->k,
                p->exact_ids + first * p->k, p->exact_dist + first * p->k) != 0) {
        atomic_store(&job->failed, 1);
    }
}

static enum status rotate_queries(struct knn_problem *p) {
    size_t d = (size_t)p->base.d;
    p->rotated_queries = mem_alloc_array((size_t)p->nq, d * sizeof(float));
    if (p->rotated_queries == NULL) {
        return ST_SYSTEM;
    }
    if (p->base.rotation == NULL) {
        memcpy(p->rotated_queries, p->queries, (size_t)p->nq * d * sizeof(float));
        return ST_OK;
    }
    /* one by one, as kernels do it, so that the bits are the same */
    for (int64_t q = 0; q < p->nq; q++) {
        rotation_apply(p->base.rotation, p->queries + q * p->base.d,
                       p->rotated_queries + q * p->base.d);
    }
    return ST_OK;
}

enum status knn_problem_solve(struct knn_problem *p, int threads) {
    size_t total = (size_t)p->nq * (size_t)p->k;
    p->exact_ids = mem_alloc_array(total, sizeof *p->exact_ids);
    p->exact_dist = mem_alloc_array(total, sizeof *p->exact_dist);
    enum status st = p->exact_ids == NULL || p->exact_dist == NULL ? ST_SYSTEM : ST_OK;
    if (st == ST_OK && p->base.rotated != NULL) {
        st = rotate_queries(p);
    }
    if (st != ST_OK) {
        knn_problem_free(p);
        return st;
    }
    struct solve_job job = {.p = p};
    workers_run(threads, (p->nq + ORACLE_QUERIES - 1) / ORACLE_QUERIES, solve_some, &job);
    if (atomic_load(&job.failed)) {
        knn_problem_free(p);
        return status_set(ST_SYSTEM, "oracle: out of memory");
    }
    return ST_OK;
}

void knn_problem_free(struct knn_problem *p) {
    mem_free(p->rotated_queries);
    mem_free(p->exact_ids);
    mem_free(p->exact_dist);
    p->rotated_queries = NULL;
    p->exact_ids = NULL;
    p->exact_dist = NULL;
}

/* --- pruned oracle -------------------------------------------------------------------------- */

struct prune_job {
    const struct knn_problem *p;
    struct ref_ads_params params;
    bool vertical;
    struct knn_pruned_oracle *out;
    atomic_int failed;
};

static void prune_one(void *arg, int64_t q) {
    struct prune_job *job = arg;
    const struct knn_base *b = &job->p->base;
    struct knn_pruned_oracle *o = job->out;
    struct ref_ads_answer answer = {.ids = o->ids + q * job->params.k,
                                    .dist = o->dist + q * job->params.k,
                                    .levels = o->levels + q * o->level_count};
    const float *query = job->p->rotated_queries + q * b->d;
    if (!job->vertical) {
        ref_ads_horizontal(b->rotated, b->n, b->d, query, &job->params, &answer);
    } else if (ref_ads_vertical(b->rotated, b->n, b->d, query, &job->params, &answer) != 0) {
        atomic_store(&job->failed, 1);
    }
    o->ambiguous[q] = answer.ambiguous;
    o->undetermined[q] = answer.undetermined;
}

void knn_pruned_oracle_free(struct knn_pruned_oracle *o) {
    mem_free(o->ids);
    mem_free(o->dist);
    mem_free(o->levels);
    mem_free(o->ambiguous);
    mem_free(o->undetermined);
    *o = (struct knn_pruned_oracle){0};
}

enum status knn_pruned_oracle_new(const struct knn_problem *p, const struct knn_params *params,
                                  bool vertical, int64_t nq, int threads,
                                  struct knn_pruned_oracle *out) {
    size_t m = (size_t)nq, k = (size_t)params->k;
    int32_t levels = (p->base.d + params->delta - 1) / params->delta + 1;
    *out = (struct knn_pruned_oracle){
        .nq = nq,
        .level_count = levels,
        .ids = mem_alloc_array(m * k, sizeof(int32_t)),
        .dist = mem_alloc_array(m * k, sizeof(double)),
        .levels = mem_alloc_array(m * (size_t)levels, sizeof(uint64_t)),
        .ambiguous = mem_alloc_array(m, sizeof(uint64_t)),
        .undetermined = mem_alloc_array(m, sizeof(int)),
    };
    if (out->ids == NULL || out->dist == NULL || out->levels == NULL || out->ambiguous == NULL ||
        out->undetermined == NULL) {
        knn_pruned_oracle_free(out);
        return ST_SYSTEM;
    }
    struct prune_job job = {.p = p, .vertical = vertical, .out = out};
    job.params = (struct ref_ads_params){
        .k = params->k,
        .eps0 = (double)params->eps0,
        .delta = params->delta,
        .block = ADS_BLOCK,
        .vertical_dims = ADS_VERTICAL_DIMS,
        .survivor_share = 1.0 / ADS_SURVIVORS,
        .unit = 0x1p-24,
    };
    workers_run(threads, nq, prune_one, &job);
    if (atomic_load(&job.failed)) {
        knn_pruned_oracle_free(out);
        return status_set(ST_SYSTEM, "oracle: out of memory");
    }
    return ST_OK;
}

/* --- judging -------------------------------------------------------------------------------- */

/* Distance bounds: (a-b)^2 summed over d terms is a sum of non-negative terms, each with two
 * roundings. */
static double hard_bound(int32_t d, double dist) { return judge_gamma((double)d + 2) * dist; }

static double likely_bound(int32_t d, double dist) {
    return judge_gamma_likely((double)d + 2) * dist;
}

/* One list on its own: ids in range and distinct, ascending, each distance that of its id. */
static void judge_list(struct judge *j, const float *rows, int64_t n, int32_t d, const float *query,
                       int64_t q, int32_t k, const int32_t *ids, const float *dist) {
    for (int32_t r = 0; r < k; r++) {
        if (ids[r] < 0 || ids[r] >= n) {
            judge_fail(j, "query %lld: id %d at rank %d is out of range", (long long)q, ids[r], r);
            return;
        }
        for (int32_t s = 0; s < r; s++) {
            if (ids[s] == ids[r]) {
                judge_fail(j, "query %lld: id %d appears twice", (long long)q, ids[r]);
                return;
            }
        }
        if (r > 0 && !(dist[r - 1] <= dist[r])) {
            judge_fail(j, "query %lld: distances not ascending at rank %d", (long long)q, r);
            return;
        }
        double want = ref_l2sq(rows + (int64_t)ids[r] * d, query, d);
        judge_near(j, "distance", q * k + r, (double)dist[r], want, hard_bound(d, want),
                   likely_bound(d, want));
    }
}

/* A list against the oracle's: equal rank by rank up to rounding; ids too where arithmetic is
 * exact. */
static void judge_against(struct judge *j, const struct knn_problem *p, bool free_ties, int64_t q,
                          const int32_t *ids, const float *dist, const int32_t *want_ids,
                          const double *want_dist) {
    for (int32_t r = 0; r < p->k; r++) {
        double want = want_dist[r];
        double hard = p->whole_numbers ? 0 : hard_bound(p->base.d, want);
        double likely = p->whole_numbers ? 0 : likely_bound(p->base.d, want);
        judge_near(j, "k-th distance", q * p->k + r, (double)dist[r], want, hard, likely);
        if (p->whole_numbers && !free_ties && ids[r] != want_ids[r]) {
            judge_fail(j, "query %lld rank %d: id %d, oracle %d (whole numbers: must be equal)",
                       (long long)q, r, ids[r], want_ids[r]);
        }
    }
}

/* Candidates per level against the oracle's; every ambiguous decision may move one of them. */
static void judge_levels(struct judge *j, const struct knn_problem *p, int64_t q,
                         const uint32_t *got, const struct knn_pruned_oracle *o) {
    const uint64_t *want = o->levels + q * o->level_count;
    uint64_t moved = 0, total = 0;
    for (int32_t g = 0; g < o->level_count; g++) {
        moved += got[g] > want[g] ? got[g] - want[g] : want[g] - got[g];
        total += got[g];
    }
    uint64_t allowed = p->whole_numbers ? 0 : 2 * o->ambiguous[q];
    if (total != (uint64_t)p->base.n || moved > allowed) {
        judge_fail(j,
                   "query %lld: dimensions read differ from the oracle's: %llu moved, %llu allowed",
                   (long long)q, (unsigned long long)moved, (unsigned long long)allowed);
    }
}

static void judge_pruned(struct judge *j, const struct knn_problem *p,
                         const struct knn_pruned_oracle *o, const struct knn_answers *a) {
    int64_t undetermined = 0;
    for (int64_t q = 0; q < o->nq; q++) {
        if (o->undetermined[q]) {
            undetermined++;
            continue;
        }
        judge_against(j, p, false, q, a->ids + q * p->k, a->dist + q * p->k, o->ids + q * p->k,
                      o->dist + q * p->k);
        judge_levels(j, p, q, a->levels + q * a->level_count, o);
    }
    if (undetermined * 10 > o->nq) {
        judge_marginal(j, "%lld of %lld judged queries hang on rounding", (long long)undetermined,
                       (long long)o->nq);
    }
}

/* The same queries in another buffer, reused for different ones, must bring the same lists again.
 */
static enum status ask_again(const struct kernel *kernel, const void *index,
                             const struct knn_problem *p, int64_t nq,
                             const struct knn_params *params, int threads, struct judge *j,
                             const struct knn_answers *first) {
    const struct knn_impl *impl = kernel->impl;
    int64_t m = nq < AGAIN ? nq : AGAIN;
    size_t bytes = (size_t)m * (size_t)p->base.d * sizeof(float);
    struct judge again;
    judge_begin(&again);
    float *queries = mem_alloc(bytes);
    int32_t *ids = judge_output(&again, "ids", (size_t)(m * p->k) * sizeof *ids);
    float *dist = judge_output(&again, "distances", (size_t)(m * p->k) * sizeof *dist);
    enum status st = queries == NULL || ids == NULL || dist == NULL ? ST_SYSTEM : ST_OK;
    judge_watch(&again, "queries", queries, bytes);
    for (int64_t from = nq - m, turn = 0; turn < 2 && st == ST_OK; turn++, from = 0) {
        memcpy(queries, p->queries + from * p->base.d, bytes);
        judge_rewatch(&again, queries);
        judge_poison(&again);
        struct knn_result out = {.ids = ids, .dist = dist};
        st = knn_search(kernel, index, p->base.d, queries, m, params, threads, 0, 0, &out, NULL);
        judge_called(&again);
        for (int64_t i = 0; i < m * p->k && st == ST_OK; i++) {
            double want = (double)first->dist[from * p->k + i];
            judge_near(&again, "distance asked again", i, (double)dist[i], want,
                       2 * hard_bound(p->base.d, want), 2 * likely_bound(p->base.d, want));
            if (!impl->free_ties && p->whole_numbers && ids[i] != first->ids[from * p->k + i]) {
                judge_fail(&again, "another id when asked again");
            }
        }
    }
    if (again.verdict == VERDICT_FAIL) {
        judge_fail(j, "%s", again.reason);
    } else if (again.verdict == VERDICT_MARGINAL) {
        judge_marginal(j, "%s", again.reason);
    }
    judge_end(&again);
    mem_free(queries);
    return st;
}

static void watch_oracle(const struct knn_pruned_oracle *o, int32_t k, struct judge *j) {
    size_t list = (size_t)(o->nq * k), nq = (size_t)o->nq;
    judge_watch(j, "pruned ids", o->ids, list * sizeof *o->ids);
    judge_watch(j, "pruned distances", o->dist, list * sizeof *o->dist);
    judge_watch(j, "pruned levels", o->levels, nq * (size_t)o->level_count * sizeof *o->levels);
    judge_watch(j, "ambiguous decisions", o->ambiguous, nq * sizeof *o->ambiguous);
    judge_watch(j, "undetermined queries", o->undetermined, nq * sizeof *o->undetermined);
}

static void watch_inputs(const struct knn_problem *p, int64_t nq, struct judge *j) {
    size_t row = (size_t)p->base.d * sizeof(float);
    judge_watch(j, "base", p->base.rows, (size_t)p->base.n * row);
    if (p->base.rotated != p->base.rows) {
        judge_watch(j, "rotated base", p->base.rotated, (size_t)p->base.n * row);
    }
    judge_watch(j, "queries", p->queries, (size_t)nq * row);
    judge_watch(j, "rotated queries", p->rotated_queries, (size_t)nq * row);
    judge_watch(j, "exact ids", p->exact_ids, (size_t)(nq * p->k) * sizeof(int32_t));
    judge_watch(j, "exact distances", p->exact_dist, (size_t)(nq * p->k) * sizeof(double));
}

enum status knn_check(const struct kernel *kernel, const void *index, const struct knn_problem *p,
                      int64_t nq, const struct knn_params *params, int threads,
                      const struct knn_pruned_oracle *pruned, struct judge *j,
                      struct knn_answers *out) {
    const struct knn_impl *impl = kernel->impl;
    size_t total = (size_t)(nq * params->k);
    int32_t level_count = impl->pruned ? (p->base.d + params->delta - 1) / params->delta + 1 : 0;
    judge_begin(j);
    watch_inputs(p, nq, j);
    if (pruned != NULL) {
        watch_oracle(pruned, params->k, j);
    }
    struct knn_result result = {.ids = judge_output(j, "ids", total * sizeof(int32_t)),
                                .dist = judge_output(j, "distances", total * sizeof(float))};
    if (impl->pruned) {
        result.levels = judge_output(j, "levels", (size_t)(nq * level_count) * sizeof(uint32_t));
    }
    if (result.ids == NULL || result.dist == NULL || (impl->pruned && result.levels == NULL)) {
        return ST_SYSTEM;
    }
    judge_poison(j);
    enum status st = knn_search(kernel, index, p->base.d, p->queries, nq, params, threads, 0,
                                level_count, &result, NULL);
    judge_called(j);
    *out = (struct knn_answers){result.ids, result.dist, result.levels, level_count};
    if (st != ST_OK) {
        return st;
    }
    const float *rows = impl->pruned ? p->base.rotated : p->base.rows;
    const float *queries = impl->pruned ? p->rotated_queries : p->queries;
    for (int64_t q = 0; q < nq && j->verdict != VERDICT_FAIL; q++) {
        int64_t list = q * p->k;
        judge_list(j, rows, p->base.n, p->base.d, queries + q * p->base.d, q, p->k, out->ids + list,
                   out->dist + list);
        if (!impl->pruned) {
            judge_against(j, p, impl->free_ties, q, out->ids + list, out->dist + list,
                          p->exact_ids + list, p->exact_dist + list);
        }
    }
    if (impl->pruned && pruned != NULL && j->verdict != VERDICT_FAIL) {
        judge_pruned(j, p, pruned, out);
    }
    st = ask_again(kernel, index, p, nq, params, threads, j, out);
    judge_called(j);
    return st;
}
