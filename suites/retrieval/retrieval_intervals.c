#include "retrieval_intervals.h"

#include <math.h>

struct view {
    const struct retrieval_sum *each;
    enum retrieval_share which;
};

static double share_of(const void *data, const size_t *picked, size_t n) {
    const struct view *v = data;
    struct retrieval_sum total = {.queries = 0};
    for (size_t i = 0; i < n; i++) {
        retrieval_sum_add(&total, &v->each[picked[i]]);
    }
    const struct retrieval_quality q = retrieval_quality_of(&total);
    return v->which == RETRIEVAL_PER_HEAD ? q.recall_per_head
           : v->which == RETRIEVAL_SHARED ? q.recall_shared
                                          : q.mass;
}

/* One sequence says nothing about how others would differ. */
static struct interval without_bounds_of_one(struct interval found,
                                             const struct retrieval_sum *each, size_t n) {
    size_t having = 0;
    for (size_t i = 0; i < n; i++) {
        having += each[i].queries > 0;
    }
    return having > 1 ? found : (struct interval){found.value, NAN, NAN};
}

struct interval retrieval_share_of(const struct retrieval_sum *each, size_t n,
                                   enum retrieval_share which) {
    const struct view v = {each, which};
    return without_bounds_of_one(stats_group_interval(share_of, &v, n), each, n);
}

struct pair {
    struct view a, b;
};

static double delta_of(const void *data, const size_t *picked, size_t n) {
    const struct pair *p = data;
    return share_of(&p->a, picked, n) - share_of(&p->b, picked, n);
}

struct interval retrieval_mass_delta_of(const struct retrieval_sum *a,
                                        const struct retrieval_sum *b, size_t n) {
    const struct pair p = {{a, RETRIEVAL_MASS}, {b, RETRIEVAL_MASS}};
    return without_bounds_of_one(stats_group_interval(delta_of, &p, n), a, n);
}
