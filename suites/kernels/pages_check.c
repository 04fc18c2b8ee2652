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
    /* A rounding of each product and of all but the first addition; the larger of two products
     * is the larger of the rounded ones. */
    judge_sums(j, "score", scores, p->scores, p->terms, p->call.pages, p->exact ? 0 : p->call.d);
    return ST_OK;
}
