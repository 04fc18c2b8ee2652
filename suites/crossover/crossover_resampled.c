/* Resampled data: a smoothed bootstrap of a trace's tokens.
 *
 * Key 0 is the text's first token as it is: models send to it what attention they have no use for,
 * and a text has one beginning.  Every other key is a token drawn from the rest, with
 * its own value, and the key moved by BANDWIDTH L z, where L L' is the covariance of the head's
 * keys and z standard Gaussian.  All heads draw the same tokens.  Queries are the trace's last
 * ones, as they are.  With twice the trace's dimensions, a head is two captured heads of one layer
 * side by side.
 *
 * BANDWIDTH: without noise N >> tokens keys would be copies.  Scott's factor, tokens^(-1/(d+4)), is
 * near 0.9 in 64 dimensions and adds a tenth to the attention mass of the 64 largest keys; 0.2 is
 * the largest tenth that leaves the mass of the 64 and of the 128 largest within 0.015 of the
 * captured one, on 2,048 tokens and on 8,192.
 *
 * What it cannot be: the mass of a share of the keys is that of the captured text at any N, while
 * in longer real texts it gathers in a smaller share.  Source: Silverman, "Density Estimation for
 * Statistics and Data Analysis" (1986), section 6.4. */
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "../../datasets/rng.h"
#include "../../harness/base/memory.h"
#include "crossover_capture.h"
#include "crossover_rows.h"

static const double bandwidth = 0.2;

struct resampling {
    struct crossover_data *d;
    struct crossover_capture capture;
    double *factors; /* (captured heads, dimension, dimension) bandwidth L, column after column */
};

/* covariance (d, d) of all tokens but the first. */
static void keys_covariance(const float *k, int64_t tokens, int32_t d, double *covariance) {
    double mean[CROSSOVER_D_MOST] = {0};
    const double count = (double)(tokens - 1);
    for (int64_t i = 1; i < tokens; i++) {
        for (int32_t c = 0; c < d; c++) {
            mean[c] += (double)k[i * d + c] / count;
        }
    }
    for (int64_t i = 1; i < tokens; i++) {
        for (int32_t a = 0; a < d; a++) {
            const double off = ((double)k[i * d + a] - mean[a]) / count;
            for (int32_t b = 0; b < d; b++) {
                covariance[a * d + b] += off * ((double)k[i * d + b] - mean[b]);
            }
        }
    }
}

/* Cholesky: a (d, d), symmetric, becomes L column after column, entry (row, column) at
 * [column * d + row].  A direction without variance gets no noise. */
static void factorise(double *a, int32_t d) {
    for (int32_t j = 0; j < d; j++) {
        for (int32_t p = 0; p < j; p++) {
            for (int32_t i = j; i < d; i++) {
                a[j * d + i] -= a[p * d + i] * a[p * d + j];
            }
        }
        const double pivot = a[j * d + j] > 0 ? sqrt(a[j * d + j]) : 0;
        for (int32_t i = j; i < d; i++) {
            a[j * d + i] = pivot > 0 ? a[j * d + i] / pivot : 0;
        }
    }
}

static enum status make_factors(struct resampling *r) {
    const struct trace *t = r->capture.t;
    const int32_t heads = crossover_capture_heads(&r->capture), d = t->head_dim;
    r->factors = mem_alloc_array((size_t)heads, (size_t)(d * d) * sizeof *r->factors);
    for (int32_t h = 0; h < heads && r->factors != NULL; h++) {
        double *factor = r->factors + (int64_t)h * d * d;
        keys_covariance(crossover_capture_keys(&r->capture, h), t->tokens, d, factor);
        factorise(factor, d);
        for (int32_t c = 0; c < d * d; c++) {
            factor[c] *= bandwidth;
        }
    }
    return r->factors == NULL ? ST_SYSTEM : ST_OK;
}

static int64_t drawn_token(const struct resampling *r, int64_t row) {
    uint32_t words[4];
    if (row == 0) {
        return 0;
    }
    rng_words(r->d->plan.seed, CROSSOVER_STREAM_TOKEN, (uint64_t)row, 0, words);
    return 1 + rng_below(words[0], (uint32_t)(r->capture.t->tokens - 1));
}

/* Captured head of a part of a head. */
static int32_t captured_head(const struct resampling *r, int32_t head, int32_t part) {
    return part == 0 ? head : crossover_capture_next(&r->capture, head);
}

/* out = key + factor z */
static void move_key(const float *key, const double *factor, const double *z, int32_t d,
                     float *out) {
    double moved[CROSSOVER_D_MOST];
    for (int32_t i = 0; i < d; i++) {
        moved[i] = (double)key[i];
    }
    for (int32_t j = 0; j < d; j++) {
        for (int32_t i = j; i < d; i++) {
            moved[i] += factor[j * d + i] * z[j];
        }
    }
    for (int32_t i = 0; i < d; i++) {
        out[i] = (float)moved[i];
    }
}

static void resample_row(void *arg, int32_t head, int64_t row) {
    const struct resampling *r = arg;
    const struct crossover_plan *p = &r->d->plan;
    const int32_t part_d = r->capture.t->head_dim;
    const int64_t token = drawn_token(r, row), at = (head * p->n + row) * p->d;
    double z[CROSSOVER_D_MOST] = {0};
    if (row > 0) {
        rng_gaussians(p->seed, CROSSOVER_STREAM_K, crossover_address(head, row), z, (size_t)p->d);
    }
    for (int32_t part = 0; part < p->d / part_d; part++) {
        const int32_t from = captured_head(r, head, part);
        const double *factor = r->factors + (int64_t)from * part_d * part_d;
        move_key(crossover_capture_keys(&r->capture, from) + token * part_d, factor,
                 z + part * part_d, part_d, r->d->k + at + part * part_d);
        memcpy(r->d->v + at + part * part_d,
               crossover_capture_values(&r->capture, from) + token * part_d,
               (size_t)part_d * sizeof(float));
    }
}

/* The keys that the trace's last queries read: up to the first of those queries. */
static int64_t last_context(const struct resampling *r) {
    return r->capture.t->tokens - CROSSOVER_LATE + 1;
}

static void copy_query(void *arg, int32_t head, int64_t row) {
    const struct resampling *r = arg;
    const struct crossover_plan *p = &r->d->plan;
    const int32_t part_d = r->capture.t->head_dim;
    for (int32_t part = 0; part < p->d / part_d; part++) {
        memcpy(r->d->q + (head * p->queries + row) * p->d + part * part_d,
               crossover_capture_query(&r->capture, captured_head(r, head, part), last_context(r),
                                       row),
               (size_t)part_d * sizeof(float));
    }
}

static enum status check(const struct resampling *r) {
    const struct crossover_plan *p = &r->d->plan;
    const struct trace *t = r->capture.t;
    if (p->d != t->head_dim && p->d != 2 * t->head_dim) {
        return status_set(ST_INPUT, "crossover: resampled keys have %d or %d dimensions, not %d",
                          t->head_dim, 2 * t->head_dim, p->d);
    }
    if (p->d != t->head_dim && t->kv_heads == 1) {
        return status_set(ST_INPUT,
                          "crossover: no two heads of a layer to make %d dimensions of; "
                          "use %d",
                          p->d, t->head_dim);
    }
    if (t->tokens < CROSSOVER_LATE) {
        return status_set(ST_INPUT, "crossover: %lld captured tokens to draw from; use %d or more",
                          (long long)t->tokens, CROSSOVER_LATE);
    }
    return crossover_capture_check(&r->capture, p, last_context(r));
}

enum status crossover_fill_resampled(struct crossover_data *d, int threads) {
    struct resampling r = {.d = d};
    const struct crossover_plan *p = &d->plan;
    enum status st = crossover_capture_open(p, &r.capture);
    st = st == ST_OK ? check(&r) : st;
    st = st == ST_OK ? crossover_data_room(d) : st;
    st = st == ST_OK ? make_factors(&r) : st;
    if (st == ST_OK) {
        crossover_each_row(threads, p->heads, p->n, resample_row, &r);
        crossover_each_row(threads, p->heads, p->queries, copy_query, &r);
        crossover_reduce(d, threads);
        snprintf(d->note, sizeof d->note,
                 "synthetic: %lld captured tokens drawn again with noise of %.1f of their standard "
                 "deviation, the first once; captured queries%s",
                 (long long)r.capture.t->tokens, bandwidth,
                 p->d == r.capture.t->head_dim ? "" : "; two captured heads side by side");
    }
    mem_free(r.factors);
    crossover_capture_close(&r.capture);
    return st;
}
