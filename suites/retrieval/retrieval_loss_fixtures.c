#include "retrieval_loss_fixtures.h"

#include <math.h>

#include "../lm/lm_identity.h"
#include "retrieval_intervals.h"
#include "retrieval_layers.h"
#include "retrieval_measure.h"
#include "retrieval_loss_metrics.h"

/* --- perplexity ------------------------------------------------------------------------------- */

/* Four predictions at ln 2 and two at ln 16: together (4 ln 2 + 2 ln 16) / 6 = ln 4. */
static void two_losses(struct lm_loss out[2]) {
    out[0] = (struct lm_loss){4 * log(2), 4};
    out[1] = (struct lm_loss){2 * log(16), 2};
}

enum status retrieval_ppl_of_batches(struct fixture_values *v) {
    struct lm_loss l[2];
    two_losses(l);
    *v = (struct fixture_values){retrieval_ppl(l, 2), 4, (2.0 + 16) / 2, 1e-12};
    return ST_OK;
}

enum status retrieval_ppl_of_means(struct fixture_values *v) {
    struct lm_loss l[2];
    two_losses(l);
    *v = (struct fixture_values){retrieval_ppl(l, 2), 4, exp((log(2) + log(16)) / 2), 1e-12};
    return ST_OK;
}

enum status retrieval_ppl_of_nothing(struct fixture_values *v) {
    const struct lm_loss none = {0, 0};
    *v = (struct fixture_values){retrieval_ppl(&none, 1), NAN, exp(0), 0};
    return ST_OK;
}

/* Against a full perplexity of 2 the two losses above have a gap of 1. */
enum status retrieval_gap_of_batches(struct fixture_values *v) {
    const struct lm_loss full[] = {{4 * log(2), 4}, {2 * log(2), 2}};
    struct lm_loss l[2];
    two_losses(l);
    *v = (struct fixture_values){retrieval_ppl_gap(l, full, 2).value, 1,
                                 ((2 / 2.0 - 1) + (16 / 2.0 - 1)) / 2, 1e-12};
    return ST_OK;
}

enum status retrieval_gap_upside_down(struct fixture_values *v) {
    const struct lm_loss full[] = {{4 * log(2), 4}, {2 * log(2), 2}};
    struct lm_loss l[2];
    two_losses(l);
    *v = (struct fixture_values){retrieval_ppl_gap(l, full, 2).value, 1, 1 - 2 / 4.0, 1e-12};
    return ST_OK;
}

/* --- paired losses ---------------------------------------------------------------------------- */

/* Texts that differ much among themselves; b is 0.25 nats a token better in each. */
enum { TEXTS = 4, PREDICTIONS = 8 };
static const double levels[TEXTS] = {1, 2, 4, 8};
static const double shift = 0.25;

static void shifted(struct lm_loss *a, struct lm_loss *b) {
    for (size_t i = 0; i < TEXTS; i++) {
        a[i] = (struct lm_loss){levels[i] * PREDICTIONS, PREDICTIONS};
        b[i] = (struct lm_loss){(levels[i] - shift) * PREDICTIONS, PREDICTIONS};
    }
}

enum status retrieval_delta_of_tokens(struct fixture_values *v) {
    struct lm_loss a[TEXTS], b[TEXTS];
    shifted(a, b);
    *v = (struct fixture_values){retrieval_nll_delta(a, b, TEXTS).value, shift, shift * PREDICTIONS,
                                 1e-12};
    return ST_OK;
}

enum status retrieval_delta_upside_down(struct fixture_values *v) {
    struct lm_loss a[TEXTS], b[TEXTS];
    shifted(a, b);
    *v = (struct fixture_values){retrieval_nll_delta(a, b, TEXTS).value, shift,
                                 retrieval_nll_delta(b, a, TEXTS).value, 1e-12};
    return ST_OK;
}

/* Each arm's own mean, resampled without the other. */
static double mean_of_groups(const void *data, const size_t *picked, size_t n) {
    const struct lm_loss *l = data;
    double sum = 0;
    for (size_t i = 0; i < n; i++) {
        sum += l[picked[i]].sum / (double)l[picked[i]].predictions;
    }
    return sum / (double)n;
}

/* Every pair differs by the same: the interval is that one number. */
enum status retrieval_delta_low_unpaired(struct fixture_values *v) {
    struct lm_loss a[TEXTS], b[TEXTS];
    shifted(a, b);
    const struct interval own = stats_group_interval(mean_of_groups, a, TEXTS),
                          other = stats_group_interval(mean_of_groups, b, TEXTS);
    *v = (struct fixture_values){retrieval_nll_delta(a, b, TEXTS).lo, shift, own.lo - other.hi,
                                 1e-12};
    return ST_OK;
}

enum status retrieval_delta_high_unpaired(struct fixture_values *v) {
    struct lm_loss a[TEXTS], b[TEXTS];
    shifted(a, b);
    const struct interval own = stats_group_interval(mean_of_groups, a, TEXTS),
                          other = stats_group_interval(mean_of_groups, b, TEXTS);
    *v = (struct fixture_values){retrieval_nll_delta(a, b, TEXTS).hi, shift, own.hi - other.lo,
                                 1e-12};
    return ST_OK;
}

enum status retrieval_delta_of_one(struct fixture_values *v) {
    struct lm_loss a[TEXTS], b[TEXTS];
    shifted(a, b);
    *v = (struct fixture_values){retrieval_nll_delta(a, b, 1).lo, NAN, shift, 0};
    return ST_OK;
}

/* --- costs ------------------------------------------------------------------------------------ */

/* Two layers' searches: 10 of 100 and 30 of 50. */
enum status retrieval_evaluated_of_layers(struct fixture_values *v) {
    const struct selector_counts both = {10 + 30, 100 + 50};
    *v = (struct fixture_values){retrieval_evaluated_share(&both), 40.0 / 150,
                                 (10.0 / 100 + 30.0 / 50) / 2, 1e-15};
    return ST_OK;
}

enum status retrieval_evaluated_of_none(struct fixture_values *v) {
    const struct selector_counts none = {0, 0};
    *v = (struct fixture_values){retrieval_evaluated_share(&none), NAN, 0, 0};
    return ST_OK;
}

static const struct lm_shape pinned = {.hidden = 576, .heads = 9, .kv_heads = 3, .head_dim = 64};

enum status retrieval_params_of_one(struct fixture_values *v) {
    *v = (struct fixture_values){(double)retrieval_params(&pinned, 128, 26), 2.0 * 576 * 128 * 26,
                                 576.0 * 128 * 26, 0};
    return ST_OK;
}

enum status retrieval_params_of_heads(struct fixture_values *v) {
    *v = (struct fixture_values){(double)retrieval_params(&pinned, 128, 26), 2.0 * 576 * 128 * 26,
                                 2.0 * 576 * 128 * 26 * 9, 0};
    return ST_OK;
}

/* All but 0, 1, 2 and the last of 30. */
enum status retrieval_coverage_of_inner(struct fixture_values *v) {
    const struct retrieval_layer_set inner = retrieval_layers_headline(30);
    *v = (struct fixture_values){retrieval_coverage(retrieval_layers_count(&inner), 30), 26.0 / 30,
                                 26.0 / 26, 0};
    return ST_OK;
}

enum status retrieval_mass_delta_relative(struct fixture_values *v) {
    static const struct retrieval_sum own[] = {{.queries = 1, .mass = 0.5},
                                               {.queries = 3, .mass = 2.5}};
    static const struct retrieval_sum raw[] = {{.queries = 1, .mass = 0.5},
                                               {.queries = 3, .mass = 1.5}};
    *v = (struct fixture_values){retrieval_mass_delta_of(own, raw, 2).value, 0.25, 0.75 / 0.5 - 1,
                                 0};
    return ST_OK;
}

enum status retrieval_diff_with_sign(struct fixture_values *v) {
    static const float plain[] = {1, 2, 3}, plugged[] = {1, 4, 2};
    double wrong = 0;
    for (size_t i = 0; i < 3; i++) {
        wrong = fmax(wrong, (double)plain[i] - (double)plugged[i]);
    }
    *v = (struct fixture_values){lm_max_abs_diff(plain, plugged, 3), 2, wrong, 0};
    return ST_OK;
}

/* A page of 16 read for a budget of 8 keys, of 32. */
enum status retrieval_read_as_retained(struct fixture_values *v) {
    const struct retrieval_sum sum = {.queries = 1, .kept = 8, .allowed = 32, .read = 16};
    const struct retrieval_quality q = retrieval_quality_of(&sum);
    *v = (struct fixture_values){q.read_share, 0.5, q.retained_share, 0};
    return ST_OK;
}
