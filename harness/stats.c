#include "stats.h"

#include <math.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

enum { RESAMPLES = 1000 };

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

/* splitmix64 (Steele, Lea, Flood, OOPSLA 2014): enough to draw resampling indices. */
static uint64_t next_random(uint64_t *state) {
    uint64_t z = *state += 0x9E3779B97F4A7C15u;
    z = (z ^ z >> 30) * 0xBF58476D1CE4E5B9u;
    z = (z ^ z >> 27) * 0x94D049BB133111EBu;
    return z ^ z >> 31;
}

typedef double (*statistic)(const double *a, const double *b, size_t n);

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

static struct interval bootstrap(statistic f, const double *a, const double *b, size_t n) {
    struct interval out = {n > 0 ? f(a, b, n) : NAN, NAN, NAN};
    double *work = n > 1 ? malloc((2 * n + RESAMPLES) * sizeof *work) : NULL;
    if (work == NULL) {
        return out;
    }
    double *ra = work, *rb = work + n, *values = work + 2 * n;
    uint64_t state = 20230953; /* fixed: the interval of a record can be recomputed */
    for (int r = 0; r < RESAMPLES; r++) {
        for (size_t i = 0; i < n; i++) {
            size_t pick = (size_t)(next_random(&state) % n);
            ra[i] = a[pick];
            rb[i] = b[pick];
        }
        values[r] = f(ra, rb, n);
    }
    qsort(values, RESAMPLES, sizeof *values, ascending);
    out.lo = quantile_sorted(values, RESAMPLES, 0.025);
    out.hi = quantile_sorted(values, RESAMPLES, 0.975);
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
