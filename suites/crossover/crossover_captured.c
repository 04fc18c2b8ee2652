/* Captured data: the first n tokens of a trace, keys rotated by their positions, and queries of the
 * tokens from the n-th on. */
#include <stdio.h>
#include <string.h>

#include "crossover_capture.h"
#include "crossover_rows.h"

static enum status check(const struct crossover_capture *c, const struct crossover_plan *p) {
    if (p->d != c->t->head_dim) {
        return status_set(ST_INPUT, "crossover: captured keys have %d dimensions, not %d",
                          c->t->head_dim, p->d);
    }
    if (p->n > c->t->tokens) {
        return status_set(ST_INPUT, "crossover: %lld keys, but %lld are captured; use fewer",
                          (long long)p->n, (long long)c->t->tokens);
    }
    return crossover_capture_check(c, p, p->n);
}

static void copy_head(const struct crossover_capture *c, int32_t head, struct crossover_data *d) {
    const struct crossover_plan *p = &d->plan;
    const size_t bytes = (size_t)(p->n * p->d) * sizeof(float);
    memcpy(d->k + head * p->n * p->d, crossover_capture_keys(c, head), bytes);
    memcpy(d->v + head * p->n * p->d, crossover_capture_values(c, head), bytes);
    for (int64_t i = 0; i < p->queries; i++) {
        memcpy(d->q + (head * p->queries + i) * p->d, crossover_capture_query(c, head, p->n, i),
               (size_t)p->d * sizeof(float));
    }
}

enum status crossover_fill_captured(struct crossover_data *d, int threads) {
    struct crossover_capture c;
    enum status st = crossover_capture_open(&d->plan, &c);
    st = st == ST_OK ? check(&c, &d->plan) : st;
    st = st == ST_OK ? crossover_data_room(d) : st;
    for (int32_t h = 0; h < d->plan.heads && st == ST_OK; h++) {
        copy_head(&c, h, d);
    }
    if (st == ST_OK) {
        crossover_reduce(d, threads);
        snprintf(d->note, sizeof d->note,
                 "captured: the first tokens of a text; queries of the %d tokens from the last one "
                 "on, of each query head in turn",
                 CROSSOVER_LATE);
    }
    crossover_capture_close(&c);
    return st;
}
