/* Metrics from samples: rates, latencies, paired ratios to the naive arms, share of the bandwidth.
 */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "../../harness/judge.h"
#include "../../harness/kernel.h"
#include "../../harness/stats.h"
#include "../kernels/cuda/device.h"
#include "adsampling.h"

static const struct {
    const char *name, *unit;
} all_metrics[] = {
    {"recall_at_k", "share"},
    {"qps", "1/s"},
    {"latency_p50_ms", "ms"},
    {"latency_p95_ms", "ms"},
    {"latency_p99_ms", "ms"},
    {"speedup_qps_vs_scalar", "ratio"},
    {"speedup_qps_vs_simd", "ratio"},
    {"speedup_p50_vs_scalar", "ratio"},
    {"speedup_p50_vs_simd", "ratio"},
    {"dims_mean", "dims"},
    {"dims_p50", "dims"},
    {"dims_p99", "dims"},
    {"bytes_per_query", "bytes"},
    {"bandwidth_share", "share"},
    {"bandwidth_bytes_per_s", "bytes/s"},
};

static bool is_output(const char *name) {
    return strncmp(name, "dims", 4) == 0 || strcmp(name, "recall_at_k") == 0 ||
           strcmp(name, "bytes_per_query") == 0;
}

/* Every row has every metric; what does not exist has no value. */
static void declare_missing(struct cell *c) {
    for (size_t i = 0; i < sizeof all_metrics / sizeof all_metrics[0]; i++) {
        if (cell_metric_find(c, all_metrics[i].name) == NULL) {
            cell_metric(c, all_metrics[i].name, all_metrics[i].unit, is_output(all_metrics[i].name),
                        NAN, 0);
        }
    }
}

static void add(struct cell *c, const char *name, const char *unit, struct interval v, uint64_t n) {
    struct metric *m = cell_metric(c, name, unit, false, v.value, n);
    if (m != NULL && isfinite(v.lo) && isfinite(v.hi)) {
        metric_interval(m, v.lo, v.hi);
    }
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
            c->sample_count == 0 || ads_integer(c, "k", 0) != ads_integer(of, "k", 0) ||
            ads_integer(c, "threads", 0) != ads_integer(of, "threads", 0)) {
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

/* Share of the bandwidth: against the reading arm of the same rounds; a device's against what its
 * memory can do in theory. */
static void add_bandwidth_share(const struct group *g, struct cell *c) {
    const struct ads_cell *a = c->state;
    const struct ads_group *s = g->state;
    double *mine = per_query(c);
    for (size_t i = 0; mine != NULL && i < g->cell_count; i++) {
        const struct cell *read = &g->cells[i];
        if (!ads_is_bandwidth(read) || read->sample_count != c->sample_count ||
            a->kernel->backend != BACKEND_CPU ||
            ads_integer(read, "threads", 0) != ads_integer(c, "threads", 0)) {
            continue;
        }
        double scale = a->bytes_per_query /
                       ((double)s->data.base.n * (double)s->data.base.d * (double)sizeof(float));
        struct interval v = stats_ratio_of_sums(read->samples, mine, c->sample_count);
        add(c, "bandwidth_share", "share",
            (struct interval){v.value * scale, v.lo * scale, v.hi * scale}, c->sample_count);
        break;
    }
    struct cuda_device d;
    char why[64];
    if (a->kernel->backend == BACKEND_CUDA && mine != NULL &&
        cuda_device_query(&d, why, sizeof why) && d.bandwidth_bytes_per_s > 0) {
        /* one call reads the base once, however many queries it answers */
        double calls = (double)((a->units + a->batch - 1) / a->batch) / (double)a->units;
        double rate = a->bytes_per_query * calls / stats_mean(mine, c->sample_count);
        add(c, "bandwidth_share", "share",
            (struct interval){rate / d.bandwidth_bytes_per_s, NAN, NAN}, c->sample_count);
    }
    free(mine);
}

static void add_rates(struct cell *c) {
    struct ads_cell *a = c->state;
    double *seconds = per_query(c);
    if (seconds == NULL) {
        return;
    }
    struct interval t = stats_mean_interval(seconds, c->sample_count);
    add(c, "qps", "1/s", (struct interval){1 / t.value, 1 / t.hi, 1 / t.lo}, c->sample_count);
    free(seconds);
    size_t n = a->latency_count;
    for (size_t i = 0; i < n; i++) {
        a->latencies[i] *= 1e3;
    }
    add(c, "latency_p50_ms", "ms", stats_median_interval(a->latencies, n), n);
    cell_metric(c, "latency_p95_ms", "ms", false, stats_quantile(a->latencies, n, 0.95), n);
    cell_metric(c, "latency_p99_ms", "ms", false, stats_quantile(a->latencies, n, 0.99), n);
    for (size_t i = 0; i < n; i++) {
        a->latencies[i] /= 1e3;
    }
}

static void add_read_rate(const struct group *g, struct cell *c) {
    const struct ads_group *s = g->state;
    double bytes = (double)s->data.base.n * (double)s->data.base.d * (double)sizeof(float);
    struct interval t = stats_mean_interval(c->samples, c->sample_count);
    add(c, "bandwidth_bytes_per_s", "bytes/s",
        (struct interval){bytes / t.value, bytes / t.hi, bytes / t.lo}, c->sample_count);
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

static enum status trust(struct run *run, struct cell *c) {
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
    double dims = a->bytes_per_query / (double)sizeof(float) * (double)a->units;
    double bytes = a->batch > 1 ? 0 : a->bytes_per_query * (double)a->units;
    double floor = run_floor_seconds(run, a->threads, bytes, 2 * dims);
    double median = stats_median(c->samples, c->sample_count);
    if (a->kernel->backend == BACKEND_CPU && median < floor_margin * floor) {
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
            st = trust(run, c);
            c->sample_units = (double)((const struct ads_cell *)c->state)->units;
        }
    }
    for (size_t i = 0; i < g->cell_count && st == ST_OK; i++) {
        struct cell *c = &g->cells[i];
        bool good = c->sample_count > 0 && c->verdict != VERDICT_FAIL;
        if (good && ads_is_bandwidth(c)) {
            add_read_rate(g, c);
        } else if (good) {
            add_rates(c);
            add_speedup(c, baseline(g, c, false), "speedup_qps_vs_scalar", "speedup_p50_vs_scalar");
            add_speedup(c, baseline(g, c, true), "speedup_qps_vs_simd", "speedup_p50_vs_simd");
            add_bandwidth_share(g, c);
        }
        declare_missing(c);
    }
    return st;
}
