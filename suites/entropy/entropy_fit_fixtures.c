#include "entropy_fit_fixtures.h"

#include <math.h>

#include "entropy_curves.h"
#include "entropy_rows.h"

/* --- rows ------------------------------------------------------------------------------------- */

enum { D = 2, FIRST = 61 };

/* Queries FIRST .. of equal scores over all their keys. */
static void equal_scores(int64_t rows, double *h) {
    static const float q[ENTROPY_ROWS * D], k[(FIRST + ENTROPY_ROWS) * D];
    float scores[ENTROPY_ROWS * (FIRST + ENTROPY_ROWS)];
    const struct entropy_rows r = {q, k, D, D, D, rows, FIRST};
    entropy_of_rows(&r, scores, h);
}

enum status entropy_in_bits(struct fixture_values *v) {
    double h[4];
    equal_scores(4, h);
    *v = (struct fixture_values){h[3], 6 * log(2), 6, 1e-12};
    return ST_OK;
}

/* Row 63 comes with 64 - 1 - 3 later ones, whose keys it does not read. */
enum status entropy_of_masked(struct fixture_values *v) {
    double h[ENTROPY_ROWS];
    equal_scores(ENTROPY_ROWS, h);
    *v = (struct fixture_values){h[3], log(64), log(FIRST + ENTROPY_ROWS - 1), 1e-12};
    return ST_OK;
}

/* Entropy t at row t: 63 at the last of 64 rows, 31.5 over all. */
enum status entropy_at_other_rows(struct fixture_values *v) {
    double h[64];
    for (int t = 0; t < 64; t++) {
        h[t] = t;
    }
    *v = (struct fixture_values){entropy_over_rows(ENTROPY_ALL, 64, h).h, 31.5,
                                 entropy_over_rows(ENTROPY_LAST, 64, h).h, 1e-12};
    return ST_OK;
}

/* --- curves ----------------------------------------------------------------------------------- */

enum { TEXTS = 2, HEADS = 4 };

/* H of each text in units of ln 2 at N = 64, 128, 256; all heads are alike. */
struct curves {
    double h[TEXTS][3];
    struct entropy_mean values[TEXTS * HEADS * ENTROPY_POINTS];
};

static struct entropy_view view_of(struct curves *c, size_t texts) {
    for (size_t text = 0; text < texts; text++) {
        for (size_t head = 0; head < HEADS; head++) {
            for (size_t i = 0; i < 3; i++) {
                const double h = c->h[text][i] * log(2);
                c->values[(text * HEADS + head) * ENTROPY_POINTS + i] =
                    (struct entropy_mean){h, exp(h)};
            }
        }
    }
    return (struct entropy_view){.values = c->values,
                                 .population = ENTROPY_LAST,
                                 .texts = texts,
                                 .heads = HEADS,
                                 .points = 3,
                                 .count = HEADS};
}

/* ln 4 and ln 64: 16 keys in the geometric mean, 34 in the arithmetic one. */
enum status entropy_mean_exp_swapped(struct fixture_values *v) {
    struct curves c = {.h = {{2}, {6}}};
    const struct entropy_view view = view_of(&c, 2);
    *v = (struct fixture_values){entropy_keys_exp_mean(&view, 0), 16,
                                 entropy_keys_mean_exp(&view, 0), 1e-12};
    return ST_OK;
}

enum status entropy_exp_mean_swapped(struct fixture_values *v) {
    struct curves c = {.h = {{2}, {6}}};
    const struct entropy_view view = view_of(&c, 2);
    *v = (struct fixture_values){entropy_keys_mean_exp(&view, 0), 34,
                                 entropy_keys_exp_mean(&view, 0), 1e-12};
    return ST_OK;
}

/* Half a nat for each nat of ln N. */
enum status entropy_slope_per_doubling(struct fixture_values *v) {
    struct curves c = {.h = {{3, 3.5, 4}}};
    const struct entropy_view view = view_of(&c, 1);
    *v = (struct fixture_values){entropy_local_slope(&view, 1), 0.5,
                                 entropy_at(&view, 1).h - entropy_at(&view, 0).h, 1e-12};
    return ST_OK;
}

enum status entropy_slope_of_first(struct fixture_values *v) {
    struct curves c = {.h = {{3, 3.5, 4}}};
    const struct entropy_view view = view_of(&c, 1);
    *v = (struct fixture_values){entropy_local_slope(&view, 0), NAN,
                                 entropy_at(&view, 0).h / log(64), 1e-12};
    return ST_OK;
}

/* 0, 1, 1 over 0, 1, 2: slope 1/2, intercept 1/6; residuals -1/6, 1/3, -1/6. */
static struct entropy_view bent(struct curves *c) {
    *c = (struct curves){.h = {{0, 1, 1}}};
    return view_of(c, 1);
}

enum status entropy_alpha_other_n(struct fixture_values *v) {
    struct curves c;
    struct entropy_view view = bent(&c), shorter = view;
    shorter.points = 2;
    *v = (struct fixture_values){entropy_alpha(&view).value, 0.5, entropy_alpha(&shorter).value,
                                 1e-12};
    return ST_OK;
}

/* Equal weights over the keys of rows N - 8 .. N - 1: alpha is 1 where each row counts with its own
 * number of keys. */
enum status entropy_alpha_uniform(struct fixture_values *v) {
    struct curves c = {0};
    struct entropy_view view = view_of(&c, 1);
    double h[256];
    for (int t = 0; t < 256; t++) {
        h[t] = log(t + 1);
    }
    for (size_t i = 0; i < 3; i++) {
        c.values[i] = entropy_over_rows(ENTROPY_LAST_FEW, entropy_context(i), h);
    }
    view.count = 1;
    view.population = ENTROPY_LAST_FEW;
    struct entropy_view plain = view;
    plain.population = ENTROPY_LAST;
    *v = (struct fixture_values){entropy_alpha(&view).value, 1, entropy_alpha(&plain).value, 1e-12};
    return ST_OK;
}

enum status entropy_alpha_log2(struct fixture_values *v) {
    struct curves c = {.h = {{1.8, 2.1, 2.4}}};
    const struct entropy_view view = view_of(&c, 1);
    const double x[] = {6, 7, 8},
                 y[] = {entropy_at(&view, 0).h, entropy_at(&view, 1).h, entropy_at(&view, 2).h};
    *v = (struct fixture_values){entropy_alpha(&view).value, 0.3, stats_line(x, y, 3).slope, 1e-12};
    return ST_OK;
}

/* 0.3 ln N + 2 ln 2: beta is what the line says of N = 1, not of the shortest context. */
enum status entropy_beta_at_shortest(struct fixture_values *v) {
    struct curves c = {.h = {{3.8, 4.1, 4.4}}};
    const struct entropy_view view = view_of(&c, 1);
    *v = (struct fixture_values){entropy_line(&view).intercept, 2 * log(2), entropy_at(&view, 0).h,
                                 1e-12};
    return ST_OK;
}

enum status entropy_se_of_n(struct fixture_values *v) {
    struct curves c;
    const struct entropy_view view = bent(&c);
    *v = (struct fixture_values){entropy_line(&view).slope_se, sqrt(1.0 / 12),
                                 sqrt(1.0 / 6 / 3 / 2), 1e-12};
    return ST_OK;
}

/* Two texts bent to opposite sides have a straight mean. */
enum status entropy_se_mean_of_fits(struct fixture_values *v) {
    struct curves c = {.h = {{0, 1, 1}, {0, 0, 1}}};
    const struct entropy_view both = view_of(&c, 2);
    struct entropy_view one = both, other = both;
    one.texts = other.texts = 1;
    other.values += (size_t)HEADS * ENTROPY_POINTS;
    *v = (struct fixture_values){entropy_line(&both).slope_se, 0,
                                 (entropy_line(&one).slope_se + entropy_line(&other).slope_se) / 2,
                                 1e-12};
    return ST_OK;
}

static double mean_of(const void *data, const size_t *picked, size_t n) {
    const double *x = data;
    double sum = 0;
    for (size_t i = 0; i < n; i++) {
        sum += x[picked[i]] / (double)n;
    }
    return sum;
}

/* Slopes 0.25 and 0.75, each in four heads that are alike: two texts, not eight observations. A
 * quarter of the resamples has one text only. */
static struct interval of_texts(void) {
    struct curves c = {.h = {{1, 1.25, 1.5}, {1, 1.75, 2.5}}};
    const struct entropy_view view = view_of(&c, 2);
    return entropy_alpha(&view);
}

static struct interval of_heads(void) {
    static const double slopes[TEXTS * HEADS] = {.25, .25, .25, .25, .75, .75, .75, .75};
    return stats_group_interval(mean_of, slopes, TEXTS * HEADS);
}

enum status entropy_interval_low_of_heads(struct fixture_values *v) {
    *v = (struct fixture_values){of_texts().lo, 0.25, of_heads().lo, 1e-12};
    return ST_OK;
}

enum status entropy_interval_high_of_heads(struct fixture_values *v) {
    *v = (struct fixture_values){of_texts().hi, 0.75, of_heads().hi, 1e-12};
    return ST_OK;
}

enum status entropy_interval_of_one(struct fixture_values *v) {
    struct curves c;
    const struct entropy_view view = bent(&c);
    const struct interval alpha = entropy_alpha(&view);
    *v = (struct fixture_values){alpha.lo, NAN, alpha.value, 0};
    return ST_OK;
}
