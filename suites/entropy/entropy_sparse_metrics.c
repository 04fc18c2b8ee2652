#include "entropy_sparse_metrics.h"

#include <math.h>
#include <string.h>

double entropy_mean_nll(const double *nll, int64_t context) {
    double sum = 0;
    for (int64_t i = 0; i + 1 < context; i++) {
        sum += nll[i];
    }
    return context >= 2 ? sum / (double)(context - 1) : NAN;
}

static double ppl_of(const double *means, const size_t *picked, size_t n, size_t context) {
    double sum = 0;
    for (size_t i = 0; i < n; i++) {
        sum += means[(picked == NULL ? i : picked[i]) * ENTROPY_CONTEXTS + context];
    }
    return n > 0 ? exp(sum / (double)n) : NAN;
}

double entropy_ppl(const double *means, size_t texts, size_t context) {
    return ppl_of(means, NULL, texts, context);
}

static double gap_of(const struct entropy_losses_view *v, const size_t *picked, size_t n,
                     size_t context) {
    return ppl_of(v->sparse, picked, n, v->first + context) -
           ppl_of(v->full, picked, n, v->first + context);
}

struct entropy_losses_view entropy_contexts_above(const struct entropy_losses_view *v, int64_t k) {
    struct entropy_losses_view out = *v;
    while (out.contexts > 0 && out.context[0] <= k) {
        out.contexts--;
        out.first++;
        memmove(out.context, out.context + 1, out.contexts * sizeof *out.context);
    }
    return out;
}

struct at_context {
    const struct entropy_losses_view *view;
    size_t context;
};

static double gap_of_groups(const void *data, const size_t *picked, size_t n) {
    const struct at_context *at = data;
    return gap_of(at->view, picked, n, at->context);
}

static double relative_of_groups(const void *data, const size_t *picked, size_t n) {
    const struct at_context *at = data;
    const size_t context = at->view->first + at->context;
    return ppl_of(at->view->sparse, picked, n, context) /
               ppl_of(at->view->full, picked, n, context) -
           1;
}

struct interval entropy_ppl_gap(const struct entropy_losses_view *v, size_t context) {
    const struct at_context at = {v, context};
    return stats_group_interval(relative_of_groups, &at, v->texts);
}

struct interval entropy_dppl(const struct entropy_losses_view *v, size_t context) {
    const struct at_context at = {v, context};
    return stats_group_interval(gap_of_groups, &at, v->texts);
}

size_t entropy_gap_points(const struct entropy_losses_view *v) {
    size_t points = 0;
    for (size_t i = 0; i < v->contexts; i++) {
        points += gap_of(v, NULL, v->texts, i) > 0;
    }
    return points;
}

static double exponent_of_groups(const void *data, const size_t *picked, size_t n) {
    const struct entropy_losses_view *v = data;
    double x[ENTROPY_CONTEXTS], y[ENTROPY_CONTEXTS];
    for (size_t i = 0; i < v->contexts; i++) {
        const double gap = gap_of(v, picked, n, i);
        if (!(gap > 0)) {
            return NAN;
        }
        x[i] = log((double)v->context[i]);
        y[i] = log(gap);
    }
    return stats_line(x, y, v->contexts).slope;
}

struct interval entropy_gap_exponent(const struct entropy_losses_view *v) {
    return stats_group_interval(exponent_of_groups, v, v->texts);
}

double entropy_predicted_exponent(double alpha) { return alpha - 1; }

double entropy_kv_ratio(size_t bytes, int64_t tokens, int64_t layers, int64_t kv_heads, int64_t d) {
    const double values = 2.0 * (double)tokens * (double)(layers * kv_heads * d);
    return (double)bytes / (values * sizeof(uint16_t));
}

double entropy_kv_formula(bool by_channel, int64_t d, int64_t tokens) {
    const double width = (double)d;
    return by_channel ? 0.5 + 1 / (2 * width) + 1 / (2 * (double)tokens)
                      : (width + 2) / (2 * width);
}

double entropy_cosine(const float *a, const float *b, int64_t d) {
    double ab = 0, aa = 0, bb = 0;
    for (int64_t i = 0; i < d; i++) {
        ab += (double)a[i] * (double)b[i];
        aa += (double)a[i] * (double)a[i];
        bb += (double)b[i] * (double)b[i];
    }
    return aa > 0 && bb > 0 ? ab / sqrt(aa * bb) : NAN;
}
