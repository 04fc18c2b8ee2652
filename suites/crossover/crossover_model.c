#include "crossover_model.h"

#include <math.h>

double crossover_full_ops(const struct crossover_model *x, int64_t n) { return (double)(n * x->d); }

double crossover_quest_ops(const struct crossover_model *x, int64_t n) {
    return (double)((n + x->page - 1) / x->page * 2 * x->d);
}

double crossover_hnsw_ops(const struct crossover_model *x, int64_t n) {
    return (double)(x->m * x->ef * x->d_search) * log2((double)n);
}

double crossover_ratio(const struct crossover_model *x, int64_t n) {
    return crossover_quest_ops(x, n) / crossover_hnsw_ops(x, n);
}

/* Larger root of n/page 2 d = M ef d_search log2 n, with pages not rounded; 0 if the line lies
 * above the curve everywhere.  The difference line - curve falls up to its minimum and rises after
 * it. */
static double smooth_root(const struct crossover_model *x) {
    double slope = 2.0 * (double)x->d / (double)x->page;
    double scale = (double)(x->m * x->ef * x->d_search);
    double lo = scale / (slope * log(2)), hi = lo;
    if (slope * lo >= scale * log2(lo)) {
        return 0;
    }
    while (slope * hi < scale * log2(hi)) {
        hi *= 2;
    }
    for (int i = 0; i < 200; i++) {
        double mid = lo + (hi - lo) / 2;
        *(slope * mid < scale * log2(mid) ? &lo : &hi) = mid;
    }
    return hi;
}

static bool graph_is_no_dearer(const struct crossover_model *x, int64_t n) {
    return crossover_quest_ops(x, n) >= crossover_hnsw_ops(x, n);
}

/* 0 if Quest never costs less.  Whole pages cost at least as much as fractions of them, so the last
 * N at which Quest is cheaper lies below the root. */
static int64_t for_good(const struct crossover_model *x, double root) {
    int64_t n = (int64_t)ceil(root) + 1;
    while (n > 1 && graph_is_no_dearer(x, n - 1)) {
        n--;
    }
    return n > 1 ? n : 0;
}

/* 2, or the first token of a page, since only there Quest's cost rises. */
static int64_t first_touch(const struct crossover_model *x) {
    if (graph_is_no_dearer(x, 2)) {
        return 2;
    }
    for (int64_t n = x->page + 1;; n += x->page) {
        if (n >= 2 && graph_is_no_dearer(x, n)) {
            return n;
        }
    }
}

struct crossover_points crossover_points(const struct crossover_model *x) {
    double root = smooth_root(x);
    int64_t n = for_good(x, root);
    if (n == 0) {
        return (struct crossover_points){NAN, NAN, NAN};
    }
    return (struct crossover_points){(double)n, (double)first_touch(x), root > 0 ? root : NAN};
}
