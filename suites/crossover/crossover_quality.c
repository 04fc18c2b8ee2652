#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "../../harness/base/memory.h"
#include "../../reference/attention.h"
#include "crossover_data.h"

static int larger_first(const void *a, const void *b) {
    const double x = *(const double *)a, y = *(const double *)b;
    return (x < y) - (x > y);
}

enum status crossover_oracle_new(const struct crossover_data *d, int32_t head, int64_t query,
                                 struct crossover_oracle *o) {
    const struct crossover_plan *p = &d->plan;
    o->weights = mem_alloc_array((size_t)p->n, sizeof *o->weights);
    o->largest = mem_alloc_array((size_t)p->n, sizeof *o->largest);
    o->out = mem_alloc_array((size_t)p->d, sizeof *o->out);
    if (o->weights == NULL || o->largest == NULL || o->out == NULL) {
        crossover_oracle_free(o);
        return ST_SYSTEM;
    }
    ref_attention_full(crossover_query_of(d, head, query), crossover_keys_of(d, head),
                       crossover_values_of(d, head), p->n, p->d, o->weights, o->out);
    memcpy(o->largest, o->weights, (size_t)p->n * sizeof *o->largest);
    qsort(o->largest, (size_t)p->n, sizeof *o->largest, larger_first);
    return ST_OK;
}

void crossover_oracle_free(struct crossover_oracle *o) {
    mem_free(o->weights);
    mem_free(o->largest);
    mem_free(o->out);
    *o = (struct crossover_oracle){0};
}

/* 0 / 0, NaN, where one of them is 0. */
static double cosine_of(const float *a, const double *b, int32_t d) {
    double both = 0, left = 0, right = 0;
    for (int32_t i = 0; i < d; i++) {
        both += (double)a[i] * b[i];
        left += (double)a[i] * (double)a[i];
        right += b[i] * b[i];
    }
    return both / (sqrt(left) * sqrt(right));
}

struct crossover_quality crossover_quality_of(const struct crossover_data *d,
                                              const struct crossover_oracle *o,
                                              const int32_t *chosen, int64_t count,
                                              const float *out) {
    double good = 0, mass = 0;
    for (int64_t i = 0; i < count; i++) {
        const double weight = o->weights[chosen[i]];
        good += weight >= o->largest[count - 1];
        mass += weight;
    }
    /* A weight that is not a number is no miss: nothing is known. */
    return (struct crossover_quality){.recall = isnan(mass) ? NAN : good / (double)count,
                                      .mass = mass,
                                      .cosine = cosine_of(out, o->out, d->plan.d)};
}
