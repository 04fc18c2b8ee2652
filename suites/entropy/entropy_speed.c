#include "entropy_speed.h"

#include <cblas.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "../../datasets/rng.h"
#include "../../harness/judge/judge.h"
#include "../../harness/base/memory.h"
#include "../../harness/judge/stats.h"
#include "../../harness/base/workers.h"
#include "../lm/lm_model.h"

enum {
    TOKENS = 2048,
    SQUARE = 2048,
    HIDDEN = 576,
    QKV = 960,
    FFN = 1536,
    MATRICES = 4,
    ROUNDS = 30,
    CHECKED = 64
};

/* The matrices of one layer of SmolLM2-135M: q, k and v; output; gate and up; down. */
static const struct {
    int64_t inputs, outputs;
} shapes[MATRICES] = {{HIDDEN, QKV}, {HIDDEN, HIDDEN}, {HIDDEN, 2 * FFN}, {FFN, HIDDEN}};

struct speed {
    int threads;
    float *x, *y, *weights[MATRICES]; /* (TOKENS, FFN), (TOKENS, 2 FFN) */
    float *a, *b, *c;                 /* (SQUARE, SQUARE) */
};

static const char linear[] = "linear", sgemm[] = "sgemm";

static double linear_flop(void) {
    double sum = 0;
    for (size_t i = 0; i < MATRICES; i++) {
        sum += 2.0 * TOKENS * (double)(shapes[i].inputs * shapes[i].outputs);
    }
    return sum;
}

static double flop_of(const struct cell *c) {
    return strcmp(c->arm, linear) == 0 ? linear_flop() : 2.0 * SQUARE * SQUARE * SQUARE;
}

/* --- plan and data ---------------------------------------------------------------------------- */

enum status entropy_speed_plan(struct run *run) {
    struct group *g = run_group(run, "speed", ROUNDS);
    const char *const arms[] = {sgemm, linear};
    int threads[2];
    int all = threads[run_threads(run, threads) - 1];
    for (size_t i = 0; g != NULL && i < sizeof arms / sizeof arms[0]; i++) {
        struct cell *c = group_cell(run, g, arms[i], "");
        if (c == NULL) {
            return ST_SYSTEM;
        }
        cell_param_text(c, "part", g->name);
        cell_param_integer(c, "context", TOKENS);
        cell_param_integer(c, "threads", all);
    }
    return g != NULL ? ST_OK : ST_SYSTEM;
}

bool entropy_speed_is(const struct group *g) { return strcmp(g->name, "speed") == 0; }

/* Uniform in [-1, 1). */
static float *uniform(uint64_t seed, uint32_t stream, int64_t n) {
    float *x = mem_alloc_array((size_t)n, sizeof *x);
    for (int64_t i = 0; x != NULL && i < n; i++) {
        uint32_t w[4];
        rng_words(seed, stream, (uint64_t)i, 0, w);
        x[i] = (float)((double)w[0] * 0x1p-31 - 1);
    }
    return x;
}

enum status entropy_speed_prepare(struct run *run, struct group *g) {
    struct speed *s = calloc(1, sizeof *s);
    g->state = s;
    if (s == NULL) {
        return status_set(ST_SYSTEM, "out of memory");
    }
    uint64_t seed = run_seed(run);
    uint32_t stream = 0;
    s->threads = (int)cell_integer(&g->cells[0], "threads", 1);
    s->x = uniform(seed, stream++, (int64_t)TOKENS * FFN);
    s->y = mem_alloc_array((size_t)TOKENS * 2 * FFN, sizeof(float));
    s->a = uniform(seed, stream++, (int64_t)SQUARE * SQUARE);
    s->b = uniform(seed, stream++, (int64_t)SQUARE * SQUARE);
    s->c = mem_alloc_array((size_t)SQUARE * SQUARE, sizeof(float));
    bool ok = s->x != NULL && s->y != NULL && s->a != NULL && s->b != NULL && s->c != NULL;
    for (size_t i = 0; i < MATRICES; i++) {
        s->weights[i] = uniform(seed, stream++, shapes[i].inputs * shapes[i].outputs);
        ok = ok && s->weights[i] != NULL;
    }
    return ok ? ST_OK : ST_SYSTEM;
}

void entropy_speed_release(struct group *g) {
    struct speed *s = g->state;
    if (s == NULL) {
        return;
    }
    for (size_t i = 0; i < MATRICES; i++) {
        mem_free(s->weights[i]);
    }
    mem_free(s->x);
    mem_free(s->y);
    mem_free(s->a);
    mem_free(s->b);
    mem_free(s->c);
    free(s);
    g->state = NULL;
}

/* --- the arms --------------------------------------------------------------------------------- */

static void run_linear(const struct speed *s, size_t i) {
    lm_linear(s->x, s->weights[i], s->y, TOKENS, shapes[i].inputs, shapes[i].outputs, false,
              s->threads);
}

/* A panel of rows of the square product. */
static void square_item(void *arg, int64_t item) {
    const struct speed *s = arg;
    const int rows = (SQUARE + s->threads - 1) / s->threads;
    const int64_t first = item * rows;
    const int count = first + rows <= SQUARE ? rows : (int)(SQUARE - first);
    cblas_sgemm(CblasRowMajor, CblasNoTrans, CblasTrans, count, SQUARE, SQUARE, 1,
                s->a + first * SQUARE, SQUARE, s->b, SQUARE, 0, s->c + first * SQUARE, SQUARE);
}

static void run_arm(struct speed *s, const struct cell *c) {
    if (strcmp(c->arm, sgemm) == 0) {
        workers_run(s->threads, s->threads, square_item, s);
        return;
    }
    for (size_t i = 0; i < MATRICES; i++) {
        run_linear(s, i);
    }
}

double entropy_speed_time(struct group *g, struct cell *c, int round) {
    (void)round;
    run_arm(g->state, c);
    return -1;
}

/* --- check ------------------------------------------------------------------------------------ */

/* Entries of y = x w' spread over both sides against float64 products; errors of a sum of k
 * products are bounded by gamma_k times the sum of their magnitudes. */
static void judge_product(struct judge *j, const char *what, const float *x, const float *w,
                          const float *y, int64_t rows, int64_t inputs, int64_t outputs) {
    for (int64_t i = 0; i < CHECKED; i++) {
        int64_t row = i * (rows - 1) / (CHECKED - 1);
        int64_t output = (CHECKED - 1 - i) * (outputs - 1) / (CHECKED - 1);
        double want = 0, magnitude = 0;
        for (int64_t k = 0; k < inputs; k++) {
            double t = (double)x[row * inputs + k] * (double)w[output * inputs + k];
            want += t;
            magnitude += fabs(t);
        }
        judge_near(j, what, row * outputs + output, (double)y[row * outputs + output], want,
                   judge_gamma((double)inputs + 1) * magnitude,
                   judge_gamma_likely((double)inputs + 1) * magnitude);
    }
}

enum status entropy_speed_check(struct group *g, struct cell *c) {
    struct speed *s = g->state;
    struct judge j;
    judge_begin(&j);
    if (strcmp(c->arm, sgemm) == 0) {
        run_arm(s, c);
        judge_product(&j, "sgemm", s->a, s->b, s->c, SQUARE, SQUARE, SQUARE);
    }
    for (size_t i = 0; strcmp(c->arm, linear) == 0 && i < MATRICES; i++) {
        memset(s->y, JUDGE_POISON, (size_t)TOKENS * 2 * FFN * sizeof(float));
        run_linear(s, i);
        judge_product(&j, "linear layer", s->x, s->weights[i], s->y, TOKENS, shapes[i].inputs,
                      shapes[i].outputs);
    }
    cell_verdict(c, j.verdict, "%s", j.reason);
    judge_end(&j);
    return ST_OK;
}

/* --- metrics ---------------------------------------------------------------------------------- */

struct interval entropy_speed_share(const double *seconds, double work, size_t n,
                                    const double *base_seconds, double base_work, size_t base_n) {
    if (n != base_n) {
        return (struct interval){NAN, NAN, NAN};
    }
    struct interval v = stats_ratio_of_sums(base_seconds, seconds, n);
    double scale = work / base_work;
    return (struct interval){v.value * scale, v.lo * scale, v.hi * scale};
}

static void add(struct cell *c, const char *name, const char *unit, struct interval v) {
    metric_interval(cell_metric(c, name, unit, false, v.value, c->sample_count), v.lo, v.hi);
}

enum status entropy_speed_summarise(struct run *run, struct group *g) {
    const struct cell *base = NULL;
    (void)run;
    for (size_t i = 0; i < g->cell_count; i++) {
        base = strcmp(g->cells[i].arm, sgemm) == 0 ? &g->cells[i] : base;
    }
    for (size_t i = 0; i < g->cell_count; i++) {
        struct cell *c = &g->cells[i];
        if (c->sample_count == 0) {
            continue;
        }
        double flop = flop_of(c);
        struct interval t = stats_mean_interval(c->samples, c->sample_count);
        c->sample_units = TOKENS;
        add(c, "flop_per_s", "flop/s", (struct interval){flop / t.value, flop / t.hi, flop / t.lo});
        if (base != NULL) {
            add(c, "sgemm_share", "share",
                entropy_speed_share(c->samples, flop, c->sample_count, base->samples, flop_of(base),
                                    base->sample_count));
        }
    }
    return ST_OK;
}

/* --- fixtures --------------------------------------------------------------------------------- */

/* Two rounds of 1 s and 3 s for 8 units of work against a base of 1 s and 1 s for 6: 8/4 against
 * 6/2 units a second. */
enum status entropy_speed_fixture_work(struct fixture_values *v) {
    const double seconds[] = {1, 3}, base[] = {1, 1};
    struct interval got = entropy_speed_share(seconds, 8, 2, base, 6, 2);
    *v = (struct fixture_values){got.value, 2.0 / 3, 2.0 / 4, 1e-12};
    return ST_OK;
}

enum status entropy_speed_fixture_mean_of_ratios(struct fixture_values *v) {
    const double seconds[] = {1, 3}, base[] = {1, 1};
    struct interval got = entropy_speed_share(seconds, 8, 2, base, 6, 2);
    *v = (struct fixture_values){got.value, 2.0 / 3, (8.0 / 6 + 8.0 / 18) / 2, 1e-12};
    return ST_OK;
}

/* Multiplications and additions are two operations: 2 T in out for each matrix. */
enum status entropy_speed_fixture_macs(struct fixture_values *v) {
    const double macs = 2048.0 * (576.0 * 960 + 576 * 576 + 576 * 3072 + 1536 * 576);
    *v = (struct fixture_values){linear_flop(), 2 * macs, macs, 0};
    return ST_OK;
}
