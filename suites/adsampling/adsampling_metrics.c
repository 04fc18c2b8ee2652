#include "adsampling_metrics.h"

#include <math.h>
#include <stdlib.h>

#include "../../reference/knn.h"

const struct metric_info ads_metrics[] = {
    {"recall_at_k", "share", true, "returned ids no farther than the k-th exact distance"},
    {"qps", "1/s", false, "queries per second, all samples together"},
    {"latency_p50_ms", "ms", false, "median time that a query waits, its whole call"},
    {"latency_p95_ms", "ms", false, "nearest-rank 95th percentile of the same"},
    {"latency_p99_ms", "ms", false, "nearest-rank 99th percentile of the same"},
    {"speedup_qps_vs_scalar", "ratio", false, "QPS over the scalar naive scan's, paired by round"},
    {"speedup_qps_vs_simd", "ratio", false, "QPS over the widest SIMD naive scan's, paired"},
    {"speedup_p50_vs_scalar", "ratio", false, "median latency of the scalar naive scan over this"},
    {"speedup_p50_vs_simd", "ratio", false, "median latency of the widest SIMD scan over this"},
    {"dims_mean", "dims", true, "dimensions read per candidate, mean over all candidates"},
    {"dims_p50", "dims", true, "median of the same"},
    {"dims_p99", "dims", true, "99th percentile of the same"},
    {"bytes_per_query", "bytes", true, "dimensions read of the whole base, as float32"},
    {"bandwidth_share", "share", false, "of the rate at which the same rounds read the base"},
    {"bandwidth_bytes_per_s", "bytes/s", false, "rate of reading the base and nothing else"},
    {NULL, NULL, false, NULL},
};

/* --- quality ---------------------------------------------------------------------------------- */

static bool seen_before(const int32_t *ids, int32_t r) {
    for (int32_t s = 0; s < r; s++) {
        if (ids[s] == ids[r]) {
            return true;
        }
    }
    return false;
}

double ads_recall(const struct knn_problem *p, const int32_t *ids, int64_t nq) {
    const struct knn_base *b = &p->base;
    int64_t good = 0;
    if (nq <= 0 || p->k > b->n) {
        return NAN;
    }
    for (int64_t q = 0; q < nq; q++) {
        const int32_t *list = ids + q * p->k;
        double farthest = p->exact_dist[q * p->k + p->k - 1];
        for (int32_t r = 0; r < p->k; r++) {
            bool inside = list[r] >= 0 && list[r] < b->n;
            good += inside &&
                    ref_l2sq(b->rows + (int64_t)list[r] * b->d, p->queries + q * b->d, b->d) <=
                        farthest &&
                    !seen_before(list, r);
        }
    }
    return (double)good / (double)(nq * p->k);
}

/* --- work ------------------------------------------------------------------------------------- */

/* Dimensions that a candidate of level g has read: the last group may be cut short. */
static double level_dims(const struct ads_levels *l, int32_t g) {
    int32_t dims = g * l->delta;
    return dims < l->d ? dims : l->d;
}

static double candidates(const struct ads_levels *l) {
    uint64_t total = 0;
    for (int32_t g = 0; g < l->count; g++) {
        total += l->candidates[g];
    }
    return (double)total;
}

double ads_dims_mean(const struct ads_levels *l) {
    double mean = 0, total = candidates(l);
    for (int32_t g = 0; g < l->count; g++) {
        mean += level_dims(l, g) * (double)l->candidates[g] / total;
    }
    return total > 0 ? mean : NAN;
}

double ads_dims_quantile(const struct ads_levels *l, double p) {
    double total = candidates(l);
    uint64_t seen = 0;
    for (int32_t g = 0; g < l->count && total > 0; g++) {
        seen += l->candidates[g];
        if ((double)seen >= p * total) {
            return level_dims(l, g);
        }
    }
    return NAN;
}

double ads_bytes_per_query(double dims_mean, int64_t n) {
    return dims_mean * (double)n * (double)sizeof(float);
}

/* --- time ------------------------------------------------------------------------------------- */

static struct interval scaled(struct interval v, double by) {
    return (struct interval){v.value * by, v.lo * by, v.hi * by};
}

/* work / mean time: the total over the total. */
static struct interval rate(const double *seconds, size_t n, double work) {
    struct interval t = stats_mean_interval(seconds, n);
    return (struct interval){work / t.value, work / t.hi, work / t.lo};
}

struct interval ads_qps(const double *seconds, size_t n, double units) {
    return rate(seconds, n, units);
}

struct interval ads_read_rate(const double *seconds, size_t n, double bytes) {
    return rate(seconds, n, bytes);
}

struct interval ads_latency_p50_ms(const double *seconds, size_t n) {
    return scaled(stats_median_interval(seconds, n), 1e3);
}

double ads_latency_ms(const double *seconds, size_t n, double p) {
    return stats_quantile(seconds, n, p) * 1e3;
}

struct interval ads_bandwidth_share(const double *reading, const double *seconds, size_t n,
                                    double units, double bytes_per_query, double base_bytes) {
    return scaled(stats_ratio_of_sums(reading, seconds, n), units * bytes_per_query / base_bytes);
}

double ads_device_floor(const struct ads_device *d, double bytes, double dims) {
    const double cache_factor = 4, instructions = 2; /* a subtraction and a fused multiply-add */
    return fmax(d->bytes_per_s > 0 ? bytes / (cache_factor * d->bytes_per_s) : NAN,
                d->lanes_per_s > 0 ? instructions * dims / d->lanes_per_s : NAN);
}
