#include "pages_check.h"

#include "../../harness/base/memory.h"
#include "../../reference/pages.h"

enum status pages_problem_solve(struct pages_problem *p) {
    const struct pages_call *c = &p->call;
    p->scores = mem_alloc_array((size_t)c->pages, sizeof *p->scores);
    p->terms = mem_alloc_array((size_t)c->pages, sizeof *p->terms);
    if (p->scores == NULL || p->terms == NULL) {
        pages_problem_free(p);
        return ST_SYSTEM;
    }
    for (int64_t page = 0; page < c->pages; page++) {
        const float *low = c->bounds + page * 2 * c->d;
        p->scores[page] = ref_page_score(c->q, low, low + c->d, c->d, p->terms + page);
    }
    return ST_OK;
}

void pages_problem_free(struct pages_problem *p) {
    mem_free(p->scores);
    mem_free(p->terms);
    p->scores = p->terms = NULL;
}

/* A rounding of each product and of all but the first addition; the larger of two products is the
 * larger of the rounded ones.  The oracle's own rounding in float64 is a 2^-29th of that. */
static void judge_scores(const struct pages_problem *p, const float *scores, struct judge *j) {
    const double hard = p->exact ? 0 : judge_gamma(p->call.d) * (1 + 0x1p-20);
    const double likely = p->exact ? 0 : judge_gamma_likely(p->call.d);
    for (int64_t i = 0; i < p->call.pages && j->verdict != VERDICT_FAIL; i++) {
        judge_near(j, "score", i, (double)scores[i], p->scores[i], hard * p->terms[i],
                   likely * p->terms[i]);
    }
}

enum status pages_check(const struct pages_impl *impl, const struct pages_problem *p,
                        struct judge *j) {
    const size_t pages = (size_t)p->call.pages, d = (size_t)p->call.d;
    judge_watch(j, "query", p->call.q, d * sizeof *p->call.q);
    judge_watch(j, "bounds", p->call.bounds, pages * 2 * d * sizeof *p->call.bounds);
    judge_watch(j, "expected scores", p->scores, pages * sizeof *p->scores);
    judge_watch(j, "magnitudes", p->terms, pages * sizeof *p->terms);
    float *scores = judge_output(j, "scores", pages * sizeof *scores);
    if (scores == NULL) {
        return ST_SYSTEM;
    }
    judge_poison(j);
    impl->run(&p->call, scores);
    judge_called(j);
    if (j->verdict != VERDICT_FAIL) {
        judge_scores(p, scores, j);
    }
    return ST_OK;
}
