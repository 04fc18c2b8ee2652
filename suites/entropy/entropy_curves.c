#include "entropy_curves.h"

#include <math.h>

const char *const entropy_population_names[ENTROPY_POPULATIONS] = {"last", "all", "last-8"};

size_t entropy_point_count(int64_t length) {
    size_t n = 0;
    while (n < ENTROPY_POINTS && entropy_context(n) <= length) {
        n++;
    }
    return n;
}

int64_t entropy_context(size_t point) { return (int64_t)ENTROPY_SHORTEST << point; }

void entropy_rows_of(enum entropy_population p, int64_t context, int64_t *first, int64_t *behind) {
    *behind = context;
    *first = p == ENTROPY_LAST ? context - 1 : p == ENTROPY_ALL ? 0 : context - ENTROPY_TAIL;
}

double entropy_abscissa(enum entropy_population p, int64_t context) {
    double sum = 0;
    for (int64_t n = context - ENTROPY_TAIL + 1; n <= context; n++) {
        sum += log((double)n);
    }
    return p == ENTROPY_LAST_FEW ? sum / ENTROPY_TAIL : log((double)context);
}

struct entropy_mean entropy_over_rows(enum entropy_population p, int64_t context, const double *h) {
    struct entropy_mean sum = {0, 0};
    int64_t first, behind;
    entropy_rows_of(p, context, &first, &behind);
    for (int64_t t = first; t < behind; t++) {
        sum.h += h[t];
        sum.exp_h += exp(h[t]);
    }
    const double rows = (double)(behind - first);
    return (struct entropy_mean){sum.h / rows, sum.exp_h / rows};
}

/* Of one text, over the view's heads. */
static struct entropy_mean of_text(const struct entropy_view *v, size_t text, size_t point) {
    struct entropy_mean sum = {0, 0};
    for (size_t head = v->first; head < v->first + v->count; head++) {
        const struct entropy_mean *m =
            &v->values[(text * v->heads + head) * ENTROPY_POINTS + point];
        sum.h += m->h;
        sum.exp_h += m->exp_h;
    }
    return (struct entropy_mean){sum.h / (double)v->count, sum.exp_h / (double)v->count};
}

struct entropy_mean entropy_at(const struct entropy_view *v, size_t point) {
    struct entropy_mean sum = {0, 0};
    for (size_t text = 0; text < v->texts; text++) {
        const struct entropy_mean m = of_text(v, text, point);
        sum.h += m.h;
        sum.exp_h += m.exp_h;
    }
    return (struct entropy_mean){sum.h / (double)v->texts, sum.exp_h / (double)v->texts};
}

uint64_t entropy_rows_behind(const struct entropy_view *v, size_t point) {
    int64_t first, behind;
    entropy_rows_of(v->population, entropy_context(point), &first, &behind);
    return (uint64_t)(behind - first) * v->count * v->texts;
}

double entropy_keys_exp_mean(const struct entropy_view *v, size_t point) {
    return exp(entropy_at(v, point).h);
}

double entropy_keys_mean_exp(const struct entropy_view *v, size_t point) {
    return entropy_at(v, point).exp_h;
}

static double abscissa(const struct entropy_view *v, size_t point) {
    return entropy_abscissa(v->population, entropy_context(point));
}

double entropy_local_slope(const struct entropy_view *v, size_t point) {
    if (point == 0) {
        return NAN;
    }
    return (entropy_at(v, point).h - entropy_at(v, point - 1).h) /
           (abscissa(v, point) - abscissa(v, point - 1));
}

/* The line through a curve of the view's points. */
static struct stats_line line_through(const struct entropy_view *v, const double *h) {
    double x[ENTROPY_POINTS];
    for (size_t i = 0; i < v->points; i++) {
        x[i] = abscissa(v, i);
    }
    return stats_line(x, h, v->points);
}

struct stats_line entropy_line(const struct entropy_view *v) {
    double h[ENTROPY_POINTS];
    for (size_t i = 0; i < v->points; i++) {
        h[i] = entropy_at(v, i).h;
    }
    return line_through(v, h);
}

static double mean_of(const void *data, const size_t *picked, size_t n) {
    const double *slopes = data;
    double sum = 0;
    for (size_t i = 0; i < n; i++) {
        sum += slopes[picked[i]];
    }
    return sum / (double)n;
}

/* A slope at fixed N is linear in H: the slope of a resample's mean curve is the mean of its texts'
 * slopes. */
struct interval entropy_alpha(const struct entropy_view *v) {
    double slopes[ENTROPY_TEXTS];
    const size_t texts = v->texts < ENTROPY_TEXTS ? v->texts : ENTROPY_TEXTS;
    for (size_t text = 0; text < texts; text++) {
        double h[ENTROPY_POINTS];
        for (size_t i = 0; i < v->points; i++) {
            h[i] = of_text(v, text, i).h;
        }
        slopes[text] = line_through(v, h).slope;
    }
    struct interval out = stats_group_interval(mean_of, slopes, texts);
    out.value = entropy_line(v).slope;
    return out;
}
