/* Verification of any k-NN kernel on small cases that are hard in different ways. */
#include "../../datasets/rng.h"
#include "../../harness/base/memory.h"
#include "../../harness/judge/operation.h"
#include "knn_check.h"
#include "knn_mutants.h"

enum kind { WHOLE_NUMBERS, GAUSSIAN, FAR_FROM_ORIGIN };

/* Whole numbers in [-8, 8] keep every sum below 2^24 up to d = 2^16, so float arithmetic is exact.
 */
struct knn_case {
    const char *name;
    enum kind kind;
    int64_t n, nq;
    int32_t d, k;
    float eps0;
    int32_t delta;
    bool rotated;
};

static const struct knn_case cases[] = {
    {"whole numbers", WHOLE_NUMBERS, 1500, 24, 64, 10, 1.5f, 16, false},
    {"whole numbers, d = 144", WHOLE_NUMBERS, 777, 17, 144, 7, 2.1f, 32, false},
    {"whole numbers, many ties, d = 3", WHOLE_NUMBERS, 2000, 24, 3, 20, 2.1f, 1, false},
    {"one dimension, n = k", WHOLE_NUMBERS, 5, 3, 1, 5, 2.1f, 1, false},
    {"one vector", WHOLE_NUMBERS, 1, 2, 17, 1, 2.1f, 16, false},
    {"Gaussian, FWHT", GAUSSIAN, 2100, 24, 256, 10, 2.1f, 32, true},
    {"Gaussian, QR, odd d", GAUSSIAN, 1300, 16, 211, 10, 1.5f, 16, true},
    {"Gaussian, certain bound, k = 100", GAUSSIAN, 1000, 16, 128, 100, 5.657f, 32, true},
    {"far from the origin", FAR_FROM_ORIGIN, 900, 16, 64, 10, 3.0f, 16, true},
};

enum { CASE_COUNT = sizeof cases / sizeof cases[0], SEED = 7 };

static float *make_rows(const struct knn_case *c, uint32_t stream, int64_t n) {
    float *rows = mem_alloc_array((size_t)n, (size_t)c->d * sizeof(float));
    double *values = mem_alloc_array((size_t)c->d, sizeof(double));
    for (int64_t j = 0; rows != NULL && values != NULL && j < n; j++) {
        rng_gaussians(SEED, stream, (uint64_t)j, values, (size_t)c->d);
        for (int32_t i = 0; i < c->d; i++) {
            uint32_t words[4];
            rng_words(SEED, stream, (uint64_t)j, (uint32_t)i, words);
            float whole = (float)rng_below(words[0], 17) - 8;
            float offset = c->kind == FAR_FROM_ORIGIN ? 1000.0f : 0.0f;
            rows[j * c->d + i] = c->kind == WHOLE_NUMBERS ? whole : (float)values[i] + offset;
        }
    }
    mem_free(values);
    return rows;
}

struct prepared {
    float *rows, *queries, *rotated;
    struct rotation *rotation;
    struct knn_problem problem;
};

static void prepared_free(struct prepared *s) {
    knn_problem_free(&s->problem);
    rotation_free(s->rotation);
    if (s->rotated != s->rows) {
        mem_free(s->rotated);
    }
    mem_free(s->rows);
    mem_free(s->queries);
}

static enum status prepare(const struct knn_case *c, struct prepared *s) {
    *s = (struct prepared){.rows = make_rows(c, 1, c->n), .queries = make_rows(c, 2, c->nq)};
    s->rotated = s->rows;
    enum status st = s->rows == NULL || s->queries == NULL ? ST_SYSTEM : ST_OK;
    if (st == ST_OK && c->rotated) {
        s->rotated = mem_alloc_array((size_t)c->n, (size_t)c->d * sizeof(float));
        st = s->rotated == NULL ? ST_SYSTEM : rotation_new(c->d, SEED, &s->rotation);
    }
    if (st == ST_OK && c->rotated) {
        rotation_apply_rows(s->rotation, s->rows, c->n, s->rotated, 1);
    }
    s->problem = (struct knn_problem){
        .base = {s->rows, s->rotated, s->rotation, c->n, c->d},
        .queries = s->queries,
        .nq = c->nq,
        .k = c->k,
        .whole_numbers = c->kind == WHOLE_NUMBERS,
    };
    return st == ST_OK ? knn_problem_solve(&s->problem, 1) : st;
}

/* Every other case on two threads. */
static enum status verify_case(const struct kernel *kernel, size_t index, struct verification *v) {
    const struct knn_impl *impl = kernel->impl;
    const struct knn_case *c = &cases[index];
    const int threads = 1 + (int)(index % 2);
    struct knn_params params = {c->k, c->eps0, c->delta};
    struct prepared s;
    struct knn_pruned_oracle oracle = {0};
    struct knn_answers answers;
    struct judge j;
    void *built = NULL;
    judge_begin(&j);
    enum status st = prepare(c, &s);
    if (st == ST_OK && impl->pruned) {
        st = knn_pruned_oracle_new(&s.problem, &params, impl->vertical, c->nq, 1, &oracle);
    }
    st = st == ST_OK ? impl->build(&s.problem.base, &built) : st;
    if (st == ST_OK) {
        knn_mutants_expected = impl->pruned ? oracle.dist : s.problem.exact_dist;
        st = knn_check(kernel, built, &s.problem, c->nq, &params, threads,
                       impl->pruned ? &oracle : NULL, &j, &answers);
        knn_mutants_expected = NULL;
    }
    verification_add(v, c->name, j.verdict, j.reason);
    judge_end(&j);
    if (built != NULL) {
        impl->destroy(built);
    }
    knn_pruned_oracle_free(&oracle);
    prepared_free(&s);
    return st;
}

extern const struct operation operation_knn;
const struct operation operation_knn = {
    .name = "knn",
    .forms = {"exact", "pruned"},
    .case_count = CASE_COUNT,
    .verify_case = verify_case,
    .mutants = knn_mutants,
};
