#include "knn.h"

#include <math.h>
#include <stdlib.h>

/* Queries taken together: each keeps its own sum in index order, so this changes no result; it only
 * lets the base be read once for all of them. */
enum { TOGETHER = 8 };

double ref_l2sq(const float *a, const float *b, int32_t d) {
    double sum = 0;
    for (int32_t i = 0; i < d; i++) {
        double t = (double)a[i] - (double)b[i];
        sum += t * t;
    }
    return sum;
}

/* Inserts (id, dist) into a list ascending by distance; equal distances keep their order of
 * arrival, which is ascending by id. */
static void insert(int32_t *ids, double *dist, int32_t k, int32_t id, double value) {
    if (!(value < dist[k - 1])) {
        return;
    }
    int32_t at = k - 1;
    while (at > 0 && dist[at - 1] > value) {
        dist[at] = dist[at - 1];
        ids[at] = ids[at - 1];
        at--;
    }
    dist[at] = value;
    ids[at] = id;
}

static void distances(const float *row, const double *transposed, int32_t d,
                      double sums[TOGETHER]) {
    for (int q = 0; q < TOGETHER; q++) {
        sums[q] = 0;
    }
    for (int32_t i = 0; i < d; i++) {
        double x = (double)row[i];
        for (int q = 0; q < TOGETHER; q++) {
            double t = transposed[(int64_t)i * TOGETHER + q] - x;
            sums[q] += t * t;
        }
    }
}

int ref_knn(const float *base, int64_t n, int32_t d, const float *queries, int64_t nq, int32_t k,
            int32_t *ids, double *dist) {
    double *transposed = calloc((size_t)d * TOGETHER, sizeof *transposed);
    if (transposed == NULL) {
        return -1;
    }
    for (int64_t i = 0; i < nq * k; i++) {
        ids[i] = -1;
        dist[i] = INFINITY;
    }
    for (int64_t first = 0; first < nq; first += TOGETHER) {
        int64_t m = nq - first < TOGETHER ? nq - first : TOGETHER;
        for (int64_t q = 0; q < m; q++) {
            for (int32_t i = 0; i < d; i++) {
                transposed[(int64_t)i * TOGETHER + q] = (double)queries[(first + q) * d + i];
            }
        }
        for (int64_t row = 0; row < n; row++) {
            double sums[TOGETHER];
            distances(base + row * d, transposed, d, sums);
            for (int64_t q = 0; q < m; q++) {
                int64_t list = (first + q) * k;
                insert(ids + list, dist + list, k, (int32_t)row, sums[q]);
            }
        }
    }
    free(transposed);
    return 0;
}
