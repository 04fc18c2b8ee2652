#include "entropy_ranking_metrics.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

bool entropy_order_changed(const int32_t *a, const int32_t *b, int64_t n) {
    return memcmp(a, b, (size_t)n * sizeof *a) != 0;
}

/* Orders hold no index twice, so that equally many sets are equal when one holds the other.  Most
 * of the two prefixes is the same at the same rank: the rest is looked for one by one. */
bool entropy_set_changed(const int32_t *a, const int32_t *b, int64_t n, int64_t k) {
    const int64_t kept = k < n ? k : n;
    for (int64_t r = 0; r < kept && kept < n; r++) {
        bool found = a[r] == b[r];
        for (int64_t away = 1; away < kept && !found; away++) {
            found = (r >= away && b[r - away] == a[r]) || (r + away < kept && b[r + away] == a[r]);
        }
        if (!found) {
            return true;
        }
    }
    return false;
}

/* out (d): the output over `chosen` (k). */
static void attend(const int32_t *chosen, int64_t k, const double *logits, const float *v,
                   int32_t d, double *out) {
    double most = -INFINITY, sum = 0;
    for (int64_t r = 0; r < k; r++) {
        most = fmax(most, logits[chosen[r]]);
    }
    for (int32_t i = 0; i < d; i++) {
        out[i] = 0;
    }
    for (int64_t r = 0; r < k; r++) {
        const double weight = exp(logits[chosen[r]] - most);
        sum += weight;
        for (int32_t i = 0; i < d; i++) {
            out[i] += weight * (double)v[(int64_t)chosen[r] * d + i];
        }
    }
    for (int32_t i = 0; i < d; i++) {
        out[i] /= sum;
    }
}

double entropy_chosen_diff(const int32_t *a, const int32_t *b, int64_t n, int64_t k,
                           const double *logits, const float *v, int32_t d) {
    if (!entropy_set_changed(a, b, n, k)) {
        return 0;
    }
    double *out = malloc(2 * (size_t)d * sizeof *out), most = 0;
    if (out == NULL) {
        return NAN;
    }
    attend(a, k, logits, v, d, out);
    attend(b, k, logits, v, d, out + d);
    for (int32_t i = 0; i < d; i++) {
        most = fmax(most, fabs(out[i] - out[d + i]));
    }
    free(out);
    return most;
}

double entropy_share(uint64_t count, uint64_t n) { return n > 0 ? (double)count / (double)n : NAN; }
