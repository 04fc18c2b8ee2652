#include "scores_check.h"

#include "../../harness/base/memory.h"
#include "../../reference/scores.h"

/* --- oracle ----------------------------------------------------------------------------------- */

static double value_at(const struct scores_problem *p, int64_t at) {
    switch (p->format) {
    case SCORES_F32:
        return (double)((const float *)p->call.k)[at];
    case SCORES_F16:
        return ref_half(((const uint16_t *)p->call.k)[at]);
    case SCORES_INT8:
        break;
    }
    return ((const int8_t *)p->call.k)[at];
}

enum status scores_problem_solve(struct scores_problem *p) {
    const struct scores_call *c = &p->call;
    p->scores = mem_alloc_array((size_t)c->n, sizeof *p->scores);
    p->terms = mem_alloc_array((size_t)c->n, sizeof *p->terms);
    double *key = mem_alloc_array((size_t)c->d, sizeof *key);
    if (p->scores == NULL || p->terms == NULL || key == NULL) {
        mem_free(key);
        scores_problem_free(p);
        return ST_SYSTEM;
    }
    for (int64_t j = 0; j < c->n; j++) {
        for (int32_t i = 0; i < c->d; i++) {
            key[i] = value_at(p, j * c->d + i);
        }
        const double scale = p->format == SCORES_INT8 ? (double)c->scale[j] : 1;
        p->scores[j] = ref_score(c->q, key, scale, c->d, p->terms + j);
    }
    mem_free(key);
    return ST_OK;
}

void scores_problem_free(struct scores_problem *p) {
    mem_free(p->scores);
    mem_free(p->terms);
    p->scores = p->terms = NULL;
}

/* --- judging ---------------------------------------------------------------------------------- */

enum status scores_check(const struct scores_impl *impl, const struct scores_problem *p,
                         struct judge *j) {
    const struct scores_call *c = &p->call;
    const size_t n = (size_t)c->n, d = (size_t)c->d;
    judge_watch(j, "query", c->q, d * sizeof *c->q);
    judge_watch(j, "keys", c->k, n * d * scores_value_size(p->format));
    if (c->scale != NULL) {
        judge_watch(j, "scales", c->scale, n * sizeof *c->scale);
    }
    judge_watch(j, "expected scores", p->scores, n * sizeof *p->scores);
    judge_watch(j, "magnitudes", p->terms, n * sizeof *p->terms);
    float *scores = judge_output(j, "scores", n * sizeof *scores);
    if (scores == NULL) {
        return ST_SYSTEM;
    }
    judge_poison(j);
    impl->run(c, scores);
    judge_called(j);
    /* A rounding of each product and of all but the first addition, of 1 / sqrt(d), of its
     * product with the key's scale, and of the sum's with that. */
    judge_sums(j, "score", scores, p->scores, p->terms, c->n, p->exact ? 0 : c->d + 3);
    return ST_OK;
}
