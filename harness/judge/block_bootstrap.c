#include "block_bootstrap.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { RESAMPLES = 1000 };

static const uint64_t first_state = 19891217; /* fixed: an interval can be computed again */

/* --- ranks ------------------------------------------------------------------------------------ */

/* A series with the place of each value among all, so that a resample is counted, not sorted. */
struct ranked {
    size_t n;
    uint32_t *sorted; /* (n) values, ascending */
    uint32_t *place;  /* (n) of value i in sorted */
    uint32_t *times;  /* (n) how often the value at a place was drawn */
};

static int ascending(const void *a, const void *b) {
    const uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;
    return (x > y) - (x < y);
}

static void ranked_free(struct ranked *r) {
    free(r->sorted);
    free(r->place);
    free(r->times);
    *r = (struct ranked){0};
}

/* 0, or -1 where memory is refused. */
static int ranked_make(const uint32_t *x, size_t n, struct ranked *out) {
    *out = (struct ranked){.n = n,
                           .sorted = malloc((n + 1) * sizeof *out->sorted),
                           .place = malloc((n + 1) * sizeof *out->place),
                           .times = calloc(n + 1, sizeof *out->times)};
    uint64_t *pairs = malloc((n + 1) * sizeof *pairs); /* value, index */
    if (out->sorted == NULL || out->place == NULL || out->times == NULL || pairs == NULL) {
        free(pairs);
        ranked_free(out);
        return -1;
    }
    for (size_t i = 0; i < n; i++) {
        pairs[i] = (uint64_t)x[i] << 32 | i;
    }
    qsort(pairs, n, sizeof *pairs, ascending);
    for (size_t i = 0; i < n; i++) {
        out->sorted[i] = (uint32_t)(pairs[i] >> 32);
        out->place[(uint32_t)pairs[i]] = (uint32_t)i;
    }
    free(pairs);
    return 0;
}

static void draw(struct ranked *r, size_t begin, size_t count) {
    for (size_t i = begin; i < begin + count; i++) {
        r->times[r->place[i]]++;
    }
}

/* Quantiles of what was drawn, n values; forgets it. */
static void take_quantiles(struct ranked *r, const int *permille, size_t count, double *out) {
    size_t seen = 0, at = 0;
    for (size_t q = 0; q < count; q++) {
        const size_t rank = block_rank(r->n, permille[q]);
        while (seen + r->times[at] < rank) {
            seen += r->times[at++];
        }
        out[q] = r->sorted[at];
    }
    memset(r->times, 0, r->n * sizeof *r->times);
}

size_t block_rank(size_t n, int permille) { return (n * (size_t)permille + 999) / 1000; }

/* --- intervals -------------------------------------------------------------------------------- */

static struct interval interval_of(double value, const double *resampled, size_t n) {
    return (struct interval){value, stats_quantile(resampled, n, 0.025),
                             stats_quantile(resampled, n, 0.975)};
}

/* Draws blocks until there are n values, the last block cut short. */
static void draw_blocks(struct ranked *r, size_t block, uint64_t *state) {
    for (size_t have = 0; have < r->n; have += block) {
        const size_t begin = stats_random(state) % (r->n - block + 1);
        draw(r, begin, block < r->n - have ? block : r->n - have);
    }
}

void block_quantiles(const uint32_t *x, size_t n, size_t block, const int *permille, size_t count,
                     struct interval *out) {
    double *values = malloc((count * RESAMPLES + 1) * sizeof *values); /* (RESAMPLES, count) */
    double *one = malloc(RESAMPLES * sizeof *one);
    struct ranked r = {0};
    for (size_t q = 0; q < count; q++) {
        out[q] = (struct interval){NAN, NAN, NAN};
    }
    if (n == 0 || values == NULL || one == NULL || ranked_make(x, n, &r) != 0) {
        free(values);
        free(one);
        return;
    }
    uint64_t state = first_state;
    const size_t resamples = n > block ? RESAMPLES : 0;
    for (size_t i = 0; i < resamples; i++) {
        draw_blocks(&r, block, &state);
        take_quantiles(&r, permille, count, values + i * count);
    }
    for (size_t q = 0; q < count; q++) {
        for (size_t i = 0; i < resamples; i++) {
            one[i] = values[i * count + q];
        }
        out[q] = interval_of(r.sorted[block_rank(n, permille[q]) - 1], one, resamples);
    }
    ranked_free(&r);
    free(values);
    free(one);
}

/* sums (n + 1): of the first i values. */
static double mean_of_blocks(const double *sums, size_t n, size_t block, uint64_t *state) {
    double sum = 0;
    for (size_t have = 0; have < n; have += block) {
        const size_t begin = stats_random(state) % (n - block + 1);
        const size_t count = block < n - have ? block : n - have;
        sum += sums[begin + count] - sums[begin];
    }
    return sum / (double)n;
}

struct interval block_mean(const uint32_t *x, size_t n, size_t block) {
    double values[RESAMPLES], *sums = calloc(n + 1, sizeof *sums);
    if (n == 0 || sums == NULL) {
        free(sums);
        return (struct interval){NAN, NAN, NAN};
    }
    for (size_t i = 0; i < n; i++) {
        sums[i + 1] = sums[i] + x[i]; /* whole numbers below 2^53: exact */
    }
    uint64_t state = first_state;
    const size_t resamples = n > block ? RESAMPLES : 0;
    for (size_t i = 0; i < resamples; i++) {
        values[i] = mean_of_blocks(sums, n, block, &state);
    }
    const struct interval out = interval_of(sums[n] / (double)n, values, resamples);
    free(sums);
    return out;
}

/* --- ratios over rounds ----------------------------------------------------------------------- */

/* Means of the rounds; NULL: no memory. */
static double *round_means(const struct block_rounds *r) {
    double *means = calloc(r->rounds + 1, sizeof *means);
    for (size_t i = 0; means != NULL && i < r->rounds; i++) {
        for (size_t j = 0; j < r->each; j++) {
            means[i] += r->x[i * r->each + j];
        }
        means[i] /= (double)r->each;
    }
    return means;
}

struct interval block_ratio_of_means(const struct block_rounds *a, const struct block_rounds *b) {
    double *x = round_means(a), *y = round_means(b);
    struct interval out = {NAN, NAN, NAN};
    if (x != NULL && y != NULL) {
        out = stats_ratio_of_sums(x, y, a->rounds);
    }
    free(x);
    free(y);
    return out;
}

static double quantile_ratio(struct ranked *a, struct ranked *b, int permille) {
    double over, under;
    take_quantiles(a, &permille, 1, &over);
    take_quantiles(b, &permille, 1, &under);
    return over / under;
}

static struct interval resample_rounds(struct ranked *a, struct ranked *b, size_t rounds,
                                       int permille) {
    const size_t each_a = a->n / rounds, each_b = b->n / rounds;
    double values[RESAMPLES];
    draw(a, 0, a->n);
    draw(b, 0, b->n);
    const double value = quantile_ratio(a, b, permille);
    uint64_t state = first_state;
    const size_t resamples = rounds > 1 ? RESAMPLES : 0;
    for (size_t i = 0; i < resamples; i++) {
        for (size_t j = 0; j < rounds; j++) {
            const size_t round = stats_random(&state) % rounds;
            draw(a, round * each_a, each_a);
            draw(b, round * each_b, each_b);
        }
        values[i] = quantile_ratio(a, b, permille);
    }
    return interval_of(value, values, resamples);
}

struct interval block_ratio_of_quantiles(const struct block_rounds *a, const struct block_rounds *b,
                                         int permille) {
    struct interval out = {NAN, NAN, NAN};
    struct ranked x = {0}, y = {0};
    if (a->rounds * a->each > 0 && b->rounds * b->each > 0 &&
        ranked_make(a->x, a->rounds * a->each, &x) == 0 &&
        ranked_make(b->x, b->rounds * b->each, &y) == 0) {
        out = resample_rounds(&x, &y, a->rounds, permille);
    }
    ranked_free(&x);
    ranked_free(&y);
    return out;
}
