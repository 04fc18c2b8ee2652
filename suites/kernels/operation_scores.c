/* Verification of any kernel of scores on small sets of keys that are hard in different ways. */
#include <math.h>

#include "../../datasets/half.h"
#include "../../datasets/rng.h"
#include "../../harness/base/memory.h"
#include "../../harness/judge/operation.h"
#include "scores_check.h"
#include "scores_mutants.h"

enum { QUERIES = 4, MOST_D = 200, SEED = 29 };

struct scores_case {
    const char *name;
    int64_t n;
    int32_t d;
    bool exact;   /* whole numbers, and d a power of four: float32 loses nothing */
    double scale; /* of a key's values; int8 keys have it in their scales */
};

static const struct scores_case cases[] = {
    {"exact, d 64", 1000, 64, true, 1},
    {"exact, one key, d 1", 1, 1, true, 1},
    {"exact, one key, d 16", 1, 16, true, 0.5},
    {"exact, d 4", 33, 4, true, 2},
    {"Gaussian, d 1", 300, 1, false, 1},
    {"Gaussian, odd d", 500, 37, false, 1},
    {"Gaussian, d 128", 1001, 128, false, 3},
    {"Gaussian, d 200", 350, 200, false, 1},
    {"Gaussian, as small as a half's last steps", 200, 64, false, 0x1p-18},
};

enum { CASE_COUNT = sizeof cases / sizeof cases[0] };

struct buffers {
    float *q, *scale;
    void *k;
};

/* --- data ------------------------------------------------------------------------------------- */

static double value_of(const struct scores_case *c, double gaussian) {
    return c->exact ? nearbyint(4 * gaussian) : gaussian;
}

/* A 32nd of a Gaussian's unit is a step of an int8 key. */
static int8_t step_of(const struct scores_case *c, double gaussian) {
    const double steps = nearbyint((c->exact ? 4 : 32) * gaussian);
    return (int8_t)fmax(-127, fmin(127, steps));
}

static void fill_key(const struct scores_case *c, enum scores_format format, const double *row,
                     int64_t j, const struct buffers *b) {
    for (int32_t i = 0; i < c->d; i++) {
        const int64_t at = j * c->d + i;
        const float value = (float)(c->scale * value_of(c, row[i]));
        if (format == SCORES_F32) {
            ((float *)b->k)[at] = value;
        } else if (format == SCORES_F16) {
            ((uint16_t *)b->k)[at] = float_to_half(value);
        } else {
            ((int8_t *)b->k)[at] = step_of(c, row[i]);
        }
    }
    const int turn = (int)(j % 3); /* neighbours have different scales */
    b->scale[j] = (float)(c->scale * (c->exact ? ldexp(1, turn) : 0.03 + 0.01 * turn));
}

static void fill(const struct scores_case *c, enum scores_format format, int query,
                 const struct buffers *b) {
    double row[MOST_D];
    for (int64_t j = 0; j < c->n; j++) {
        rng_gaussians(SEED, (uint32_t)query + 1, (uint64_t)j, row, (size_t)c->d);
        fill_key(c, format, row, j, b);
    }
    rng_gaussians(SEED, (uint32_t)query + 1, (uint64_t)c->n, row, (size_t)c->d);
    for (int32_t i = 0; i < c->d; i++) {
        b->q[i] = (float)value_of(c, row[i]);
    }
}

/* --- verification ----------------------------------------------------------------------------- */

static enum status verify_query(const struct scores_impl *impl, const struct scores_case *c,
                                const struct buffers *b, struct verification *v) {
    const float *scale = impl->format == SCORES_INT8 ? b->scale : NULL;
    struct scores_problem p = {
        .call = {b->q, b->k, scale, c->n, c->d}, .format = impl->format, .exact = c->exact};
    enum status st = scores_problem_solve(&p);
    if (st != ST_OK) {
        return st;
    }
    struct judge j;
    judge_begin(&j);
    scores_mutants_expected = p.scores;
    st = scores_check(impl, &p, &j);
    scores_mutants_expected = NULL;
    verification_add(v, c->name, j.verdict, j.reason);
    judge_end(&j);
    scores_problem_free(&p);
    return st;
}

/* Each query in the same buffers, which an answer kept from before cannot pass. */
static enum status verify_case(const struct kernel *kernel, size_t index, struct verification *v) {
    const struct scores_impl *impl = kernel->impl;
    const struct scores_case *c = &cases[index];
    const size_t n = (size_t)c->n, d = (size_t)c->d;
    const struct buffers b = {mem_alloc_array(d, sizeof *b.q), mem_alloc_array(n, sizeof *b.scale),
                              mem_alloc_array(n, d * scores_value_size(impl->format))};
    enum status st = b.q == NULL || b.scale == NULL || b.k == NULL ? ST_SYSTEM : ST_OK;
    for (int i = 0; i < QUERIES && st == ST_OK && v->verdict != VERDICT_FAIL; i++) {
        fill(c, impl->format, i, &b);
        st = verify_query(impl, c, &b, v);
    }
    mem_free(b.q);
    mem_free(b.scale);
    mem_free(b.k);
    return st;
}

extern const struct operation operation_scores;
const struct operation operation_scores = {
    .name = "scores",
    .forms = {""},
    .case_count = CASE_COUNT,
    .verify_case = verify_case,
    .mutants = scores_mutants,
};
