#include "rank.h"

#include <math.h>
#include <stdlib.h>

struct scored {
    double high, low;
    int32_t index;
};

static int larger_first(const void *a, const void *b) {
    const struct scored *x = a, *y = b;
    if (x->high != y->high) {
        return x->high > y->high ? -1 : 1;
    }
    if (x->low != y->low) {
        return x->low > y->low ? -1 : 1;
    }
    return x->index < y->index ? -1 : x->index > y->index;
}

/* s = a + b, with what its rounding lost. */
static double two_sum(double a, double b, double *lost) {
    const double s = a + b, part = s - a;
    *lost = (a - (s - part)) + (b - part);
    return s;
}

/* A product of two float32 values is exact in float64. */
static struct scored exact_dot(const float *q, const float *k, int32_t d) {
    struct scored sum = {0, 0, 0};
    for (int32_t i = 0; i < d; i++) {
        double lost, rest;
        sum.high = two_sum(sum.high, (double)q[i] * (double)k[i], &lost);
        sum.low = two_sum(sum.low, lost, &rest);
        sum.high = two_sum(sum.high, sum.low, &sum.low);
        sum.low += rest;
    }
    sum.high = two_sum(sum.high, sum.low, &sum.low);
    return sum;
}

int ref_rank(const float *q, const float *k, int64_t n, int32_t d, int32_t *order) {
    struct scored *rows = calloc((size_t)n + 1, sizeof *rows);
    if (rows == NULL) {
        return -1;
    }
    for (int64_t j = 0; j < n; j++) {
        rows[j] = exact_dot(q, k + j * d, d);
        rows[j].index = (int32_t)j;
    }
    qsort(rows, (size_t)n, sizeof *rows, larger_first);
    for (int64_t j = 0; j < n; j++) {
        order[j] = rows[j].index;
    }
    free(rows);
    return 0;
}

static double dot(const float *a, const float *b, int32_t d) {
    double sum = 0;
    for (int32_t i = 0; i < d; i++) {
        sum += (double)a[i] * (double)b[i];
    }
    return sum;
}

double ref_projection(const float *q, const float *k, int32_t d) {
    const double norm = sqrt(dot(q, q, d));
    return norm > 0 ? dot(q, k, d) / norm : 0;
}

double ref_logit(const float *q, const float *k, int32_t d) { return dot(q, k, d) / sqrt(d); }
