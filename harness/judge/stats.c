#include "stats.h"

#include <math.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

enum { RESAMPLES = 1000, GROUP_RESAMPLES = 10000 };

static int ascending(const void *a, const void *b) {
    double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

double stats_mean(const double *x, size_t n) {
    double sum = 0;
    for (size_t i = 0; i < n; i++) {
        sum += x[i];
    }
    return n > 0 ? sum / (double)n : NAN;
}

static double *sorted_copy(const double *x, size_t n) {
    double *copy = n > 0 ? malloc(n * sizeof *copy) : NULL;
    if (copy != NULL) {
        memcpy(copy, x, n * sizeof *copy);
        qsort(copy, n, sizeof *copy, ascending);
    }
    return copy;
}

static double quantile_sorted(const double *x, size_t n, double p) {
    double rank = ceil(p * (double)n);
    return x[rank < 1 ? 0 : (size_t)rank - 1];
}

static double median_sorted(const double *x, size_t n) {
    return n % 2 == 1 ? x[n / 2] : (x[n / 2 - 1] + x[n / 2]) / 2;
}

double stats_quantile(const double *x, size_t n, double p) {
    double *s = sorted_copy(x, n);
    double q = s != NULL ? quantile_sorted(s, n, p) : NAN;
    free(s);
    return q;
}

double stats_median(const double *x, size_t n) {
    double *s = sorted_copy(x, n);
    double m = s != NULL ? median_sorted(s, n) : NAN;
    free(s);
    return m;
}

uint64_t stats_random(uint64_t *state) {
    uint64_t z = *state += 0x9E3779B97F4A7C15u;
    z = (z ^ z >> 30) * 0xBF58476D1CE4E5B9u;
    z = (z ^ z >> 27) * 0x94D049BB133111EBu;
    return z ^ z >> 31;
}

typedef double statistic(const double *a, const double *b, size_t n);

static double ratio_of_sums(const double *a, const double *b, size_t n) {
    return stats_mean(a, n) / stats_mean(b, n);
}

static double ratio_of_medians(const double *a, const double *b, size_t n) {
    return stats_median(a, n) / stats_median(b, n);
}

static double first_mean(const double *a, const double *b, size_t n) {
    (void)b;
    return stats_mean(a, n);
}

static double first_median(const double *a, const double *b, size_t n) {
    (void)b;
    return stats_median(a, n);
}

/* Percentile interval of a statistic of n groups. */
static struct interval resample(stats_of_groups *f, const void *data, size_t n, size_t resamples) {
    struct interval out = {NAN, NAN, NAN};
    size_t *picked = malloc((n + 1) * sizeof *picked);
    double *values = malloc(resamples * sizeof *values);
    size_t kept = 0;
    uint64_t state = 20230953; /* fixed: the interval of a record can be recomputed */
    for (size_t i = 0; picked != NULL && i < n; i++) {
        picked[i] = i;
    }
    out.value = picked != NULL && n > 0 ? f(data, picked, n) : NAN;
    for (size_t r = 0; picked != NULL && values != NULL && n > 1 && r < resamples; r++) {
        for (size_t i = 0; i < n; i++) {
            picked[i] = (size_t)(stats_random(&state) % n);
        }
        values[kept] = f(data, picked, n);
        kept += isfinite(values[kept]) ? 1 : 0;
    }
    if (kept > 0) {
        qsort(values, kept, sizeof *values, ascending);
        out.lo = quantile_sorted(values, kept, 0.025);
        out.hi = quantile_sorted(values, kept, 0.975);
    }
    free(picked);
    free(values);
    return out;
}

struct interval stats_group_interval(stats_of_groups *f, const void *data, size_t n) {
    return resample(f, data, n, GROUP_RESAMPLES);
}

/* Pairs of samples, and room for those of one resample. */
struct pairs {
    statistic *f;
    const double *a, *b;
    double *picked_a, *picked_b;
};

static double of_pairs(const void *data, const size_t *picked, size_t n) {
    const struct pairs *p = data;
    for (size_t i = 0; i < n; i++) {
        p->picked_a[i] = p->a[picked[i]];
        p->picked_b[i] = p->b[picked[i]];
    }
    return p->f(p->picked_a, p->picked_b, n);
}

static struct interval bootstrap(statistic *f, const double *a, const double *b, size_t n) {
    double *work = malloc((2 * n + 1) * sizeof *work);
    if (work == NULL) {
        return (struct interval){n > 0 ? f(a, b, n) : NAN, NAN, NAN};
    }
    const struct pairs p = {f, a, b, work, work + n};
    struct interval out = resample(of_pairs, &p, n, RESAMPLES);
    free(work);
    return out;
}

struct interval stats_mean_interval(const double *x, size_t n) {
    return bootstrap(first_mean, x, x, n);
}

struct interval stats_median_interval(const double *x, size_t n) {
    return bootstrap(first_median, x, x, n);
}

struct interval stats_ratio_of_sums(const double *a, const double *b, size_t n) {
    return bootstrap(ratio_of_sums, a, b, n);
}

struct interval stats_ratio_of_medians(const double *a, const double *b, size_t n) {
    return bootstrap(ratio_of_medians, a, b, n);
}

/* --- lines ------------------------------------------------------------------------------------ */

struct stats_line stats_line(const double *x, const double *y, size_t n) {
    struct stats_line out = {NAN, NAN, NAN, NAN};
    const double mx = stats_mean(x, n), my = stats_mean(y, n);
    double xx = 0, xy = 0, residual = 0;
    for (size_t i = 0; i < n; i++) {
        xx += (x[i] - mx) * (x[i] - mx);
        xy += (x[i] - mx) * (y[i] - my);
    }
    if (!(xx > 0)) {
        return out;
    }
    out.slope = xy / xx;
    out.intercept = my - out.slope * mx;
    for (size_t i = 0; i < n; i++) {
        const double r = y[i] - my - out.slope * (x[i] - mx);
        residual += r * r;
    }
    if (n > 2) {
        const double variance = residual / (double)(n - 2);
        out.slope_se = sqrt(variance / xx);
        out.intercept_se = sqrt(variance * (1 / (double)n + mx * mx / xx));
    }
    return out;
}

/* --- ranks ------------------------------------------------------------------------------------ */

struct ranked {
    double value;
    bool first;
};

static int by_value(const void *a, const void *b) {
    return ascending(&((const struct ranked *)a)->value, &((const struct ranked *)b)->value);
}

/* Rank sum of the first sample, and sum of t^3 - t over groups of ties. */
static double rank_sum(const struct ranked *all, size_t n, double *ties) {
    double sum = 0;
    *ties = 0;
    for (size_t i = 0; i < n;) {
        size_t end = i;
        while (end < n && all[end].value == all[i].value) {
            end++;
        }
        double t = (double)(end - i), rank = (double)(i + end + 1) / 2;
        *ties += t * t * t - t;
        for (; i < end; i++) {
            sum += all[i].first ? rank : 0;
        }
    }
    return sum;
}

double stats_mann_whitney(const double *a, size_t na, const double *b, size_t nb) {
    size_t n = na + nb;
    struct ranked *all = na > 0 && nb > 0 ? malloc(n * sizeof *all) : NULL;
    if (all == NULL) {
        return NAN;
    }
    for (size_t i = 0; i < n; i++) {
        all[i] = (struct ranked){i < na ? a[i] : b[i - na], i < na};
    }
    qsort(all, n, sizeof *all, by_value);
    double ties, x = (double)na, y = (double)nb, total = (double)n;
    double u = rank_sum(all, n, &ties) - x * (x + 1) / 2;
    free(all);
    double variance = x * y / 12 * (total + 1 - ties / (total * (total - 1)));
    double distance = fabs(u - x * y / 2) - 0.5;
    if (variance <= 0 || distance <= 0) {
        return 1;
    }
    return erfc(distance / sqrt(2 * variance));
}
