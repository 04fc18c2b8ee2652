#include "crossover_rows.h"

#include <math.h>

#include "../../datasets/rng.h"
#include "../../harness/base/workers.h"

uint64_t crossover_address(int32_t head, int64_t row) {
    return (uint64_t)head << 40 | (uint64_t)row;
}

/* --- rows in parallel ------------------------------------------------------------------------- */

enum { ROWS = 1024 }; /* that a thread takes at once */

struct each_row {
    int64_t n, total;
    void (*fn)(void *arg, int32_t head, int64_t row);
    void *arg;
};

static void run_range(void *arg, int64_t item) {
    const struct each_row *e = arg;
    const int64_t end = (item + 1) * ROWS < e->total ? (item + 1) * ROWS : e->total;
    for (int64_t i = item * ROWS; i < end; i++) {
        e->fn(e->arg, (int32_t)(i / e->n), i % e->n);
    }
}

void crossover_each_row(int threads, int32_t heads, int64_t n,
                        void (*fn)(void *arg, int32_t head, int64_t row), void *arg) {
    struct each_row e = {n, heads * n, fn, arg};
    workers_run(threads, (e.total + ROWS - 1) / ROWS, run_range, &e);
}

/* --- Gaussians -------------------------------------------------------------------------------- */

struct gaussians {
    const struct crossover_plan *p;
    enum crossover_stream stream;
    int64_t n;
    float *out;
};

static void gaussian_row(void *arg, int32_t head, int64_t row) {
    const struct gaussians *g = arg;
    double z[CROSSOVER_D_MOST];
    float *out = g->out + (head * g->n + row) * g->p->d;
    rng_gaussians(g->p->seed, g->stream, crossover_address(head, row), z, (size_t)g->p->d);
    for (int32_t c = 0; c < g->p->d; c++) {
        out[c] = (float)z[c];
    }
}

void crossover_gaussians(const struct crossover_plan *p, enum crossover_stream stream, int64_t n,
                         int threads, float *out) {
    struct gaussians g = {p, stream, n, out};
    crossover_each_row(threads, p->heads, n, gaussian_row, &g);
}

/* --- search vectors --------------------------------------------------------------------------- */

struct reduction {
    struct crossover_data *d;
    double longest[CROSSOVER_HEADS_MOST]; /* |k|^2 */
};

static double squared(const float *x, int32_t d) {
    double sum = 0;
    for (int32_t c = 0; c < d; c++) {
        sum += (double)x[c] * (double)x[c];
    }
    return sum;
}

static void find_longest(void *arg, int64_t head) {
    struct reduction *r = arg;
    const struct crossover_plan *p = &r->d->plan;
    for (int64_t i = 0; i < p->n; i++) {
        r->longest[head] =
            fmax(r->longest[head], squared(r->d->k + (head * p->n + i) * p->d, p->d));
    }
}

static void reduce_key(void *arg, int32_t head, int64_t row) {
    const struct reduction *r = arg;
    const int32_t d = r->d->plan.d;
    const float *k = r->d->k + (head * r->d->plan.n + row) * d;
    float *out = r->d->search_k + (head * r->d->plan.n + row) * r->d->d_search;
    /* Keys that are all 0 are all alike. */
    const double longest = r->longest[head] > 0 ? r->longest[head] : 1, by = 1 / sqrt(longest);
    for (int32_t c = 0; c < d; c++) {
        out[c] = (float)((double)k[c] * by);
    }
    out[d] = (float)sqrt(1 - squared(k, d) / longest);
}

static void reduce_query(void *arg, int32_t head, int64_t row) {
    const struct reduction *r = arg;
    const int32_t d = r->d->plan.d;
    const float *q = r->d->q + (head * r->d->plan.queries + row) * d;
    float *out = r->d->search_q + (head * r->d->plan.queries + row) * r->d->d_search;
    const double length = sqrt(squared(q, d));
    for (int32_t c = 0; c < d && length > 0; c++) {
        out[c] = (float)((double)q[c] / length);
    }
}

void crossover_reduce(struct crossover_data *d, int threads) {
    struct reduction r = {.d = d};
    workers_run(threads, d->plan.heads, find_longest, &r);
    crossover_each_row(threads, d->plan.heads, d->plan.n, reduce_key, &r);
    crossover_each_row(threads, d->plan.heads, d->plan.queries, reduce_query, &r);
}
