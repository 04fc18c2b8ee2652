#include "graph_check.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "../../harness/base/memory.h"
#include "../../reference/hnsw.h"

/* --- oracle ----------------------------------------------------------------------------------- */

void graph_problem_free(struct graph_problem *p) {
    mem_free(p->ids);
    mem_free(p->scores);
    p->ids = NULL;
    p->scores = NULL;
}

static int larger_first(const void *a, const void *b) {
    const double x = *(const double *)a, y = *(const double *)b;
    return x > y ? -1 : x < y;
}

static double product(const struct graph_problem *p, int64_t id) {
    return ref_inner_product(p->query, p->vectors + id * p->d, p->d);
}

/* What an exhaustive search knows: ties, and how near the k nearest are. */
static enum status rank_all(struct graph_problem *p) {
    const int64_t n = p->links->n;
    double *all = mem_alloc_array((size_t)n, sizeof *all);
    if (all == NULL) {
        return ST_SYSTEM;
    }
    for (int64_t i = 0; i < n; i++) {
        all[i] = product(p, i);
    }
    qsort(all, (size_t)n, sizeof *all, larger_first);
    p->least = all[(p->k < n ? p->k : n) - 1];
    p->ties = false;
    for (int64_t i = 1; i < n; i++) {
        p->ties = p->ties || all[i] == all[i - 1];
    }
    mem_free(all);
    return ST_OK;
}

enum status graph_problem_solve(struct graph_problem *p) {
    const struct graph_links *l = p->links;
    const struct ref_hnsw g = {
        p->vectors, l->n, p->d, l->levels, l->entry, l->width, (const int32_t *const *)l->links};
    struct ref_hnsw_counts counts;
    p->ids = mem_alloc_array((size_t)p->k, sizeof *p->ids);
    p->scores = mem_alloc_array((size_t)p->k, sizeof *p->scores);
    enum status st = p->ids == NULL || p->scores == NULL ? ST_SYSTEM : rank_all(p);
    if (st == ST_OK) {
        p->found = ref_hnsw_search(&g, p->query, p->k, p->ef > p->k ? p->ef : p->k, p->ids,
                                   p->scores, &counts);
        st = p->found < 0 ? status_set(ST_SYSTEM, "oracle: out of memory") : ST_OK;
    }
    if (st != ST_OK) {
        graph_problem_free(p);
        return st;
    }
    p->counts = (struct graph_counts){counts.evaluations, counts.lowest, counts.hops,
                                      4 * (counts.evaluations * (uint64_t)p->d + counts.links)};
    return ST_OK;
}

/* --- judging ---------------------------------------------------------------------------------- */

struct answers {
    int64_t count;
    int32_t *ids;  /* (k) */
    float *scores; /* (k) */
};

static void judge_score(struct judge *j, const struct graph_problem *p, int32_t id, int64_t rank,
                        float got) {
    const float *row = p->vectors + (int64_t)id * p->d;
    double terms = 0;
    for (int32_t i = 0; i < p->d; i++) {
        terms += fabs((double)p->query[i] * (double)row[i]);
    }
    const double want = product(p, id), kept = 0x1p-23 * (1 + fabs(want));
    judge_near(j, "score", rank, (double)got, want,
               p->whole ? 0 : judge_gamma(p->d + 2) * terms + kept,
               p->whole ? 0 : judge_gamma_likely(p->d + 2) * terms + kept);
}

static bool is_there_before(const struct answers *a, int64_t rank) {
    for (int64_t i = 0; i < rank; i++) {
        if (a->ids[i] == a->ids[rank]) {
            return true;
        }
    }
    return false;
}

static void judge_rank(struct judge *j, const struct graph_problem *p, const struct answers *a,
                       int64_t r) {
    const int32_t id = a->ids[r];
    if (id < 0 || id >= p->links->n) {
        judge_fail(j, "id %d at rank %lld is out of range", id, (long long)r);
        return;
    }
    if (is_there_before(a, r)) {
        judge_fail(j, "id %d at rank %lld was there before", id, (long long)r);
    }
    if (r > 0 && !(a->scores[r - 1] > a->scores[r] ||
                   (a->scores[r - 1] == a->scores[r] && a->ids[r - 1] < id))) {
        judge_fail(j, "id %d at rank %lld belongs before the one there", id, (long long)r);
    }
    judge_score(j, p, id, r, a->scores[r]);
}

/* Same steps as the oracle: the same answers. */
static void judge_equal(struct judge *j, const struct graph_problem *p, const struct answers *a) {
    for (int64_t r = 0; r < p->found && j->verdict != VERDICT_FAIL; r++) {
        if (a->ids[r] != p->ids[r]) {
            judge_fail(j, "id %d at rank %lld, oracle %d (whole numbers: must be equal)", a->ids[r],
                       (long long)r, p->ids[r]);
        }
    }
}

static void judge_answers(struct judge *j, const struct graph_problem *p, const struct answers *a,
                          bool determined) {
    if (a->count != p->found) {
        judge_fail(j, "%lld found, oracle %lld", (long long)a->count, (long long)p->found);
    }
    for (int64_t r = 0; r < p->found && j->verdict != VERDICT_FAIL; r++) {
        judge_rank(j, p, a, r);
    }
    if (determined) {
        judge_equal(j, p, a);
    }
}

/* The twin that counts must find what the search finds, or its counts are those of another. */
static void judge_twin(struct judge *j, const struct graph_problem *p, const struct answers *a,
                       const struct answers *twin) {
    for (int64_t r = 0; r < p->found && j->verdict != VERDICT_FAIL; r++) {
        if (a->ids[r] != twin->ids[r] || a->scores[r] != twin->scores[r]) {
            judge_fail(j, "counting, id %d at rank %lld instead of %d", twin->ids[r], (long long)r,
                       a->ids[r]);
        }
    }
}

static void judge_count(struct judge *j, const char *what, uint64_t got, uint64_t want) {
    if (got != want) {
        judge_fail(j, "%s: %llu counted, oracle %llu", what, (unsigned long long)got,
                   (unsigned long long)want);
    }
}

enum { BEFORE = 1000 }; /* what the counters hold, which a search adds to */

static void judge_counts(struct judge *j, const struct graph_problem *p,
                         const struct graph_counts *c, bool determined) {
    if (determined) {
        judge_count(j, "evaluations", c->evaluations, p->counts.evaluations + BEFORE);
        judge_count(j, "evaluations on level 0", c->lowest, p->counts.lowest + BEFORE);
        judge_count(j, "hops", c->hops, p->counts.hops + BEFORE);
        judge_count(j, "bytes", c->bytes, p->counts.bytes + BEFORE);
    }
    if (c->hops <= BEFORE || c->lowest > c->evaluations ||
        c->bytes < 4 * (uint64_t)p->d * (c->evaluations - BEFORE)) {
        judge_fail(j, "counts contradict each other");
    }
}

static int64_t count_near(const struct graph_problem *p, const struct answers *a) {
    int64_t near = 0;
    for (int64_t r = 0; r < p->found; r++) {
        near += product(p, a->ids[r]) >= p->least;
    }
    return near;
}

static void watch(struct judge *j, const struct graph_problem *p) {
    const size_t d = (size_t)p->d, n = (size_t)p->links->n;
    judge_watch(j, "vectors", p->vectors, n * d * sizeof *p->vectors);
    judge_watch(j, "query", p->query, d * sizeof *p->query);
    judge_watch(j, "expected ids", p->ids, (size_t)p->k * sizeof *p->ids);
    judge_watch(j, "expected scores", p->scores, (size_t)p->k * sizeof *p->scores);
}

enum status graph_check(const struct graph_impl *impl, const void *index,
                        const struct graph_problem *p, struct judge *j, int64_t *near) {
    const size_t k = (size_t)p->k;
    watch(j, p);
    struct answers plain = {0, judge_output(j, "ids", k * sizeof(int32_t)),
                            judge_output(j, "scores", k * sizeof(float))};
    struct answers twin = {0, judge_output(j, "ids, counting", k * sizeof(int32_t)),
                           judge_output(j, "scores, counting", k * sizeof(float))};
    if (plain.ids == NULL || plain.scores == NULL || twin.ids == NULL || twin.scores == NULL) {
        return ST_SYSTEM;
    }
    struct graph_counts counts = {BEFORE, BEFORE, BEFORE, BEFORE};
    judge_poison(j);
    plain.count = impl->search(index, p->query, p->k, p->ef, plain.ids, plain.scores, NULL);
    judge_called(j);
    twin.count = impl->search(index, p->query, p->k, p->ef, twin.ids, twin.scores, &counts);
    judge_called(j);
    if (plain.count < 0 || twin.count < 0) {
        return ST_SYSTEM;
    }
    /* A library may order equal scores as it likes on its way. */
    const bool orders = !p->ties || impl->adopt != NULL;
    const bool determined = p->whole && orders && !impl->own_rule;
    judge_answers(j, p, &plain, determined);
    judge_answers(j, p, &twin, determined);
    if (orders) {
        judge_twin(j, p, &plain, &twin);
    }
    judge_counts(j, p, &counts, determined);
    *near = j->verdict != VERDICT_FAIL ? count_near(p, &plain) : 0;
    return ST_OK;
}
