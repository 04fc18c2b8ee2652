/* Tables and plots of the experiment: the seed's layout for each pairing, then everything measured.
 */
#include <string.h>

#include "adsampling.h"

static const char *const split[] = {"dataset", "k", "threads", NULL};

static bool variant_is(const struct cell *c, const char *variant) {
    const char *slash = strchr(c->kernel, '/');
    return slash != NULL && strcmp(slash + 1, variant) == 0;
}

static bool is_simd(const struct cell *c) {
    return variant_is(c, "avx2") || variant_is(c, "avx512");
}

static bool naive(const struct cell *c) {
    return strcmp(c->arm, "naive") == 0 && strcmp(c->backend, "cpu") == 0;
}

static bool scalar_pruned(const struct cell *c) {
    return strcmp(c->arm, "ads_horizontal") == 0 && variant_is(c, "scalar");
}

static bool simd_pruned(const struct cell *c) {
    return (strcmp(c->arm, "ads_horizontal") == 0 || strcmp(c->arm, "ads_vertical") == 0) &&
           is_simd(c);
}

static bool keep_seed(const struct cell *c) { return (naive(c) && is_simd(c)) || scalar_pruned(c); }

static bool keep_scalar(const struct cell *c) {
    return (naive(c) && variant_is(c, "scalar")) || scalar_pruned(c);
}

static bool keep_simd(const struct cell *c) { return (naive(c) && is_simd(c)) || simd_pruned(c); }

static bool keep_all(const struct cell *c) { return !ads_is_bandwidth(c); }

static bool keep_bandwidth(const struct cell *c) { return ads_is_bandwidth(c); }

#define METHOD                                                                                     \
    {"method", "arm", NULL}, { "kernel", "kernel", NULL }
#define POINT                                                                                      \
    {"ε0", "eps0", NULL}, { "δ", "delta", NULL }
#define QUALITY                                                                                    \
    { "recall@k", "recall_at_k", "%.4f" }
#define RATE                                                                                       \
    {"QPS", "qps", "%.1f"}, { "p50 ms", "latency_p50_ms", "%.3f" }

static const struct column against_simd[] = {
    METHOD,
    POINT,
    QUALITY,
    RATE,
    {"speed-up (QPS) [95 %]", "speedup_qps_vs_simd", "%.2f [%.2f, %.2f]"},
    {"speed-up (p50)", "speedup_p50_vs_simd", "%.2f"},
    {NULL, NULL, NULL},
};

static const struct column against_scalar[] = {
    METHOD,
    POINT,
    QUALITY,
    RATE,
    {"speed-up (QPS) [95 %]", "speedup_qps_vs_scalar", "%.2f [%.2f, %.2f]"},
    {"speed-up (p50)", "speedup_p50_vs_scalar", "%.2f"},
    {NULL, NULL, NULL},
};

static const struct column everything[] = {
    METHOD,
    POINT,
    {"batch", "batch", NULL},
    {"L2", "l2", NULL},
    QUALITY,
    RATE,
    {"p95 ms", "latency_p95_ms", "%.3f"},
    {"p99 ms", "latency_p99_ms", "%.3f"},
    {"× SIMD naive", "speedup_qps_vs_simd", "%.2f"},
    {"dims mean", "dims_mean", "%.1f"},
    {"dims p50", "dims_p50", "%.0f"},
    {"dims p99", "dims_p99", "%.0f"},
    {"bytes/query", "bytes_per_query", "%.3g"},
    {"of read bandwidth", "bandwidth_share", "%.2f"},
    {"oracle", "oracle", NULL},
    {NULL, NULL, NULL},
};

static const struct column bandwidth[] = {
    {"kernel", "kernel", NULL},
    {"bytes/s read", "bandwidth_bytes_per_s", "%.3g"},
    {"oracle", "oracle", NULL},
    {NULL, NULL, NULL},
};

const struct table ads_tables[] = {
    {
        .name = "seed-pairing",
        .title = "ADSampling as the seed measured it: scalar pruned search against the SIMD scan",
        .note = "Speed-up 1 is the widest SIMD naive scan of the same rounds. Queries are answered "
                "one by "
                "one; the rotation of the query is inside the timing. QPS from the mean, p50 per "
                "query.",
        .split = split,
        .keep = keep_seed,
        .columns = against_simd,
    },
    {
        .name = "scalar-pairing",
        .title = "Like against like: scalar pruned search against the scalar scan",
        .note = "Speed-up 1 is the scalar naive scan of the same rounds.",
        .split = split,
        .keep = keep_scalar,
        .columns = against_scalar,
    },
    {
        .name = "simd-pairing",
        .title =
            "Like against like: SIMD pruned search, horizontal and vertical, against the SIMD scan",
        .note = "Speed-up 1 is the widest SIMD naive scan of the same rounds.",
        .split = split,
        .keep = keep_simd,
        .columns = against_simd,
    },
    {
        .name = "all-arms",
        .title = "Every arm with what it read",
        .note = "Dimensions are per candidate. Bytes are dimensions read times 4; a pruned row "
                "touches whole "
                "cache lines, and a batch reads the base once for all its queries. The share is of "
                "what the "
                "reading arm reached in the same rounds; above 1 the data came from a cache. On a "
                "GPU it is "
                "of the memory's theoretical bandwidth, each call counted once.",
        .split = split,
        .keep = keep_all,
        .columns = everything,
    },
    {
        .name = "bandwidth",
        .title = "Reading the base and nothing else",
        .note = "The bound that the scans are held against.",
        .split = split,
        .keep = keep_bandwidth,
        .columns = bandwidth,
    },
    {.name = NULL},
};

static bool keep_plot(const struct cell *c) {
    return keep_all(c) && cell_metric_find(c, "qps") != NULL;
}

const struct plot ads_plots[] = {
    {
        .name = "recall-qps",
        .title = "Recall against queries per second",
        .split = split,
        .keep = keep_plot,
        .series = "kernel",
        .x = "recall_at_k",
        .y = "qps",
        .x_label = "recall@k",
        .y_label = "queries per second",
        .log_y = true,
    },
    {.name = NULL},
};
