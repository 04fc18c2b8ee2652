#include "retrieval_loss_metrics.h"

#include <math.h>

/* Of the sequences picked[0] .. picked[n - 1]; NULL: 0 .. n - 1. */
static double ppl_of(const struct lm_loss *losses, const size_t *picked, size_t n) {
    double sum = 0;
    int64_t predictions = 0;
    for (size_t i = 0; i < n; i++) {
        const struct lm_loss *l = &losses[picked == NULL ? i : picked[i]];
        sum += l->sum;
        predictions += l->predictions;
    }
    return predictions > 0 ? exp(sum / (double)predictions) : NAN;
}

double retrieval_ppl(const struct lm_loss *losses, size_t n) { return ppl_of(losses, NULL, n); }

struct paired {
    const struct lm_loss *a, *b;
};

static double gap_of_groups(const void *data, const size_t *picked, size_t n) {
    const struct paired *p = data;
    return ppl_of(p->a, picked, n) / ppl_of(p->b, picked, n) - 1;
}

struct interval retrieval_ppl_gap(const struct lm_loss *other, const struct lm_loss *full,
                                  size_t n) {
    const struct paired p = {other, full};
    return stats_group_interval(gap_of_groups, &p, n);
}

static double mean_of(const struct lm_loss *l) { return l->sum / (double)l->predictions; }

static double delta_of_groups(const void *data, const size_t *picked, size_t n) {
    const struct paired *p = data;
    double sum = 0;
    for (size_t i = 0; i < n; i++) {
        sum += mean_of(&p->a[picked[i]]) - mean_of(&p->b[picked[i]]);
    }
    return n > 0 ? sum / (double)n : NAN;
}

struct interval retrieval_nll_delta(const struct lm_loss *a, const struct lm_loss *b, size_t n) {
    const struct paired p = {a, b};
    return stats_group_interval(delta_of_groups, &p, n);
}

double retrieval_evaluated_share(const struct selector_counts *c) {
    return c->present > 0 ? (double)c->evaluated / (double)c->present : NAN;
}

uint64_t retrieval_params(const struct lm_shape *shape, int32_t d_search, int32_t layers) {
    return (uint64_t)2 * (uint64_t)shape->hidden * (uint64_t)d_search * (uint64_t)layers;
}

double retrieval_coverage(int32_t substituted, int32_t layers) {
    return (double)substituted / (double)layers;
}
