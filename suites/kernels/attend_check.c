#include "attend_check.h"

#include "../../harness/base/memory.h"
#include "../../reference/attention.h"
#include "attention_check.h"

/* --- oracle ----------------------------------------------------------------------------------- */

static enum status expected_new(size_t count, struct attend_expected *out) {
    double *space = mem_alloc_array(count, 3 * sizeof *space);
    if (space == NULL) {
        return ST_SYSTEM;
    }
    *out = (struct attend_expected){space, space + count, space + 2 * count};
    return ST_OK;
}

/* The oracle's query over the chosen rows alone. */
static void gather(const struct attend_call *c, double *q, double *k, double *v) {
    for (int32_t i = 0; i < c->d; i++) {
        q[i] = (double)c->q[i];
    }
    for (int64_t j = 0; j < c->count; j++) {
        const int64_t row = c->chosen == NULL ? j : c->chosen[j];
        for (int32_t i = 0; i < c->d; i++) {
            k[j * c->d + i] = (double)c->k[row * c->d + i];
            v[j * c->d + i] = (double)c->v[row * c->d + i];
        }
    }
}

static void set_bounds(const struct attend_problem *p, const struct ref_attention_answer *a,
                       const double *magnitude, int64_t count, struct attend_expected *e) {
    const struct attend_call *c = &p->call;
    const double terms = 2 * (double)c->count + 20;
    for (int64_t i = 0; i < count; i++) {
        e->hard[i] = p->exact ? 0
                              : attention_bound(a, judge_gamma(c->d + 2), judge_gamma(terms),
                                                c->count, magnitude[i]);
        e->likely[i] = p->exact
                           ? 0
                           : attention_bound(a, judge_gamma_likely(c->d + 2),
                                             judge_gamma_likely(terms), c->count, magnitude[i]);
    }
}

static enum status solve(struct attend_problem *p, double *space) {
    const struct attend_call *c = &p->call;
    const size_t values = (size_t)c->count * (size_t)c->d, d = (size_t)c->d;
    double *q = space, *near = q + d, *magnitude = near + d, *k = magnitude + d, *v = k + values;
    gather(c, q, k, v);
    const struct ref_attention_query query = {
        .q = q, .k = k, .v = v, .d = c->d, .n = c->count, .chosen = c->count, .doubt = -1};
    struct ref_attention_answer a = {
        .out = p->out.value, .magnitude = magnitude, .near = near, .weights = p->weights.value};
    if (ref_attention_chosen(&query, &a) != 0) {
        return status_set(ST_SYSTEM, "oracle: out of memory");
    }
    set_bounds(p, &a, p->weights.value, c->count, &p->weights);
    set_bounds(p, &a, magnitude, c->d, &p->out);
    return ST_OK;
}

enum status attend_problem_solve(struct attend_problem *p) {
    const size_t count = (size_t)p->call.count, d = (size_t)p->call.d;
    double *space = mem_alloc_array(2 * count + 3, d * sizeof *space);
    p->weights.value = p->out.value = NULL;
    enum status st = space == NULL ? ST_SYSTEM : expected_new(count, &p->weights);
    st = st == ST_OK ? expected_new(d, &p->out) : st;
    st = st == ST_OK ? solve(p, space) : st;
    mem_free(space);
    if (st != ST_OK) {
        attend_problem_free(p);
    }
    return st;
}

void attend_problem_free(struct attend_problem *p) {
    mem_free(p->weights.value);
    mem_free(p->out.value);
    p->weights.value = p->out.value = NULL;
}

/* --- judging ---------------------------------------------------------------------------------- */

static void watch(const struct attend_problem *p, struct judge *j) {
    const struct attend_call *c = &p->call;
    const size_t count = (size_t)c->count, d = (size_t)c->d, rows = (size_t)c->n * d;
    judge_watch(j, "query", c->q, d * sizeof *c->q);
    judge_watch(j, "keys", c->k, rows * sizeof *c->k);
    judge_watch(j, "values", c->v, rows * sizeof *c->v);
    judge_watch(j, "choice", c->chosen, count * sizeof *c->chosen);
    judge_watch(j, "expected weights", p->weights.value, 3 * count * sizeof *p->weights.value);
    judge_watch(j, "expected output", p->out.value, 3 * d * sizeof *p->out.value);
}

static void judge_values(struct judge *j, const char *what, const float *got, int64_t count,
                         const struct attend_expected *e) {
    for (int64_t i = 0; i < count && j->verdict != VERDICT_FAIL; i++) {
        judge_near(j, what, i, (double)got[i], e->value[i], e->hard[i], e->likely[i]);
    }
}

enum status attend_check(const struct attend_impl *impl, const struct attend_problem *p,
                         struct judge *j) {
    const struct attend_call *c = &p->call;
    watch(p, j);
    float *weights = judge_output(j, "weights", (size_t)c->count * sizeof *weights);
    float *out = judge_output(j, "output", (size_t)c->d * sizeof *out);
    if (weights == NULL || out == NULL) {
        return ST_SYSTEM;
    }
    judge_poison(j);
    impl->run(c, weights, out);
    judge_called(j);
    judge_values(j, "output", out, c->d, &p->out);
    judge_values(j, "weight", weights, c->count, &p->weights);
    return ST_OK;
}
