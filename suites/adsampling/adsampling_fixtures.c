/* Metric fixtures: cases small enough to check by hand, beside what is shipped instead. */
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "../../reference/knn.h"
#include "../kernels/knn_driver.h"
#include "adsampling_metrics.h"

/* --- recall ----------------------------------------------------------------------------------- */

/* One query at the origin, and what was returned for it. */
struct recall_case {
    int64_t n;
    int32_t d, k;
    const float *rows;
    const int32_t *ids;
};

typedef double recall_rule(const struct knn_problem *p, const struct recall_case *x);

static enum status compare_recall(const struct recall_case *x, double right, recall_rule *defect,
                                  struct fixture_values *v) {
    static const float origin[2];
    struct knn_problem p = {
        .base = {.rows = x->rows, .n = x->n, .d = x->d}, .queries = origin, .nq = 1, .k = x->k};
    enum status st = knn_problem_solve(&p, 1);
    if (st == ST_OK) {
        *v = (struct fixture_values){ads_recall(&p, x->ids, 1), right, defect(&p, x), 0};
        knn_problem_free(&p);
    }
    return st;
}

static double distance_of(const struct knn_problem *p, int32_t id) {
    return ref_l2sq(p->base.rows + (int64_t)id * p->base.d, p->queries, p->base.d);
}

static double by_id(const struct knn_problem *p, const struct recall_case *x) {
    int32_t good = 0;
    for (int32_t r = 0; r < x->k; r++) {
        for (int32_t s = 0; s < x->k; s++) {
            good += x->ids[r] == p->exact_ids[s];
        }
    }
    return (double)good / x->k;
}

static double by_distance(const struct knn_problem *p, const struct recall_case *x) {
    int32_t good = 0;
    for (int32_t r = 0; r < x->k; r++) {
        good += distance_of(p, x->ids[r]) <= p->exact_dist[x->k - 1];
    }
    return (double)good / x->k;
}

static double by_float_distance(const struct knn_problem *p, const struct recall_case *x) {
    int32_t good = 0;
    for (int32_t r = 0; r < x->k; r++) {
        good += (float)distance_of(p, x->ids[r]) <= (float)p->exact_dist[x->k - 1];
    }
    return (double)good / x->k;
}

/* Against a file of neighbours that is shorter than k and padded. */
static double with_padding(const struct knn_problem *p, const struct recall_case *x) {
    int32_t good = 0;
    for (int32_t r = 0; r < x->k; r++) {
        good += x->ids[r] == (r == 0 ? p->exact_ids[0] : -1);
    }
    return (double)good / x->k;
}

static enum status recall_ties(struct fixture_values *v) {
    static const float rows[] = {1, -1, 3};
    static const int32_t ids[] = {1};
    return compare_recall(&(struct recall_case){3, 1, 1, rows, ids}, 1, by_id, v);
}

static enum status recall_repeated(struct fixture_values *v) {
    static const float rows[] = {1, 5, 9};
    static const int32_t ids[] = {0, 0};
    return compare_recall(&(struct recall_case){3, 1, 2, rows, ids}, 0.5, by_distance, v);
}

static enum status recall_padding(struct fixture_values *v) {
    static const float rows[] = {1, 5, 9};
    static const int32_t ids[] = {0, -1};
    return compare_recall(&(struct recall_case){3, 1, 2, rows, ids}, 0.5, with_padding, v);
}

static enum status recall_float(struct fixture_values *v) {
    /* 4096^2 + 1 = 2^24 + 1, which float32 rounds to 2^24 */
    static const float rows[] = {4096, 1, 4096, 0};
    static const int32_t ids[] = {0};
    return compare_recall(&(struct recall_case){2, 2, 1, rows, ids}, 0, by_float_distance, v);
}

/* A filter of queries that have at least k neighbours leaves none: 0 of none is called 0. */
static enum status recall_k_above_n(struct fixture_values *v) {
    static const float rows[] = {1, 2}, origin[1];
    static const int32_t ids[] = {0, 1, -1};
    struct knn_problem p = {.base = {.rows = rows, .n = 2, .d = 1}, .queries = origin, .nq = 1};
    p.k = 3;
    double good = 0, queries = p.base.n >= p.k ? 1 : 0;
    *v = (struct fixture_values){ads_recall(&p, ids, 1), NAN, good / fmax(queries * p.k, 1), 0};
    return ST_OK;
}

static enum status recall_no_queries(struct fixture_values *v) {
    const struct knn_problem p = {.base = {.n = 2, .d = 1}, .k = 1};
    *v = (struct fixture_values){ads_recall(&p, NULL, 0), NAN, 0.0 / fmax(0, 1), 0};
    return ST_OK;
}

/* --- work ------------------------------------------------------------------------------------- */

enum { LEVELS = 4 };

/* Ten dimensions in groups of four, so that a full read is level 3 and 10 dimensions, not 12. */
static struct ads_levels levels(const uint64_t candidates[LEVELS]) {
    return (struct ads_levels){candidates, LEVELS, 4, 10};
}

/* Six candidates dropped after a group, two after two, two read to the end: 24 + 16 + 20. */
static const uint64_t ten[LEVELS] = {0, 6, 2, 2};

static double read_to_the_end(const uint64_t c[LEVELS]) { return (double)c[LEVELS - 1]; }

static enum status dims_all(struct fixture_values *v) {
    struct ads_levels l = levels(ten);
    double survivors = read_to_the_end(ten);
    *v = (struct fixture_values){ads_dims_mean(&l), 6, survivors * l.d / survivors, 1e-12};
    return ST_OK;
}

static enum status dims_cut(struct fixture_values *v) {
    struct ads_levels l = levels(ten);
    double sum = 0;
    for (int32_t g = 0; g < LEVELS; g++) {
        sum += (double)ten[g] * g * l.delta;
    }
    *v = (struct fixture_values){ads_dims_mean(&l), 6, sum / 10, 1e-12};
    return ST_OK;
}

/* Candidates of which nothing was read, as in a block without survivors, count. */
static enum status dims_unread(struct fixture_values *v) {
    static const uint64_t half[LEVELS] = {5, 5, 0, 0};
    struct ads_levels l = levels(half);
    *v = (struct fixture_values){ads_dims_mean(&l), 2, 5.0 * 4 / 5, 1e-12};
    return ST_OK;
}

/* Level whose candidates hold the zero-based rank floor(p n). */
static double truncated_rank(const struct ads_levels *l, double p, uint64_t n) {
    uint64_t rank = (uint64_t)(p * (double)n), seen = 0;
    for (int32_t g = 0; g < l->count; g++) {
        seen += l->candidates[g];
        if (seen > rank) {
            return g * l->delta;
        }
    }
    return l->d;
}

static enum status dims_median(struct fixture_values *v) {
    static const uint64_t halves[LEVELS] = {0, 5, 5, 0};
    struct ads_levels l = levels(halves);
    *v = (struct fixture_values){ads_dims_quantile(&l, 0.5), 4, truncated_rank(&l, 0.5, 10), 0};
    return ST_OK;
}

/* The 99th percentile of 64 is the 64th, ceil(63.36). */
static enum status dims_p99(struct fixture_values *v) {
    static const uint64_t last[LEVELS] = {0, 63, 0, 1};
    struct ads_levels l = levels(last);
    double rank = floor(0.99 * 64);
    *v = (struct fixture_values){ads_dims_quantile(&l, 0.99), 10, rank <= 63 ? 4 : 10, 0};
    return ST_OK;
}

static enum status dims_none(struct fixture_values *v) {
    static const uint64_t nothing[LEVELS];
    struct ads_levels l = levels(nothing);
    *v = (struct fixture_values){ads_dims_mean(&l), NAN, 0, 0};
    return ST_OK;
}

static enum status quantile_none(struct fixture_values *v) {
    static const uint64_t nothing[LEVELS];
    struct ads_levels l = levels(nothing);
    *v = (struct fixture_values){ads_dims_quantile(&l, 0.5), NAN, 0, 0};
    return ST_OK;
}

static enum status bytes_of_all(struct fixture_values *v) {
    struct ads_levels l = levels(ten);
    double wrong = read_to_the_end(ten) * l.d * sizeof(float);
    *v = (struct fixture_values){ads_bytes_per_query(ads_dims_mean(&l), 10), 240, wrong, 1e-9};
    return ST_OK;
}

static enum status bytes_dropped(struct fixture_values *v) {
    struct ads_levels l = levels(ten);
    double dropped = (6 * 4 + 2 * 8) * sizeof(float);
    *v = (struct fixture_values){ads_bytes_per_query(ads_dims_mean(&l), 10), 240, dropped, 1e-9};
    return ST_OK;
}

/* --- rates and latencies ---------------------------------------------------------------------- */

/* Two samples of two queries: four queries in four seconds. */
static const double uneven[] = {1, 3};

static enum status qps_total(struct fixture_values *v) {
    *v = (struct fixture_values){ads_qps(uneven, 2, 2).value, 1, (2.0 / 1 + 2.0 / 3) / 2, 1e-12};
    return ST_OK;
}

static enum status qps_best(struct fixture_values *v) {
    *v = (struct fixture_values){ads_qps(uneven, 2, 2).value, 1, 2.0 / 1, 1e-12};
    return ST_OK;
}

static enum status qps_calls(struct fixture_values *v) {
    *v = (struct fixture_values){ads_qps(uneven, 2, 2).value, 1, 1 / 2.0, 1e-12};
    return ST_OK;
}

static enum status read_rate(struct fixture_values *v) {
    *v = (struct fixture_values){ads_read_rate(uneven, 2, 8).value, 4, (8.0 / 1 + 8.0 / 3) / 2,
                                 1e-12};
    return ST_OK;
}

enum { WAITS = 64 };

/* 1, 2, ... 64 ms. */
static void waits(double seconds[WAITS]) {
    for (int i = 0; i < WAITS; i++) {
        seconds[i] = (i + 1) * 1e-3;
    }
}

static enum status latency_quantile(double p, double right, struct fixture_values *v) {
    double seconds[WAITS];
    waits(seconds);
    double truncated = seconds[(int)(p * WAITS) - 1] * 1e3;
    *v = (struct fixture_values){ads_latency_ms(seconds, WAITS, p), right, truncated, 1e-9};
    return ST_OK;
}

static enum status latency_p95(struct fixture_values *v) { return latency_quantile(0.95, 61, v); }

static enum status latency_p99(struct fixture_values *v) { return latency_quantile(0.99, 64, v); }

static enum status latency_p50(struct fixture_values *v) {
    double seconds[WAITS];
    waits(seconds);
    *v = (struct fixture_values){ads_latency_p50_ms(seconds, WAITS).value, 32.5,
                                 seconds[WAITS / 2] * 1e3, 1e-9};
    return ST_OK;
}

static enum status latency_mean(struct fixture_values *v) {
    static const double seconds[] = {1e-3, 1e-3, 7e-3};
    *v = (struct fixture_values){ads_latency_p50_ms(seconds, 3).value, 1,
                                 stats_mean(seconds, 3) * 1e3, 1e-9};
    return ST_OK;
}

static enum status latency_none(struct fixture_values *v) {
    const double nothing = 0;
    *v = (struct fixture_values){ads_latency_ms(&nothing, 0, 0.99), NAN, nothing, 0};
    return ST_OK;
}

static enum status latency_p50_none(struct fixture_values *v) {
    const double nothing = 0;
    *v = (struct fixture_values){ads_latency_p50_ms(&nothing, 0).value, NAN, nothing, 0};
    return ST_OK;
}

/* A call that takes 8 ms, whatever it is asked. */
static enum status eight_milliseconds(const void *index, const float *queries, int64_t nq,
                                      const struct knn_params *params, struct knn_result *out) {
    (void)index;
    (void)queries;
    (void)nq;
    (void)params;
    out->device_seconds = 8e-3;
    return ST_OK;
}

/* Four queries of one call each waited for the whole of it. */
static enum status latency_batch(struct fixture_values *v) {
    enum { BATCH = 4 };
    static const float queries[BATCH];
    int32_t ids[BATCH];
    float dist[BATCH];
    double seconds[BATCH];
    const struct knn_impl impl = {.batch = BATCH, .search = eight_milliseconds};
    const struct kernel kernel = {.name = "fixture", .operation = "knn", .impl = &impl};
    const struct knn_params params = {.k = 1};
    struct knn_result out = {.ids = ids, .dist = dist};
    enum status st =
        knn_search(&kernel, NULL, 1, queries, BATCH, &params, 1, BATCH, 0, &out, seconds);
    *v = (struct fixture_values){ads_latency_p50_ms(seconds, BATCH).value, 8, 8.0 / BATCH, 1e-9};
    return st;
}

/* --- speed-ups -------------------------------------------------------------------------------- */

enum arm { SCALAR, NARROW, WIDE, WIDE_2_THREADS, PRUNED, ARMS };
enum { ROUNDS = 2, QUERIES = 3 };

/* Three naive scans, one of them on two threads too, and a pruned one that answers two queries a
 * sample.  Seconds a query: 8, 5, 4, 1 and 2; the medians of the waits are 6, 4, 3, 1 and 1.5. */
struct race {
    struct group group;
    struct cell cells[ARMS];
    struct ads_cell states[ARMS];
    double samples[ARMS][ROUNDS], waits[ARMS][QUERIES];
};

static void race_start(struct race *r) {
    static const struct {
        const char *arm, *kernel;
        int threads;
        int64_t units;
        double samples[ROUNDS], waits[QUERIES];
    } arms[ARMS] = {
        [SCALAR] = {"naive", "l2_scan/scalar", 1, 1, {6, 10}, {5, 6, 16}},
        [NARROW] = {"naive", "l2_scan/avx2", 1, 1, {5, 5}, {4, 4, 7}},
        [WIDE] = {"naive", "l2_scan/avx512", 1, 1, {2, 6}, {2, 3, 7}},
        [WIDE_2_THREADS] = {"naive", "l2_scan/avx512", 2, 1, {1, 1}, {1, 1, 1}},
        [PRUNED] = {"ads_horizontal", "ads_horizontal/scalar", 1, 2, {2, 6}, {1, 1.5, 3.5}},
    };
    memset(r, 0, sizeof *r);
    for (int i = 0; i < ARMS; i++) {
        struct cell *c = &r->cells[i];
        snprintf(c->arm, sizeof c->arm, "%s", arms[i].arm);
        snprintf(c->kernel, sizeof c->kernel, "%s", arms[i].kernel);
        cell_param_integer(c, "k", 10);
        cell_param_integer(c, "threads", arms[i].threads);
        memcpy(r->samples[i], arms[i].samples, sizeof r->samples[i]);
        memcpy(r->waits[i], arms[i].waits, sizeof r->waits[i]);
        c->samples = r->samples[i];
        c->sample_count = ROUNDS;
        r->states[i].units = arms[i].units;
        r->states[i].latencies = r->waits[i];
        r->states[i].latency_count = QUERIES;
        c->state = &r->states[i];
    }
    r->group.cells = r->cells;
    r->group.cell_count = ARMS;
}

/* The pruned arm's speed-up of that name; NaN if it has none. */
static double race_speedup(struct race *r, const char *name) {
    ads_add_speedups(&r->group, &r->cells[PRUNED]);
    const struct metric *m = cell_metric_find(&r->cells[PRUNED], name);
    return m != NULL && m->has_value ? m->value : NAN;
}

static enum status race_compare(const char *name, double right, double wrong,
                                struct fixture_values *v) {
    struct race r;
    race_start(&r);
    *v = (struct fixture_values){race_speedup(&r, name), right, wrong, 1e-12};
    return ST_OK;
}

static enum status qps_scalar_upside_down(struct fixture_values *v) {
    return race_compare("speedup_qps_vs_scalar", 8.0 / 2, 2.0 / 8, v);
}

static enum status qps_simd_upside_down(struct fixture_values *v) {
    return race_compare("speedup_qps_vs_simd", 4.0 / 2, 2.0 / 4, v);
}

static enum status p50_scalar_upside_down(struct fixture_values *v) {
    return race_compare("speedup_p50_vs_scalar", 6 / 1.5, 1.5 / 6, v);
}

static enum status p50_simd_upside_down(struct fixture_values *v) {
    return race_compare("speedup_p50_vs_simd", 3 / 1.5, 1.5 / 3, v);
}

static enum status qps_calls_for_queries(struct fixture_values *v) {
    return race_compare("speedup_qps_vs_scalar", 8.0 / 2, 8.0 / 4, v);
}

static enum status qps_mean_of_ratios(struct fixture_values *v) {
    return race_compare("speedup_qps_vs_scalar", 8.0 / 2, (6 / 1.0 + 10 / 3.0) / 2, v);
}

static enum status qps_narrow_baseline(struct fixture_values *v) {
    return race_compare("speedup_qps_vs_simd", 4.0 / 2, 5.0 / 2, v);
}

static enum status qps_scalar_for_simd(struct fixture_values *v) {
    return race_compare("speedup_qps_vs_simd", 4.0 / 2, 8.0 / 2, v);
}

static enum status p50_other_threads(struct fixture_values *v) {
    return race_compare("speedup_p50_vs_simd", 3 / 1.5, 1 / 1.5, v);
}

static enum status p50_of_means(struct fixture_values *v) {
    return race_compare("speedup_p50_vs_scalar", 6 / 1.5, 9.0 / 2, v);
}

/* A round that the baseline missed: what is left does not pair up. */
static enum status qps_unpaired(struct fixture_values *v) {
    struct race r;
    race_start(&r);
    r.cells[SCALAR].sample_count = ROUNDS - 1;
    double unpaired = stats_mean(r.samples[SCALAR], ROUNDS - 1) / 2;
    *v = (struct fixture_values){race_speedup(&r, "speedup_qps_vs_scalar"), NAN, unpaired, 0};
    return ST_OK;
}

/* A baseline that failed its check after it was timed. */
static enum status qps_failed_baseline(struct fixture_values *v) {
    struct race r;
    race_start(&r);
    cell_verdict(&r.cells[WIDE], VERDICT_FAIL, "%s", "wrong");
    *v = (struct fixture_values){race_speedup(&r, "speedup_qps_vs_simd"), 5.0 / 2, 4.0 / 2, 1e-12};
    return ST_OK;
}

static enum status p50_no_baseline(struct fixture_values *v) {
    struct race r;
    race_start(&r);
    r.group.cells = &r.cells[PRUNED];
    r.group.cell_count = 1;
    *v = (struct fixture_values){race_speedup(&r, "speedup_p50_vs_simd"), NAN, 1, 0};
    return ST_OK;
}

/* --- bandwidth -------------------------------------------------------------------------------- */

/* A base of 80 bytes is read in 2 s a round; the arm's samples of one query take 4 s. */
static const double reading[] = {1, 3}, scanning[] = {2, 6};

static enum status share_of_idle(struct fixture_values *v) {
    double idle = 80.0 / 8; /* measured before the run, on a busy machine */
    *v = (struct fixture_values){ads_bandwidth_share(reading, scanning, 2, 1, 80, 80).value, 0.5,
                                 80.0 / 4 / idle, 1e-12};
    return ST_OK;
}

static enum status share_of_pruned(struct fixture_values *v) {
    *v = (struct fixture_values){ads_bandwidth_share(reading, scanning, 2, 1, 20, 80).value, 0.125,
                                 2.0 / 4, 1e-12};
    return ST_OK;
}

static enum status share_of_queries(struct fixture_values *v) {
    *v = (struct fixture_values){ads_bandwidth_share(reading, scanning, 2, 2, 80, 80).value, 1,
                                 2.0 / 4, 1e-12};
    return ST_OK;
}

/* --- the list --------------------------------------------------------------------------------- */

#define LATENCIES                                                                                  \
    { "latency_p50_ms", "latency_p95_ms", "latency_p99_ms" }

const struct fixture ads_fixtures[] = {
    {"recall-ties", {"recall_at_k"}, "ties at the k-th distance do not count", recall_ties},
    {"recall-repeated", {"recall_at_k"}, "an id that stands twice counts twice", recall_repeated},
    {"recall-padding", {"recall_at_k"}, "padding matches padding", recall_padding},
    {"recall-float", {"recall_at_k"}, "the truth is rounded to float32", recall_float},
    {"recall-k-above-n", {"recall_at_k"}, "0 where no query has k neighbours", recall_k_above_n},
    {"recall-no-queries", {"recall_at_k"}, "0 where there are no queries", recall_no_queries},
    {"dims-survivors", {"dims_mean"}, "only candidates that were not pruned count", dims_all},
    {"dims-last-group", {"dims_mean"}, "the last group counts in full", dims_cut},
    {"dims-unread", {"dims_mean"}, "candidates that were never read do not count", dims_unread},
    {"dims-none", {"dims_mean"}, "0 where there are no candidates", dims_none},
    {"dims-median", {"dims_p50"}, "rank floor(p n) from zero", dims_median},
    {"dims-rank", {"dims_p99"}, "rank floor(p n): the largest of 64 is never seen", dims_p99},
    {"dims-quantile-none",
     {"dims_p50", "dims_p99"},
     "0 where there are no candidates",
     quantile_none},
    {"bytes-survivors", {"bytes_per_query"}, "only rows that were read to the end", bytes_of_all},
    {"bytes-dropped", {"bytes_per_query"}, "without the rows read to the end", bytes_dropped},
    {"qps-mean-of-rates", {"qps"}, "mean of rates instead of total over total", qps_total},
    {"qps-best", {"qps"}, "rate of the fastest sample", qps_best},
    {"qps-calls", {"qps"}, "calls per second", qps_calls},
    {"latency-upper-median", {"latency_p50_ms"}, "the upper middle of an even number", latency_p50},
    {"latency-mean", {"latency_p50_ms"}, "mean instead of median", latency_mean},
    {"latency-rank-95", {"latency_p95_ms"}, "rank floor(p n)", latency_p95},
    {"latency-rank-99",
     {"latency_p99_ms"},
     "rank floor(p n): the largest is never seen",
     latency_p99},
    {"latency-batch", LATENCIES, "a call's time divided by its queries", latency_batch},
    {"latency-median-none", {"latency_p50_ms"}, "0 without samples", latency_p50_none},
    {"latency-none", {"latency_p95_ms", "latency_p99_ms"}, "0 without samples", latency_none},
    {"speedup-qps-scalar", {"speedup_qps_vs_scalar"}, "upside down", qps_scalar_upside_down},
    {"speedup-qps-simd", {"speedup_qps_vs_simd"}, "upside down", qps_simd_upside_down},
    {"speedup-p50-scalar", {"speedup_p50_vs_scalar"}, "upside down", p50_scalar_upside_down},
    {"speedup-p50-simd", {"speedup_p50_vs_simd"}, "upside down", p50_simd_upside_down},
    {"speedup-calls", {"speedup_qps_vs_scalar"}, "calls for queries", qps_calls_for_queries},
    {"speedup-mean-of-ratios",
     {"speedup_qps_vs_scalar"},
     "mean of the rounds' ratios",
     qps_mean_of_ratios},
    {"speedup-unpaired", {"speedup_qps_vs_scalar"}, "series of different lengths", qps_unpaired},
    {"speedup-narrow",
     {"speedup_qps_vs_simd"},
     "against a narrower SIMD scan",
     qps_narrow_baseline},
    {"speedup-scalar-for-simd",
     {"speedup_qps_vs_simd"},
     "against the scalar scan",
     qps_scalar_for_simd},
    {"speedup-failed-baseline",
     {"speedup_qps_vs_simd"},
     "against a scan that failed",
     qps_failed_baseline},
    {"speedup-other-threads",
     {"speedup_p50_vs_simd"},
     "against another number of threads",
     p50_other_threads},
    {"speedup-of-means", {"speedup_p50_vs_scalar"}, "ratio of means", p50_of_means},
    {"speedup-no-baseline", {"speedup_p50_vs_simd"}, "1 without a baseline", p50_no_baseline},
    {"share-of-idle",
     {"bandwidth_share"},
     "of a rate measured at another time: above 1",
     share_of_idle},
    {"share-of-pruned", {"bandwidth_share"}, "as if the whole base were read", share_of_pruned},
    {"share-of-queries",
     {"bandwidth_share"},
     "as if a sample answered one query",
     share_of_queries},
    {"read-mean-of-rates",
     {"bandwidth_bytes_per_s"},
     "mean of rates instead of total over total",
     read_rate},
    {.name = NULL},
};
