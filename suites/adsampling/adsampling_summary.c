/* Metrics from samples: rates, latencies, paired ratios to the naive arms, share of the bandwidth.
 */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "../../harness/judge/judge.h"
#include "../../harness/judge/kernel.h"
#include "../kernels/cuda/device.h"
#include "adsampling_metrics.h"

static void add(struct cell *c, const char *name, const char *unit, struct interval v, uint64_t n) {
    metric_interval(cell_metric(c, name, unit, false, v.value, n), v.lo, v.hi);
}

/* Seconds per query of each sample. */
static double *per_query(const struct cell *c) {
    const struct ads_cell *a = c->state;
    double *out = malloc((c->sample_count + 1) * sizeof *out);
    for (size_t i = 0; out != NULL && i < c->sample_count; i++) {
        out[i] = c->samples[i] / (double)a->units;
    }
    return out;
}

/* The naive arm to compare with: same k, one CPU thread count, scalar or the widest SIMD. */
static const struct cell *baseline(const struct group *g, const struct cell *of, bool simd) {
    const struct cell *best = NULL;
    uint32_t widest = 0;
    for (size_t i = 0; i < g->cell_count; i++) {
        const struct cell *c = &g->cells[i];
        const struct kernel *k = kernel_find(c->kernel);
        if (strcmp(c->arm, "naive") != 0 || k == NULL || k->backend != BACKEND_CPU ||
            c->sample_count == 0 || c->verdict == VERDICT_FAIL ||
            cell_integer(c, "k", 0) != cell_integer(of, "k", 0) ||
            cell_integer(c, "threads", 0) != cell_integer(of, "threads", 0)) {
            continue;
        }
        if (simd ? k->isa > widest : k->isa == 0) {
            best = c;
            widest = k->isa;
        }
    }
    return best;
}

static void add_speedup(struct cell *c, const struct cell *base, const char *qps_name,
                        const char *p50_name) {
    if (base == NULL || base->sample_count != c->sample_count) {
        return;
    }
    const struct ads_cell *a = c->state, *b = base->state;
    double *mine = per_query(c), *theirs = per_query(base);
    if (mine != NULL && theirs != NULL) {
        add(c, qps_name, "ratio", stats_ratio_of_sums(theirs, mine, c->sample_count),
            c->sample_count);
    }
    if (a->latency_count == b->latency_count) { /* the same queries, one by one: pairs */
        add(c, p50_name, "ratio",
            stats_ratio_of_medians(b->latencies, a->latencies, a->latency_count), a->latency_count);
    } else if (a->latency_count > 0 && b->latency_count > 0) {
        double ratio = stats_median(b->latencies, b->latency_count) /
                       stats_median(a->latencies, a->latency_count);
        add(c, p50_name, "ratio", (struct interval){ratio, NAN, NAN}, a->latency_count);
    }
    free(mine);
    free(theirs);
}

void ads_add_speedups(const struct group *g, struct cell *c) {
    add_speedup(c, baseline(g, c, false), "speedup_qps_vs_scalar", "speedup_p50_vs_scalar");
    add_speedup(c, baseline(g, c, true), "speedup_qps_vs_simd", "speedup_p50_vs_simd");
}

static double base_bytes(const struct group *g) {
    const struct vectors *base = &((const struct ads_group *)g->state)->data.base;
    return (double)base->n * (double)base->d * (double)sizeof(float);
}

/* The arm of the same rounds and threads that reads the base and nothing else, or NULL. */
static const struct cell *reading_arm(const struct group *g, const struct cell *of) {
    for (size_t i = 0; i < g->cell_count; i++) {
        const struct cell *c = &g->cells[i];
        if (ads_is_bandwidth(c) && c->sample_count == of->sample_count &&
            cell_integer(c, "threads", 0) == cell_integer(of, "threads", 0)) {
            return c;
        }
    }
    return NULL;
}

/* Share of the bandwidth: against the reading arm of the same rounds; a device's against what its
 * memory can do in theory. */
static void add_bandwidth_share(const struct group *g, struct cell *c) {
    const struct ads_cell *a = c->state;
    const struct cell *reading = reading_arm(g, c);
    struct cuda_device d;
    char why[64];
    if (a->kernel->backend == BACKEND_CPU && reading != NULL) {
        add(c, "bandwidth_share", "share",
            ads_bandwidth_share(reading->samples, c->samples, c->sample_count, (double)a->units,
                                a->bytes_per_query, base_bytes(g)),
            c->sample_count);
    } else if (a->kernel->backend == BACKEND_CUDA && cuda_device_query(&d, why, sizeof why) &&
               d.bandwidth_bytes_per_s > 0) {
        /* one call reads the base once, however many queries it answers */
        double calls = (double)((a->units + a->batch - 1) / a->batch);
        struct interval v = ads_read_rate(c->samples, c->sample_count, calls * a->bytes_per_query);
        add(c, "bandwidth_share", "share",
            (struct interval){v.value / d.bandwidth_bytes_per_s, NAN, NAN}, c->sample_count);
    }
}

static void add_rates(struct cell *c) {
    const struct ads_cell *a = c->state;
    size_t n = a->latency_count;
    add(c, "qps", "1/s", ads_qps(c->samples, c->sample_count, (double)a->units), c->sample_count);
    add(c, "latency_p50_ms", "ms", ads_latency_p50_ms(a->latencies, n), n);
    cell_metric(c, "latency_p95_ms", "ms", false, ads_latency_ms(a->latencies, n, 0.95), n);
    cell_metric(c, "latency_p99_ms", "ms", false, ads_latency_ms(a->latencies, n, 0.99), n);
}

/* --- trust ------------------------------------------------------------------------------------ */

/* What was timed must have given the answers that were checked. */
static bool timed_answers_hold(const struct ads_cell *a) {
    int32_t k = a->problem->k, d = a->problem->base.d;
    for (int64_t i = 0; i < a->units * k; i++) {
        int64_t at = a->timed_first * k + i;
        double want = (double)a->dist[at];
        if (!(fabs((double)a->timed_dist[i] - want) <= 2 * judge_gamma(d + 2.0) * want)) {
            return false;
        }
    }
    return true;
}

/* The floor is measured too, and a core may run faster later than while it was. */
static const double floor_margin = 0.8;

/* Seconds below which a sample of the arm is a broken measurement; NaN if nothing is known. */
static double floor_of(const struct run *run, const struct group *g, const struct ads_cell *a) {
    enum { LANES_PER_SM = 128 }; /* of the widest generation so far */
    double dims = a->bytes_per_query / (double)sizeof(float) * (double)a->units;
    if (a->kernel->backend == BACKEND_CPU) {
        double bytes = a->batch > 1 ? 0 : a->bytes_per_query * (double)a->units;
        return floor_margin * run_floor_seconds(run, a->threads, bytes, 2 * dims);
    }
    struct cuda_device d;
    char why[64];
    if (!cuda_device_query(&d, why, sizeof why)) {
        return NAN;
    }
    double calls = (double)((a->units + a->batch - 1) / a->batch);
    const struct ads_device most = {d.bandwidth_bytes_per_s,
                                    1e3 * d.clock_khz * d.sm_count * LANES_PER_SM};
    return ads_device_floor(&most, calls * base_bytes(g), dims);
}

static enum status trust(struct run *run, const struct group *g, struct cell *c) {
    const struct ads_cell *a = c->state;
    if (a->timed_status != ST_OK) {
        return a->timed_status;
    }
    if (ads_is_bandwidth(c)) {
        return ST_OK;
    }
    if (!timed_answers_hold(a)) {
        cell_verdict(c, VERDICT_FAIL, "the timed calls gave other answers than the checked ones");
        return ST_OK;
    }
    double floor = floor_of(run, g, a), median = stats_median(c->samples, c->sample_count);
    if (median < floor) {
        cell_verdict(c, VERDICT_FAIL, "%.3g s a sample, but this machine needs %.3g s at least",
                     median, floor);
    }
    return ST_OK;
}

enum status ads_summarise(struct run *run, struct group *g) {
    enum status st = ST_OK;
    for (size_t i = 0; i < g->cell_count && st == ST_OK; i++) {
        struct cell *c = &g->cells[i];
        if (c->sample_count > 0) {
            st = trust(run, g, c);
            c->sample_units = (double)((const struct ads_cell *)c->state)->units;
        }
    }
    for (size_t i = 0; i < g->cell_count && st == ST_OK; i++) {
        struct cell *c = &g->cells[i];
        bool good = cell_measured(c);
        if (good && ads_is_bandwidth(c)) {
            add(c, "bandwidth_bytes_per_s", "bytes/s",
                ads_read_rate(c->samples, c->sample_count, base_bytes(g)), c->sample_count);
        } else if (good) {
            add_rates(c);
            ads_add_speedups(g, c);
            add_bandwidth_share(g, c);
        }
    }
    return st;
}
