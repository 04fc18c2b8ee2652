/* Verification of any kernel of attend on small sets of keys that are hard in different ways.  Rows
 * that are not chosen hold NaN. */
#include <math.h>

#include "../../datasets/rng.h"
#include "../../harness/base/memory.h"
#include "../../harness/judge/operation.h"
#include "attend_check.h"
#include "attend_mutants.h"

enum { QUERIES = 4, MOST_D = 200, SEED = 29 };

enum attend_values {
    GAUSSIAN,
    EVEN, /* keys of length zero and whole values: of 2^i keys nothing is rounded */
    LARGE /* scores whose exponentials overflow float32 */
};

struct attend_case {
    const char *name;
    enum attend_values values;
    int64_t n, count;
    int32_t d;
    bool all, exact; /* all: the first `count` rows, without a list */
};

static const struct attend_case cases[] = {
    {"equal keys, exact", EVEN, 100, 64, 64, false, true},
    {"equal keys of all, exact", EVEN, 1030, 1024, 37, true, true},
    {"one key, exact", GAUSSIAN, 9, 1, 128, false, true},
    {"all of 1 key, d 1, exact", GAUSSIAN, 1, 1, 1, true, true},
    {"Gaussian, 15 keys, odd d", GAUSSIAN, 40, 15, 37, false, false},
    {"Gaussian, 16 keys, d 1", GAUSSIAN, 17, 16, 1, false, false},
    {"Gaussian, 17 keys, d 128", GAUSSIAN, 300, 17, 128, false, false},
    {"Gaussian, 1000 keys, d 64", GAUSSIAN, 1200, 1000, 64, false, false},
    {"Gaussian, all of 33, d 200", GAUSSIAN, 35, 33, 200, true, false},
    {"Gaussian, every row listed, d 200", GAUSSIAN, 100, 100, 200, false, false},
    {"large scores", LARGE, 200, 90, 64, false, false},
};

enum { CASE_COUNT = sizeof cases / sizeof cases[0] };

/* Both ends of the rows and, between them, one of each stretch, another one for each query. */
static void choose(const struct attend_case *c, int query, int32_t *chosen) {
    for (int64_t i = 0; i < c->count; i++) {
        const int64_t last = c->count > 1 ? c->count - 1 : 1;
        const int64_t from = i * (c->n - 1) / last, next = (i + 1) * (c->n - 1) / last;
        uint32_t words[4];
        rng_words(SEED, (uint32_t)query + 1, (uint64_t)i, 0, words);
        const bool end = i == 0 || i == c->count - 1;
        chosen[i] = (int32_t)(end ? from : from + rng_below(words[0], (uint32_t)(next - from)));
    }
    if (c->count == 1 && query % 2 == 1) {
        chosen[0] = (int32_t)c->n - 1;
    }
}

static void fill_row(const struct attend_case *c, int query, uint64_t row, float factor,
                     float *out) {
    double values[MOST_D];
    rng_gaussians(SEED, 100 + (uint32_t)query, row, values, (size_t)c->d);
    for (int32_t i = 0; i < c->d; i++) {
        out[i] = factor * (float)(c->values == EVEN ? nearbyint(4 * values[i]) : values[i]);
    }
}

/* The query, keys and values (1 + n + n, d). */
static void fill(const struct attend_case *c, int query, const int32_t *chosen, float *out) {
    float *const k = out + c->d, *const v = k + c->n * c->d;
    fill_row(c, query, 0, c->values == LARGE ? 100 : 1, out);
    for (int64_t i = 0; i < 2 * c->n * c->d; i++) {
        k[i] = NAN;
    }
    for (int64_t i = 0; i < c->count; i++) {
        const int64_t row = c->all ? i : chosen[i];
        fill_row(c, query, 1 + 2 * (uint64_t)i, c->values == EVEN ? 0 : 1, k + row * c->d);
        fill_row(c, query, 2 + 2 * (uint64_t)i, 1, v + row * c->d);
    }
}

static enum status verify_query(const struct attend_impl *impl, const struct attend_case *c,
                                const float *rows, const int32_t *chosen, struct verification *v) {
    const float *k = rows + c->d;
    struct attend_problem p = {
        .call = {rows, k, k + c->n * c->d, c->all ? NULL : chosen, c->n, c->count, c->d},
        .exact = c->exact};
    enum status st = attend_problem_solve(&p);
    if (st != ST_OK) {
        return st;
    }
    struct judge j;
    judge_begin(&j);
    attend_mutants_expected = p.out.value;
    st = attend_check(impl, &p, &j);
    attend_mutants_expected = NULL;
    verification_add(v, c->name, j.verdict, j.reason);
    judge_end(&j);
    attend_problem_free(&p);
    return st;
}

/* Each query in the same buffers, which an answer kept from before cannot pass. */
static enum status verify_case(const struct kernel *kernel, size_t index, struct verification *v) {
    const struct attend_impl *impl = kernel->impl;
    const struct attend_case *c = &cases[index];
    float *rows = mem_alloc_array((size_t)(2 * c->n + 1), (size_t)c->d * sizeof *rows);
    int32_t *chosen = mem_alloc_array((size_t)c->count, sizeof *chosen);
    enum status st = rows == NULL || chosen == NULL ? ST_SYSTEM : ST_OK;
    for (int i = 0; i < QUERIES && st == ST_OK && v->verdict != VERDICT_FAIL; i++) {
        choose(c, i, chosen);
        fill(c, i, chosen, rows);
        st = verify_query(impl, c, rows, chosen, v);
    }
    mem_free(rows);
    mem_free(chosen);
    return st;
}

extern const struct operation operation_attend;
const struct operation operation_attend = {
    .name = "attend",
    .forms = {""},
    .case_count = CASE_COUNT,
    .verify_case = verify_case,
    .mutants = attend_mutants,
};
