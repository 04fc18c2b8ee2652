/* Verification of any ranking kernel on small sets of keys that are hard in different ways. */
#include <math.h>

#include "../../datasets/rng.h"
#include "../../harness/base/memory.h"
#include "../../harness/judge/operation.h"
#include "rank_check.h"
#include "rank_mutants.h"

enum { QUERIES = 5, MOST_D = 128, SEED = 17 };

struct rank_case {
    const char *name;
    int64_t n;
    int32_t d;
    bool exact;
};

/* Exact: queries with four ones have norm 2, and a d that is a power of 4 has a root of 2^i; keys
 * are whole numbers, many scores equal. */
static const struct rank_case cases[] = {
    {"exact, many ties", 200, 16, true}, {"exact, one key", 1, 4, true},
    {"Gaussian", 300, 64, false},        {"Gaussian, odd d", 100, 37, false},
    {"exact, wide", 150, 64, true},
};

enum { CASE_COUNT = sizeof cases / sizeof cases[0] };

static void fill(const struct rank_case *c, int query, float *q, float *k) {
    double row[MOST_D];
    for (int64_t j = -1; j < c->n; j++) {
        float *out = j < 0 ? q : k + j * c->d;
        rng_gaussians(SEED, (uint32_t)query + 1, (uint64_t)(j + 1), row, (size_t)c->d);
        for (int32_t i = 0; i < c->d; i++) {
            const double ones = i % (c->d / 4 > 0 ? c->d / 4 : 1) == 0 ? copysign(1, row[i]) : 0;
            out[i] = (float)(!c->exact ? row[i] : j < 0 ? ones : nearbyint(row[i]));
        }
    }
}

static enum status verify_query(const struct rank_impl *impl, const struct rank_case *c,
                                const float *q, const float *k, struct verification *v) {
    struct rank_problem p = {.call = {q, k, c->n, c->d}, .exact = c->exact};
    struct rank_result out;
    enum status st = rank_problem_solve(&p);
    if (st != ST_OK) {
        return st;
    }
    struct judge j;
    judge_begin(&j);
    rank_mutants_expected = p.logits;
    st = rank_check(impl, &p, &j, &out);
    rank_mutants_expected = NULL;
    verification_add(v, c->name, j.verdict, j.reason);
    judge_end(&j);
    rank_problem_free(&p);
    return st;
}

/* Each query in the same buffers, which an answer kept from before cannot pass. */
static enum status verify_case(const struct kernel *kernel, size_t index, struct verification *v) {
    const struct rank_impl *impl = kernel->impl;
    const struct rank_case *c = &cases[index];
    float *q = mem_alloc_array((size_t)(c->n + 1), (size_t)c->d * sizeof *q);
    enum status st = q == NULL ? ST_SYSTEM : ST_OK;
    for (int i = 0; i < QUERIES && st == ST_OK && v->verdict != VERDICT_FAIL; i++) {
        fill(c, i, q, q + c->d);
        st = verify_query(impl, c, q, q + c->d, v);
    }
    mem_free(q);
    return st;
}

extern const struct operation operation_rank;
const struct operation operation_rank = {
    .name = "rank",
    .forms = {""},
    .case_count = CASE_COUNT,
    .verify_case = verify_case,
    .mutants = rank_mutants,
};
