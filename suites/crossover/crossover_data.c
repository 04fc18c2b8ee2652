#include "crossover_data.h"

#include <stdbool.h>

#include "../../harness/base/memory.h"
#include "crossover_rows.h"

const char *const crossover_kind_names[CROSSOVER_KINDS] = {
    [CROSSOVER_CAPTURED] = "captured",
    [CROSSOVER_RESAMPLED] = "resampled",
    [CROSSOVER_GAUSSIAN] = "gaussian",
    [CROSSOVER_PLANTED] = "planted",
};

static enum status (*const fill[CROSSOVER_KINDS])(struct crossover_data *d, int threads) = {
    [CROSSOVER_CAPTURED] = crossover_fill_captured,
    [CROSSOVER_RESAMPLED] = crossover_fill_resampled,
    [CROSSOVER_GAUSSIAN] = crossover_fill_gaussian,
    [CROSSOVER_PLANTED] = crossover_fill_planted,
};

static enum status check_plan(const struct crossover_plan *p) {
    if (p->n < 1 || p->n > INT32_MAX || p->queries < 1 || p->queries > INT32_MAX) {
        return status_set(ST_INPUT, "crossover: %lld keys and %lld queries; use 1 to %d of each",
                          (long long)p->n, (long long)p->queries, INT32_MAX);
    }
    if (p->d < 1 || p->d > CROSSOVER_D_MOST || p->heads < 1 || p->heads > CROSSOVER_HEADS_MOST) {
        return status_set(ST_INPUT, "crossover: %d heads of %d dimensions; use 1 to %d and 1 to %d",
                          p->heads, p->d, CROSSOVER_HEADS_MOST, CROSSOVER_D_MOST);
    }
    return ST_OK;
}

/* Zeroed room for sets of rows; false when refused. */
static bool room(float **out, int32_t sets, int64_t rows, int32_t d) {
    *out = mem_alloc_array((size_t)sets * (size_t)rows, (size_t)d * sizeof **out);
    return *out != NULL;
}

enum status crossover_data_room(struct crossover_data *d) {
    const struct crossover_plan *p = &d->plan;
    return room(&d->k, p->heads, p->n, p->d) && room(&d->v, p->heads, p->n, p->d) &&
                   room(&d->q, p->heads, p->queries, p->d) &&
                   room(&d->search_k, d->graphs, p->n, d->d_search) &&
                   room(&d->search_q, d->graphs, p->queries, d->d_search)
               ? ST_OK
               : ST_SYSTEM;
}

/* One dimension more than a key has, in whole lines of 64 bytes; planted keys need no more. */
static int32_t search_dimensions(const struct crossover_plan *p) {
    return (p->d + (p->kind != CROSSOVER_PLANTED) + 15) / 16 * 16;
}

enum status crossover_data_new(const struct crossover_plan *plan, int threads,
                               struct crossover_data *out) {
    *out = (struct crossover_data){.plan = *plan};
    enum status st = check_plan(plan);
    if (st == ST_OK) {
        out->graphs = plan->kind == CROSSOVER_PLANTED ? 1 : plan->heads;
        out->d_search = search_dimensions(plan);
        st = fill[plan->kind](out, threads);
    }
    if (st != ST_OK) {
        crossover_data_free(out);
    }
    return st;
}

void crossover_data_free(struct crossover_data *d) {
    mem_free(d->k);
    mem_free(d->v);
    mem_free(d->q);
    mem_free(d->search_k);
    mem_free(d->search_q);
    *d = (struct crossover_data){.plan = d->plan};
}

const float *crossover_keys_of(const struct crossover_data *d, int32_t head) {
    return d->k + head * d->plan.n * d->plan.d;
}

const float *crossover_values_of(const struct crossover_data *d, int32_t head) {
    return d->v + head * d->plan.n * d->plan.d;
}

const float *crossover_query_of(const struct crossover_data *d, int32_t head, int64_t query) {
    return d->q + (head * d->plan.queries + query) * d->plan.d;
}

const float *crossover_search_query_of(const struct crossover_data *d, int32_t head,
                                       int64_t query) {
    return d->search_q + (head * d->plan.queries + query) * d->d_search;
}
