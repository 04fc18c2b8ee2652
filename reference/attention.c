#include "attention.h"

#include <math.h>
#include <stdlib.h>

#include "rank.h"

struct scored {
    double score;
    int64_t index;
};

static int better_first(const void *a, const void *b) {
    const struct scored *x = a, *y = b;
    if (x->score != y->score) {
        return x->score > y->score ? -1 : 1;
    }
    return x->index < y->index ? -1 : x->index > y->index;
}

static void score_keys(const struct ref_attention_query *query, struct ref_attention_answer *answer,
                       struct scored *order) {
    answer->terms = 0;
    for (int64_t j = 0; j < query->n; j++) {
        double score = 0, terms = 0;
        for (int32_t i = 0; i < query->d; i++) {
            const double product = query->q[i] * query->k[j * query->d + i];
            score += product;
            terms += fabs(product);
        }
        order[j] = (struct scored){score / sqrt(query->d), j};
        answer->terms = fmax(answer->terms, terms / sqrt(query->d));
        answer->weights[j] = 0;
    }
}

static void weigh_values(const struct ref_attention_query *query, const struct scored *order,
                         int64_t kept, double sum, struct ref_attention_answer *answer) {
    for (int32_t i = 0; i < query->d; i++) {
        answer->out[i] = answer->magnitude[i] = answer->near[i] = 0;
    }
    for (int64_t r = 0; r < kept; r++) {
        const double weight = exp(order[r].score - order[0].score) / sum;
        answer->weights[order[r].index] = weight;
        for (int32_t i = 0; i < query->d; i++) {
            answer->out[i] += weight * query->v[order[r].index * query->d + i];
            answer->magnitude[i] += weight * fabs(query->v[order[r].index * query->d + i]);
        }
    }
}

static double largest_value(const struct ref_attention_query *query, int32_t i) {
    double most = 0;
    for (int64_t j = 0; j < query->n; j++) {
        most = fmax(most, fabs(query->v[j * query->d + i]));
    }
    return most;
}

/* Keys in doubt weigh w together and add m to the sum of weighted |values|: with any of them in or
 * out the quotient moves by at most (m + w |out|) / (1 - w), and by no more than from one end of
 * the values to the other. */
static void weigh_doubt(const struct ref_attention_query *query, const struct scored *order,
                        int64_t kept, double sum, struct ref_attention_answer *answer) {
    const double doubt = query->doubt * answer->terms, worst = order[kept - 1].score;
    if (query->doubt < 0 || kept == query->n || worst - order[kept].score > doubt) {
        return;
    }
    double together = 0;
    for (int64_t r = 0; r < query->n; r++) {
        if (fabs(order[r].score - worst) <= doubt) {
            const double weight = exp(order[r].score - order[0].score) / sum;
            together += weight;
            for (int32_t i = 0; i < query->d; i++) {
                answer->near[i] += weight * fabs(query->v[order[r].index * query->d + i]);
            }
        }
    }
    for (int32_t i = 0; i < query->d; i++) {
        const double moved = answer->near[i] + together * fabs(answer->out[i]);
        const double all = 2 * largest_value(query, i);
        answer->near[i] = together < 1 ? fmin(moved / (1 - together), all) : all;
    }
}

int ref_attention_chosen(const struct ref_attention_query *query,
                         struct ref_attention_answer *answer) {
    const int64_t n = query->n, kept = query->chosen < n ? query->chosen : n;
    struct scored *order = calloc((size_t)n + 1, sizeof *order);
    double sum = 0;
    if (order == NULL) {
        return -1;
    }
    score_keys(query, answer, order);
    qsort(order, (size_t)n, sizeof *order, better_first);
    for (int64_t r = 0; r < kept; r++) {
        sum += exp(order[r].score - order[0].score);
    }
    weigh_values(query, order, kept, sum, answer);
    weigh_doubt(query, order, kept, sum, answer);
    answer->range = order[0].score - order[kept - 1].score;
    free(order);
    return 0;
}

void ref_attention_full(const float *q, const float *k, const float *v, int64_t n, int32_t d,
                        double *weights, double *out) {
    double most = -INFINITY, sum = 0;
    for (int64_t j = 0; j < n; j++) {
        weights[j] = ref_logit(q, k + j * d, d);
        most = fmax(most, weights[j]);
    }
    for (int64_t j = 0; j < n; j++) {
        weights[j] = exp(weights[j] - most);
        sum += weights[j];
    }
    for (int32_t i = 0; i < d; i++) {
        out[i] = 0;
    }
    for (int64_t j = 0; j < n; j++) {
        weights[j] /= sum;
        for (int32_t i = 0; i < d; i++) {
            out[i] += weights[j] * (double)v[j * d + i];
        }
    }
}

/* Positive binary16 values in ascending order, by their bits. */
static double half_value(int bits) {
    const int exponent = bits >> 10, mantissa = bits & 0x3ff;
    return exponent == 0 ? ldexp(mantissa, -24) : ldexp(1024 + mantissa, exponent - 25);
}

double ref_int8_scale(const float *x, int64_t count, int64_t stride) {
    enum { LARGEST = 0x7bff };
    double most = 0;
    for (int64_t i = 0; i < count; i++) {
        most = fmax(most, fabs((double)x[i * stride]));
    }
    int low = 0, high = LARGEST; /* the answer is in low .. high */
    while (low < high) {
        const int middle = (low + high) / 2;
        if (127 * half_value(middle) >= most) {
            high = middle;
        } else {
            low = middle + 1;
        }
    }
    return half_value(low);
}

double ref_int8_round(float x, double scale) {
    if (scale == 0) {
        return 0;
    }
    const double steps = nearbyint((double)x / scale);
    return fmax(-127, fmin(127, steps)) * scale;
}
