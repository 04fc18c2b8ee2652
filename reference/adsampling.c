#include "adsampling.h"

#include <math.h>
#include <stdlib.h>

static void clear(int32_t d, const struct ref_ads_params *p, struct ref_ads_answer *out) {
    for (int32_t i = 0; i < p->k; i++) {
        out->ids[i] = -1;
        out->dist[i] = INFINITY;
    }
    for (int32_t g = 0; g <= (d + p->delta - 1) / p->delta; g++) {
        out->levels[g] = 0;
    }
    out->ambiguous = 0;
    out->undetermined = 0;
}

static double tau(const struct ref_ads_params *p, const struct ref_ads_answer *out) {
    return out->dist[p->k - 1];
}

static void insert(const struct ref_ads_params *p, struct ref_ads_answer *out, int32_t id,
                   double value) {
    int32_t at = p->k - 1;
    while (at > 0 && out->dist[at - 1] > value) {
        out->dist[at] = out->dist[at - 1];
        out->ids[at] = out->ids[at - 1];
        at--;
    }
    out->dist[at] = value;
    out->ids[at] = id;
}

static double threshold(double t, int32_t i, int32_t d, double eps0) {
    double slack = 1 + eps0 / sqrt((double)i);
    return t * ((double)i / (double)d) * slack * slack;
}

static double partial_sum(const float *row, const float *query, int32_t from, int32_t to,
                          double sum) {
    for (int32_t i = from; i < to; i++) {
        double t = (double)row[i] - (double)query[i];
        sum += t * t;
    }
    return sum;
}

/* Relative error of comparing a float32 partial sum of i terms with a threshold made of a float32
 * tau of d terms. */
static double tolerance(const struct ref_ads_params *p, int32_t i, int32_t d) {
    return p->unit * (double)(i + d + 8);
}

static int close_to(double a, double b, double relative) {
    return isfinite(b) && fabs(a - b) <= relative * b;
}

/* Notes that a decision about `row` against tau t was closer than rounding. */
static void note_ambiguous(const float *row, const float *query, int32_t d, double t,
                           const struct ref_ads_params *p, struct ref_ads_answer *out) {
    out->ambiguous++;
    if (partial_sum(row, query, 0, d, 0) <= t * (1 + tolerance(p, d, d))) {
        out->undetermined = 1;
    }
}

/* Finishes one candidate from dimension i on, whose partial sum is given, against tau t. */
static void finish(const float *row, int32_t id, int32_t d, const float *query, int32_t i,
                   double sum, double t, const struct ref_ads_params *p,
                   struct ref_ads_answer *out) {
    while (i < d) {
        int32_t next = i + p->delta < d ? i + p->delta : d;
        sum = partial_sum(row, query, i, next, sum);
        i = next;
        if (i == d) {
            break;
        }
        double limit = threshold(t, i, d, p->eps0);
        if (close_to(sum, limit, tolerance(p, i, d))) {
            note_ambiguous(row, query, d, t, p, out);
        }
        if (sum >= limit) {
            break;
        }
    }
    out->levels[(i + p->delta - 1) / p->delta]++;
    if (i == d && sum < tau(p, out)) {
        insert(p, out, id, sum);
    }
}

void ref_ads_horizontal(const float *base, int64_t n, int32_t d, const float *query,
                        const struct ref_ads_params *p, struct ref_ads_answer *out) {
    clear(d, p, out);
    for (int64_t j = 0; j < n; j++) {
        finish(base + j * d, (int32_t)j, d, query, 0, 0, tau(p, out), p, out);
    }
}

/* Advances a block until its survivors are to be finished apart; alive[] and sum[] are left for
 * them. Returns the dimensions read by every candidate of the block. */
static int32_t advance(const float *base, int64_t first, int32_t m, int32_t d, const float *query,
                       double start, const struct ref_ads_params *p, double *sum,
                       unsigned char *alive, struct ref_ads_answer *out) {
    int32_t i = 0, end = p->vertical_dims < d ? p->vertical_dims : d;
    while (i < end) {
        int32_t next = i + p->delta < end ? i + p->delta : end;
        int32_t left = 0, unsure = 0;
        for (int32_t j = 0; j < m; j++) {
            const float *row = base + (first + j) * d;
            sum[j] = partial_sum(row, query, i, next, sum[j]);
            double limit = next < d ? threshold(start, next, d, p->eps0) : INFINITY;
            if (alive[j] && close_to(sum[j], limit, tolerance(p, next, d))) {
                note_ambiguous(row, query, d, start, p, out);
                unsure++;
            }
            alive[j] = alive[j] && !(sum[j] >= limit);
            left += alive[j];
        }
        i = next;
        double few = p->survivor_share * (double)p->block;
        if (unsure > 0 && left + unsure > few && left - unsure <= few) {
            out->ambiguous += (uint64_t)m; /* the whole block may read another group */
        }
        if (left <= few) {
            break;
        }
    }
    return i;
}

int ref_ads_vertical(const float *base, int64_t n, int32_t d, const float *query,
                     const struct ref_ads_params *p, struct ref_ads_answer *out) {
    double *sum = calloc((size_t)p->block, sizeof *sum);
    unsigned char *alive = calloc((size_t)p->block, 1);
    if (sum == NULL || alive == NULL) {
        free(sum);
        free(alive);
        return -1;
    }
    clear(d, p, out);
    for (int64_t first = 0; first < n; first += p->block) {
        int32_t m = n - first < p->block ? (int32_t)(n - first) : p->block;
        for (int32_t j = 0; j < m; j++) {
            sum[j] = 0;
            alive[j] = 1;
        }
        double start = tau(p, out);
        int32_t i = advance(base, first, m, d, query, start, p, sum, alive, out);
        for (int32_t j = 0; j < m; j++) {
            if (alive[j]) {
                finish(base + (first + j) * d, (int32_t)(first + j), d, query, i, sum[j], start, p,
                       out);
            } else {
                out->levels[(i + p->delta - 1) / p->delta]++;
            }
        }
    }
    free(sum);
    free(alive);
    return 0;
}
