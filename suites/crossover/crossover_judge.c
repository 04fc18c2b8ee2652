/* What a step chose and made of it, against float64 oracles. */
#include <math.h>

#include "../../harness/base/memory.h"
#include "../../reference/hnsw.h"
#include "../../reference/pages.h"
#include "../kernels/attend_check.h"
#include "../kernels/graph_check.h"
#include "../kernels/scores_check.h"
#include "crossover.h"

/* The oracle's attention over all keys in float64 copies takes 16 d bytes a key: beyond this N the
 * arm is judged by its cosine with the oracle's output, as every arm is. */
enum { ATTENDED_MOST = 300000 };

/* A flat search is recounted on graphs of up to so many nodes. */
enum { RECOUNTED_MOST = 4096 };

/* The worse of two verdicts, with its reason: an operation's own check takes a judge for itself. */
static void take_verdict(struct judge *into, const struct judge *from) {
    if (from->verdict == VERDICT_FAIL) {
        judge_fail(into, "%s", from->reason);
    } else if (from->verdict == VERDICT_MARGINAL) {
        judge_marginal(into, "%s", from->reason);
    }
}

struct judged {
    const struct crossover_group *s;
    const struct crossover_arm *a;
    int64_t query;
    int32_t head;
    struct judge *j;
};

/* --- the largest ------------------------------------------------------------------------------ */

/* Scores in float64, and how far float32 may be from them. */
struct scored {
    double *score, *doubt; /* (n) */
    char *in;              /* (n) whether it was chosen */
    int64_t n;
};

static enum status scored_new(int64_t n, struct scored *out) {
    *out = (struct scored){mem_alloc_array((size_t)n, sizeof(double)),
                           mem_alloc_array((size_t)n, sizeof(double)),
                           mem_alloc_array((size_t)n, 1), n};
    return out->score == NULL || out->doubt == NULL || out->in == NULL ? ST_SYSTEM : ST_OK;
}

static void scored_free(struct scored *s) {
    mem_free(s->score);
    mem_free(s->doubt);
    mem_free(s->in);
}

/* None that was left out may be larger than one chosen by more than rounding explains. */
static void judge_largest(struct judge *j, const char *what, const struct scored *s) {
    double least = INFINITY, most = -INFINITY;
    for (int64_t i = 0; i < s->n; i++) {
        if (s->in[i]) {
            least = fmin(least, s->score[i] + s->doubt[i]);
        } else {
            most = fmax(most, s->score[i] - s->doubt[i]);
        }
    }
    if (!(most <= least)) {
        judge_fail(j, "a %s of score %g was left out, one of %g chosen", what, most, least);
    }
}

/* The arm's scores, and the oracle's of the keys as the arm's format has them: a choice may differ
 * by as many roundings as scores_check allows, and one more, which covers the oracle's own. */
static enum status judge_scores(const struct judged *x, struct scored *s) {
    struct scores_problem p = {.call = crossover_scores_call(x->s, x->a, x->query, x->head),
                               .format = x->a->scores->format};
    enum status st = scores_problem_solve(&p);
    if (st != ST_OK) {
        return st;
    }
    struct judge j;
    judge_begin(&j);
    st = scores_check(x->a->scores, &p, &j);
    take_verdict(x->j, &j);
    judge_end(&j);
    for (int64_t i = 0; i < s->n; i++) {
        s->score[i] = p.scores[i];
        s->doubt[i] = judge_gamma(p.call.d + 4) * p.terms[i];
    }
    scores_problem_free(&p);
    return st;
}

static enum status judge_topk(const struct judged *x) {
    const int32_t *chosen = crossover_chosen_of(x->s, x->head);
    const int64_t count = x->s->space.count[x->head];
    struct scored s;
    enum status st = scored_new(x->s->data.plan.n, &s);
    st = st == ST_OK ? judge_scores(x, &s) : st;
    if (st == ST_OK) {
        for (int64_t i = 0; i < count; i++) {
            s.in[chosen[i]] = 1;
        }
        if (count != x->a->k) {
            judge_fail(x->j, "%lld keys chosen, not %lld", (long long)count, (long long)x->a->k);
        }
        judge_largest(x->j, "key", &s);
    }
    scored_free(&s);
    return st;
}

/* Quest, algorithm 1, over the pages before the last. */
static void score_pages(const struct judged *x, struct scored *s, double *bounds, float *rounded) {
    const int32_t d = x->s->data.plan.d, page = x->s->page;
    const float *q = crossover_query_of(&x->s->data, x->head, x->query);
    const float *keys = crossover_keys_of(&x->s->data, x->head);
    for (int64_t i = 0; i < s->n; i++) {
        double terms;
        ref_page_bounds(keys + i * page * d, page, d, bounds, bounds + d);
        for (int32_t c = 0; c < 2 * d; c++) {
            rounded[c] = (float)bounds[c]; /* a key's own value */
        }
        s->score[i] = ref_page_score(q, rounded, rounded + d, d, &terms);
        s->doubt[i] = judge_gamma(d + 2) * terms;
    }
}

/* Whole pages, the last among them, as many as the budget pays for. */
static void judge_pages(const struct judged *x, struct scored *s) {
    const int64_t page = x->s->page, n = x->s->data.plan.n, last = x->s->pages - 1;
    const int64_t count = x->s->space.count[x->head], budget = x->a->k / page;
    const int32_t *chosen = crossover_chosen_of(x->s, x->head);
    int64_t pages = 0;
    for (int64_t i = 0; i < count; pages++) {
        const int64_t at = chosen[i] / page, to = (at + 1) * page < n ? (at + 1) * page : n;
        for (int64_t row = at * page; row < to; row++, i++) {
            if (i >= count || chosen[i] != row) {
                judge_fail(x->j, "page %lld is not chosen as a whole", (long long)at);
                return;
            }
        }
        if (at < last) {
            s->in[at] = 1;
        }
    }
    if (pages != budget || count == 0 || chosen[count - 1] != n - 1) {
        judge_fail(x->j, "%lld pages, not %lld with the last", (long long)pages, (long long)budget);
    }
}

static enum status judge_quest(const struct judged *x) {
    struct scored s;
    const size_t d = (size_t)x->s->data.plan.d;
    double *bounds = mem_alloc_array(2 * d, sizeof *bounds);
    float *rounded = mem_alloc_array(2 * d, sizeof *rounded);
    enum status st = scored_new(x->s->pages - 1, &s);
    st = bounds == NULL || rounded == NULL ? ST_SYSTEM : st;
    if (st == ST_OK) {
        score_pages(x, &s, bounds, rounded);
        judge_pages(x, &s);
        judge_largest(x->j, "page", &s);
    }
    mem_free(bounds);
    mem_free(rounded);
    scored_free(&s);
    return st;
}

/* --- a graph's search ------------------------------------------------------------------------- */

/* The flat search follows the paper's rule, as the oracle does, so that it must count the same. */
static void judge_recount(const struct judged *x, const struct graph_problem *p,
                          const struct graph_impl *impl, const void *index) {
    struct graph_counts got = {0};
    int32_t *ids = mem_alloc_array((size_t)p->k, sizeof *ids);
    float *scores = mem_alloc_array((size_t)p->k, sizeof *scores);
    if (ids != NULL && scores != NULL) {
        impl->search(index, p->query, p->k, p->ef, ids, scores, &got);
        if (got.evaluations != p->counts.evaluations || got.hops != p->counts.hops ||
            got.bytes != p->counts.bytes) {
            judge_fail(x->j, "%llu evaluations and %llu hops counted, oracle %llu and %llu",
                       (unsigned long long)got.evaluations, (unsigned long long)got.hops,
                       (unsigned long long)p->counts.evaluations,
                       (unsigned long long)p->counts.hops);
        }
    }
    mem_free(ids);
    mem_free(scores);
}

static enum status judge_search(const struct judged *x) {
    const struct crossover_data *d = &x->s->data;
    const struct graph_impl *impl = x->a->kernel->impl;
    const void *index = x->a->graph->index[x->head];
    struct graph_links links = {0};
    enum status st = crossover_links_of(x->a->graph, x->head, &links);
    struct graph_problem p = {.vectors = d->search_k + x->head * d->plan.n * d->d_search,
                              .links = &links,
                              .query = crossover_search_query_of(d, x->head, x->query),
                              .d = d->d_search,
                              .ef = x->a->ef,
                              .k = x->a->ef};
    int64_t near;
    st = st == ST_OK ? graph_problem_solve(&p) : st;
    if (st == ST_OK) {
        struct judge j;
        judge_begin(&j);
        st = graph_check(impl, index, &p, &j, &near);
        take_verdict(x->j, &j);
        judge_end(&j);
        if (st == ST_OK && impl->adopt != NULL) {
            judge_recount(x, &p, impl, index);
        }
        graph_problem_free(&p);
    }
    graph_links_free(&links);
    return st;
}

/* --- a step ----------------------------------------------------------------------------------- */

static enum status judge_attention(const struct judged *x) {
    struct attend_problem problem = {.call = crossover_attend_call(x->s, x->a, x->query, x->head)};
    if (problem.call.count > ATTENDED_MOST) {
        return ST_OK;
    }
    enum status st = attend_problem_solve(&problem);
    if (st == ST_OK) {
        struct judge j;
        judge_begin(&j);
        st = attend_check(attend_best(), &problem, &j);
        take_verdict(x->j, &j);
        judge_end(&j);
        attend_problem_free(&problem);
    }
    return st;
}

static enum status judge_choice(const struct judged *x) {
    switch (x->a->method) {
    case CROSSOVER_TOPK:
        return judge_topk(x);
    case CROSSOVER_QUEST:
        return judge_quest(x);
    case CROSSOVER_HNSW:
        return x->s->data.plan.n <= RECOUNTED_MOST && x->head < x->s->data.graphs ? judge_search(x)
                                                                                  : ST_OK;
    default:
        return ST_OK;
    }
}

enum status crossover_judge_step(const struct crossover_group *s, const struct crossover_arm *a,
                                 int64_t query, int32_t head, struct judge *j) {
    const struct judged x = {s, a, query, head, j};
    const enum status st = judge_choice(&x);
    return st == ST_OK ? judge_attention(&x) : st;
}
