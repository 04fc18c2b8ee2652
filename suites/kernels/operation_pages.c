/* Verification of any kernel of pages on small sets of keys that are hard in different ways. */
#include <math.h>

#include "../../datasets/rng.h"
#include "../../harness/base/memory.h"
#include "../../harness/judge/operation.h"
#include "pages_check.h"
#include "pages_mutants.h"

enum { QUERIES = 4, MOST_D = 200, SEED = 23 };

struct pages_case {
    const char *name;
    int64_t keys;
    int32_t d, page;
    bool exact; /* whole numbers, of which float32 loses nothing */
};

static const struct pages_case cases[] = {
    {"exact, d 64", 1000, 64, 16, true},
    {"exact, one page, d 1", 7, 1, 16, true},
    {"exact, pages of one key, odd d", 100, 37, 1, true},
    {"exact, one key", 1, 16, 16, true},
    {"Gaussian, d 1", 300, 1, 16, false},
    {"Gaussian, odd d", 500, 37, 16, false},
    {"Gaussian, d 128, a part of a page", 1001, 128, 32, false},
    {"Gaussian, d 200", 350, 200, 16, false},
};

enum { CASE_COUNT = sizeof cases / sizeof cases[0] };

/* The query, then the keys. */
static void fill(const struct pages_case *c, int query, float *out) {
    double row[MOST_D];
    for (int64_t j = 0; j <= c->keys; j++) {
        rng_gaussians(SEED, (uint32_t)query + 1, (uint64_t)j, row, (size_t)c->d);
        for (int32_t i = 0; i < c->d; i++) {
            out[j * c->d + i] = (float)(c->exact ? nearbyint(4 * row[i]) : row[i]);
        }
    }
}

static enum status verify_query(const struct pages_impl *impl, const struct pages_case *c,
                                const float *q, const float *bounds, struct verification *v) {
    struct pages_problem p = {.call = {q, bounds, (c->keys + c->page - 1) / c->page, c->d},
                              .exact = c->exact};
    enum status st = pages_problem_solve(&p);
    if (st != ST_OK) {
        return st;
    }
    struct judge j;
    judge_begin(&j);
    pages_mutants_expected = p.scores;
    st = pages_check(impl, &p, &j);
    pages_mutants_expected = NULL;
    verification_add(v, c->name, j.verdict, j.reason);
    judge_end(&j);
    pages_problem_free(&p);
    return st;
}

/* Each query in the same buffers, which an answer kept from before cannot pass. */
static enum status verify_case(const struct kernel *kernel, size_t index, struct verification *v) {
    const struct pages_impl *impl = kernel->impl;
    const struct pages_case *c = &cases[index];
    const size_t pages = (size_t)((c->keys + c->page - 1) / c->page), d = (size_t)c->d;
    float *q = mem_alloc_array((size_t)(c->keys + 1), d * sizeof *q);
    float *bounds = mem_alloc_array(pages, 2 * d * sizeof *bounds);
    enum status st = q == NULL || bounds == NULL ? ST_SYSTEM : ST_OK;
    for (int i = 0; i < QUERIES && st == ST_OK && v->verdict != VERDICT_FAIL; i++) {
        fill(c, i, q);
        pages_bounds(q + d, c->keys, c->d, c->page, bounds);
        st = verify_query(impl, c, q, bounds, v);
    }
    mem_free(q);
    mem_free(bounds);
    return st;
}

extern const struct operation operation_pages;
const struct operation operation_pages = {
    .name = "pages",
    .forms = {""},
    .case_count = CASE_COUNT,
    .verify_case = verify_case,
    .mutants = pages_mutants,
};
