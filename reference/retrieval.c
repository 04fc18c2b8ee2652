#include "retrieval.h"

#include <math.h>
#include <stdlib.h>

void ref_retrieval_weights(const float *q, const float *k, int32_t d, int64_t n,
                           struct ref_retrieval_head *out) {
    double most = -INFINITY, sum = 0;
    for (int64_t j = 0; j < n; j++) {
        double score = 0, terms = 0;
        for (int32_t i = 0; i < d; i++) {
            const double product = (double)q[i] * (double)k[j * d + i];
            score += product;
            terms += fabs(product);
        }
        out->score[j] = score / sqrt(d);
        out->terms[j] = terms / sqrt(d);
        most = fmax(most, out->score[j]);
    }
    for (int64_t j = 0; j < n; j++) {
        out->weights[j] = exp(out->score[j] - most);
        sum += out->weights[j];
    }
    for (int64_t j = 0; j < n; j++) {
        out->weights[j] /= sum;
    }
}

/* --- the largest ------------------------------------------------------------------------------ */

struct ranked {
    double value;
    int64_t index;
};

static int larger_first(const void *a, const void *b) {
    const struct ranked *x = a, *y = b;
    if (x->value != y->value) {
        return x->value > y->value ? -1 : 1;
    }
    return x->index < y->index ? -1 : x->index > y->index;
}

/* The values, each moved by `sign` times its doubt, the largest first. */
static void rank(const double *values, const double *doubt, double sign, int64_t n,
                 struct ranked *order) {
    for (int64_t j = 0; j < n; j++) {
        order[j] = (struct ranked){values[j] + (doubt == NULL ? 0 : sign * doubt[j]), j};
    }
    qsort(order, (size_t)n, sizeof *order, larger_first);
}

int ref_retrieval_top(const double *values, const double *doubt, int64_t n, int64_t kept,
                      unsigned char *place) {
    struct ranked *order = calloc((size_t)n + 1, sizeof *order);
    if (order == NULL) {
        return -1;
    }
    rank(values, doubt, 0, n, order);
    for (int64_t r = 0; r < n; r++) {
        place[order[r].index] = r < kept ? REF_RETRIEVAL_IN : REF_RETRIEVAL_OUT;
    }
    if (doubt != NULL && kept < n) {
        /* The kept-th largest lies between these two, however the values are off. */
        rank(values, doubt, -1, n, order);
        const double low = order[kept - 1].value;
        rank(values, doubt, 1, n, order);
        const double high = order[kept - 1].value;
        for (int64_t j = 0; j < n; j++) {
            if (values[j] + doubt[j] >= low && values[j] - doubt[j] <= high) {
                place[j] = REF_RETRIEVAL_DOUBT;
            }
        }
    }
    free(order);
    return 0;
}

/* --- what a method has of them ---------------------------------------------------------------- */

void ref_retrieval_common(const unsigned char *place, int64_t n, int64_t kept,
                          const int32_t *chosen, int64_t count, int64_t *least, int64_t *most) {
    int64_t certain = 0, doubtful = 0, in = 0, doubtful_chosen = 0;
    for (int64_t j = 0; j < n; j++) {
        certain += place[j] == REF_RETRIEVAL_IN;
        doubtful += place[j] == REF_RETRIEVAL_DOUBT;
    }
    for (int64_t i = 0; i < count; i++) {
        in += place[chosen[i]] == REF_RETRIEVAL_IN;
        doubtful_chosen += place[chosen[i]] == REF_RETRIEVAL_DOUBT;
    }
    /* So many of those in doubt are among the largest. */
    const int64_t open = kept - certain, others = doubtful - doubtful_chosen;
    *least = in + (open > others ? open - others : 0);
    *most = in + (open < doubtful_chosen ? open : doubtful_chosen);
}

double ref_retrieval_mass(const double *weights, const int32_t *chosen, int64_t count) {
    double sum = 0;
    for (int64_t i = 0; i < count; i++) {
        sum += weights[chosen[i]];
    }
    return sum;
}
