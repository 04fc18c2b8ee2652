#include "projection_loss.h"

#include <math.h>
#include <stdbool.h>
#include <stdlib.h>

static double dot(const double *a, const double *b, int64_t n) {
    double sum = 0;
    for (int64_t i = 0; i < n; i++) {
        sum += a[i] * b[i];
    }
    return sum;
}

/* p (n) = softmax(z (n)); returns ln sum e^z. */
static double softmax(const double *z, int64_t n, double *p) {
    double most = -INFINITY, sum = 0;
    for (int64_t i = 0; i < n; i++) {
        most = fmax(most, z[i]);
    }
    for (int64_t i = 0; i < n; i++) {
        sum += exp(z[i] - most);
    }
    for (int64_t i = 0; i < n; i++) {
        p[i] = exp(z[i] - most) / sum;
    }
    return most + log(sum);
}

/* --- teacher ---------------------------------------------------------------------------------- */

static double score_of(const double *q, const double *k, int32_t d) {
    return dot(q, k, d) / sqrt((double)d);
}

void ref_projection_teacher(const double *q, const double *k, int32_t heads, int32_t kv_heads,
                            int32_t d, const int64_t *first, int64_t tokens, double *teacher) {
    for (int64_t t = 0; t < tokens; t++) {
        double *row = teacher + t * tokens;
        for (int64_t j = 0; j < tokens; j++) {
            row[j] = 0;
        }
        for (int32_t h = 0; h < heads; h++) {
            const double *query = q + (t * heads + h) * d;
            const int32_t kv = h / (heads / kv_heads);
            double most = -INFINITY, sum = 0;
            for (int64_t j = first[t]; j <= t; j++) {
                most = fmax(most, score_of(query, k + (j * kv_heads + kv) * d, d));
            }
            for (int64_t j = first[t]; j <= t; j++) {
                sum += exp(score_of(query, k + (j * kv_heads + kv) * d, d) - most);
            }
            for (int64_t j = first[t]; j <= t; j++) {
                const double score = score_of(query, k + (j * kv_heads + kv) * d, d);
                row[j] = fmax(row[j], exp(score - most) / sum);
            }
        }
    }
}

/* --- one query -------------------------------------------------------------------------------- */

/* Everything of one sequence; rows below are of one query's keys, from its first on. */
struct work {
    double *q, *k;   /* (tokens, d_search) */
    double *gq, *gk; /* the loss's gradient with respect to them */
    double *dots, *cosines;
    double *p_dots, *p_cosines;
    double *target;
    bool *positive;
};

static void mark_positives(const double *row, int64_t n, int64_t wanted, bool *positive) {
    for (int64_t j = 0; j < n; j++) {
        int64_t ahead = 0;
        for (int64_t i = 0; i < n; i++) {
            ahead += row[i] > row[j] || (row[i] == row[j] && i < j);
        }
        positive[j] = ahead < wanted;
    }
}

static void score_query(const struct ref_projection_case *c, struct work *w, int64_t t, int64_t n) {
    const int32_t d = c->d_search;
    const double *q = w->q + t * d, *row = c->teacher + t * c->tokens + c->first[t];
    double total = 0;
    for (int64_t j = 0; j < n; j++) {
        const double *k = w->k + (c->first[t] + j) * d;
        const double product = dot(q, k, d);
        w->dots[j] = product / sqrt((double)d);
        w->cosines[j] = product / sqrt(dot(q, q, d) * dot(k, k, d)) / c->temperature;
        total += row[j];
    }
    for (int64_t j = 0; j < n; j++) {
        w->target[j] = row[j] / total;
    }
    mark_positives(row, n, c->positives, w->positive);
}

/* Adds the gradient through the products and the cosines of query t, given how the loss moves with
 * key j's: by_dot and by_cosine. */
static void spread_gradient(const struct ref_projection_case *c, struct work *w, int64_t t,
                            int64_t j, double by_dot, double by_cosine) {
    const int32_t d = c->d_search;
    const int64_t key = c->first[t] + j;
    const double *q = w->q + t * d, *k = w->k + key * d;
    const double q_norm = sqrt(dot(q, q, d)), k_norm = sqrt(dot(k, k, d));
    const double cosine = dot(q, k, d) / (q_norm * k_norm);
    for (int32_t i = 0; i < d; i++) {
        w->gq[t * d + i] += by_dot * k[i] / sqrt((double)d);
        w->gk[key * d + i] += by_dot * q[i] / sqrt((double)d);
        w->gq[t * d + i] +=
            by_cosine / c->temperature * (k[i] / k_norm - cosine * q[i] / q_norm) / q_norm;
        w->gk[key * d + i] +=
            by_cosine / c->temperature * (q[i] / q_norm - cosine * k[i] / k_norm) / k_norm;
    }
}

static void add_query(const struct ref_projection_case *c, struct work *w, int64_t t,
                      struct ref_projection_loss *loss) {
    const int64_t n = t - c->first[t] + 1;
    double of_positives = 0;
    score_query(c, w, t, n);
    const double log_sum = softmax(w->dots, n, w->p_dots);
    softmax(w->cosines, n, w->p_cosines);
    for (int64_t j = 0; j < n; j++) {
        of_positives += w->positive[j] ? w->p_cosines[j] : 0;
        loss->divergence +=
            w->target[j] == 0 ? 0 : w->target[j] * (log(w->target[j]) - w->dots[j] + log_sum);
    }
    loss->contrastive -= log(of_positives);
    for (int64_t j = 0; j < n; j++) {
        const double taken = w->positive[j] ? w->p_cosines[j] / of_positives : 0;
        spread_gradient(c, w, t, j, w->p_dots[j] - w->target[j], w->p_cosines[j] - taken);
    }
}

/* --- all of them ------------------------------------------------------------------------------ */

static void project(const struct ref_projection_case *c, const double *w, double *out) {
    for (int64_t t = 0; t < c->tokens; t++) {
        for (int32_t i = 0; i < c->d_search; i++) {
            out[t * c->d_search + i] =
                dot(w + (int64_t)i * c->hidden, c->x + t * c->hidden, c->hidden);
        }
    }
}

/* out (d_search, hidden) = sum_t g[t] x[t]' / queries. */
static void gather_gradient(const struct ref_projection_case *c, const double *g, int64_t queries,
                            double *out) {
    for (int32_t i = 0; i < c->d_search; i++) {
        for (int32_t e = 0; e < c->hidden; e++) {
            double sum = 0;
            for (int64_t t = 0; t < c->tokens; t++) {
                sum += g[t * c->d_search + i] * c->x[t * c->hidden + e];
            }
            out[(int64_t)i * c->hidden + e] = sum / (double)queries;
        }
    }
}

static void run(const struct ref_projection_case *c, const double *wq, const double *wk,
                struct work *w, struct ref_projection_loss *loss) {
    project(c, wq, w->q);
    project(c, wk, w->k);
    *loss = (struct ref_projection_loss){.queries = 0};
    for (int64_t t = 0; t < c->tokens; t++) {
        if (t > c->first[t]) {
            add_query(c, w, t, loss);
            loss->queries++;
        }
    }
    loss->contrastive /= (double)loss->queries;
    loss->divergence /= (double)loss->queries;
}

int ref_projection_loss(const struct ref_projection_case *c, const double *wq, const double *wk,
                        struct ref_projection_loss *loss, double *gq, double *gk) {
    const size_t tokens = (size_t)c->tokens, width = (size_t)c->d_search;
    double *space = calloc(4 * tokens * width + 5 * tokens, sizeof *space);
    bool *positive = calloc(tokens, sizeof *positive);
    if (space == NULL || positive == NULL) {
        free(space);
        free(positive);
        return -1;
    }
    double *rows = space + 4 * tokens * width;
    struct work w = {.q = space,
                     .k = space + tokens * width,
                     .gq = space + 2 * tokens * width,
                     .gk = space + 3 * tokens * width,
                     .dots = rows,
                     .cosines = rows + tokens,
                     .p_dots = rows + 2 * tokens,
                     .p_cosines = rows + 3 * tokens,
                     .target = rows + 4 * tokens,
                     .positive = positive};
    run(c, wq, wk, &w, loss);
    if (gq != NULL) {
        gather_gradient(c, w.gq, loss->queries, gq);
    }
    if (gk != NULL) {
        gather_gradient(c, w.gk, loss->queries, gk);
    }
    free(space);
    free(positive);
    return 0;
}
