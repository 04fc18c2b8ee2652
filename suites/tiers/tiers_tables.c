/* Tables and plots of what was measured. */
#include <string.h>

#include "tiers.h"

static const char *const by_config[] = {"config", NULL};

static bool is_arm(const struct cell *c, const char *arm) { return strcmp(c->arm, arm) == 0; }

/* --- one tier at a time ----------------------------------------------------------------------- */

static bool keep_tiers(const struct cell *c) { return is_arm(c, "tier"); }

static bool keep_variants(const struct cell *c) { return is_arm(c, "dense") || is_arm(c, "early"); }

static bool keep_products(const struct cell *c) {
    return is_arm(c, "products") ||
           (is_arm(c, "tier") && cell_integer(c, "tier", TIERS_CACHED) < TIERS_CACHED &&
            strcmp(cell_string(c, "weights"), "warm") == 0);
}

static bool keep_gate(const struct cell *c) { return is_arm(c, "gate"); }

#define REQUEST                                                                                    \
    {"tier", "tier", NULL}, {"weights", "weights", NULL}, {"behind", "behind", NULL},              \
        {"kept", "kept", NULL}, {                                                                  \
        "kernel", "kernel", NULL                                                                   \
    }

static const struct column tier_columns[] = {
    REQUEST,
    {"p50 µs [95 %]", "latency_p50_us", "%.3f [%.3f, %.3f]"},
    {"p95 µs", "latency_p95_us", "%.3f"},
    {"of tier 0 [95 %]", "latency_ratio", "%.4g [%.4g, %.4g]"},
    {"multiply-adds", "macs", "%.0f"},
    {"of tier 0", "macs_ratio", "%.4f"},
    {"bytes", "bytes", "%.0f"},
    {"keys written", "kv_written_bytes", "%.0f"},
    {"energy mJ", "energy_mj", "%.4f"},
    {NULL, NULL, NULL},
};

static const struct column variant_columns[] = {
    {"tier", "tier", NULL},
    {"instead", "arm", NULL},
    {"p50 µs [95 %]", "latency_p50_us", "%.3f [%.3f, %.3f]"},
    {"of the same tier [95 %]", "tier_latency_ratio", "%.4f [%.4f, %.4f]"},
    {"multiply-adds", "macs", "%.0f"},
    {"of attention", "attention_macs", "%.0f"},
    {NULL, NULL, NULL},
};

static const struct column product_columns[] = {
    {"tier", "tier", NULL},
    {"what", "arm", NULL},
    {"kernel", "kernel", NULL},
    {"behind", "behind", NULL},
    {"p50 µs", "latency_p50_us", "%.2f"},
    {"multiply-adds", "macs", "%.0f"},
    {"of the peak [95 %]", "peak_share", "%.3f [%.3f, %.3f]"},
    {NULL, NULL, NULL},
};

static const struct column gate_columns[] = {
    {"configuration", "config", NULL},
    {"decision ns [95 %]", "gate_ns", "%.2f [%.2f, %.2f]"},
    {NULL, NULL, NULL},
};

/* --- mixtures --------------------------------------------------------------------------------- */

static bool keep_closed(const struct cell *c) { return is_arm(c, "closed"); }

static bool keep_open(const struct cell *c) { return is_arm(c, "open"); }

static bool keep_mixtures(const struct cell *c) { return keep_closed(c) || keep_open(c); }

static bool keep_exact(const struct cell *c) {
    return keep_closed(c) && strcmp(cell_string(c, "order"), "exact") == 0 &&
           strcmp(cell_string(c, "workload"), "tier0") != 0;
}

#define WORKLOAD                                                                                   \
    {"workload", "workload", NULL}, { "order", "order", NULL }

static const struct column speedup_columns[] = {
    WORKLOAD,
    {"mean µs [95 %]", "latency_mean_us", "%.2f [%.2f, %.2f]"},
    {"speed-up of the mean [95 %]", "speedup_mean", "%.2f [%.2f, %.2f]"},
    {"in medians", "speedup_typical", "%.2f"},
    {"bound by multiply-adds", "speedup_bound", "%.2f"},
    {"p99 µs [95 %]", "latency_p99_us", "%.2f [%.2f, %.2f]"},
    {"speed-up of the p99 [95 %]", "speedup_p99", "%.3f [%.3f, %.3f]"},
    {NULL, NULL, NULL},
};

static const struct column percentile_columns[] = {
    WORKLOAD,
    {"load", "load", NULL},
    {"requests", "requests", NULL},
    {"p50 µs [95 %]", "latency_p50_us", "%.2f [%.2f, %.2f]"},
    {"p95 µs [95 %]", "latency_p95_us", "%.2f [%.2f, %.2f]"},
    {"p99 µs [95 %]", "latency_p99_us", "%.2f [%.2f, %.2f]"},
    {"p99.9 µs [95 %]", "latency_p999_us", "%.2f [%.2f, %.2f]"},
    {"tier 0's at 1 - .01/w0", "identity_p99_us", "%.2f"},
    {"others in the tail", "tail_of_others", "%.0f"},
    {NULL, NULL, NULL},
};

static const struct column share_columns[] = {
    WORKLOAD,
    {"load", "load", NULL},
    {"tier 0", "tier_share", "%.4f"},
    {"tier 1", "tier_1_share", "%.4f"},
    {"tier 2", "tier_2_share", "%.4f"},
    {"tier 3", "tier_3_share", "%.4f"},
    {"not as meant", "sent_elsewhere", "%.0f"},
    {"hits in tier 3", "cache_hit_share", "%.4f"},
    {"multiply-adds of tier 0", "macs_ratio", "%.4f"},
    {NULL, NULL, NULL},
};

static const struct column traffic_columns[] = {
    {"workload", "workload", NULL},
    {"keys and values read", "kv_read_bytes", "%.0f"},
    {"written", "kv_written_bytes", "%.0f"},
    {"of tier 0's saved", "kv_saved_share", "%.4f"},
    {"all bytes", "bytes", "%.0f"},
    {"of tier 0's saved", "bytes_saved_share", "%.4f"},
    {NULL, NULL, NULL},
};

static const struct column open_columns[] = {
    WORKLOAD,
    {"load", "load", NULL},
    {"request µs", "service_us", "%.2f"},
    {"mean µs [95 %]", "latency_mean_us", "%.2f [%.2f, %.2f]"},
    {"p50 µs", "latency_p50_us", "%.2f"},
    {"p95 µs", "latency_p95_us", "%.2f"},
    {"p99 µs [95 %]", "latency_p99_us", "%.2f [%.2f, %.2f]"},
    {"p99.9 µs [95 %]", "latency_p999_us", "%.2f [%.2f, %.2f]"},
    {NULL, NULL, NULL},
};

const struct table tiers_tables[] = {
    {
        .name = "tiers",
        .title = "Latency of a request of each tier",
        .note = "Closed loop, one thread, the gate inside. S004 models 100, 35, 15 and 1 % of tier "
                "0. Tier 3 and the gate are timed 4096 at once. Evicted: 128 MiB are read and "
                "written before each request. Ratios are of medians in the same rounds, to tier 0 "
                "of the widest kernel with warm weights. Energy: not measured where no value "
                "stands, because the machine shows no counter.",
        .split = by_config,
        .keep = keep_tiers,
        .columns = tier_columns,
    },
    {
        .name = "tiers-variants",
        .title = "Dense attention, and the first layers instead of the last",
        .note = "Dense: every query reads all keys before it instead of the tier's window. S004 "
                "takes windowed attention to halve a tier: compare multiply-adds.",
        .split = by_config,
        .keep = keep_variants,
        .columns = variant_columns,
    },
    {
        .name = "tiers-peak",
        .title = "Multiply-adds a second beside what the machine does at most",
        .note = "Products: a pass's products of int8 matrices and nothing else, on the same "
                "weights. The peak is that of independent multiply-adds of the same instruction "
                "set, one thread, in the same rounds.",
        .split = by_config,
        .keep = keep_products,
        .columns = product_columns,
    },
    {
        .name = "tiers-gate",
        .title = "The gate by itself",
        .keep = keep_gate,
        .columns = gate_columns,
    },
    {
        .name = "mixtures",
        .title = "Workloads in a closed loop beside tier 0 alone",
        .note =
            "Means and percentiles of all requests; intervals by moving blocks, of speed-ups by "
            "rounds that both share. S004 models speed-ups of 5.6, 2.9, 1.7 and 1.3 and a p99 "
            "of 36.8 % of tier 0's: a speed-up of the p99 of 2.7.",
        .split = by_config,
        .keep = keep_closed,
        .columns = speedup_columns,
    },
    {
        .name = "mixture-percentiles",
        .title = "Percentiles of workloads",
        .note = "Nearest rank. The p99 of a mixture is tier 0's quantile at 1 - .01 / w0, w0 its "
                "share, where no other tier stands among the slowest hundredth. With a load: open "
                "loop, from when a request was due; waiting then makes others slow too.",
        .split = by_config,
        .keep = keep_mixtures,
        .columns = percentile_columns,
    },
    {
        .name = "mixtures-open",
        .title = "Workloads in an open loop",
        .note = "Poisson arrivals; latency from when a request was due, so that waiting counts. "
                "Load: arrivals a second times the mean time of a request in a closed loop.",
        .split = by_config,
        .keep = keep_open,
        .columns = open_columns,
    },
    {
        .name = "mixture-tiers",
        .title = "What requests were meant for and where the gate sent them",
        .note = "Every request went where its workload meant it to; a cell in which one did not "
                "fails.",
        .split = by_config,
        .keep = keep_mixtures,
        .columns = share_columns,
    },
    {
        .name = "mixture-traffic",
        .title = "Bytes of a request, counted",
        .note = "Means over the requests of a workload in exact shares. S004 expects reductions "
                "of 60-80, 40-60, 30-50 and 20-30 %.",
        .split = by_config,
        .keep = keep_exact,
        .columns = traffic_columns,
    },
    {.name = NULL},
};

const struct plot tiers_plots[] = {
    {
        .name = "mixtures-load",
        .title = "p99 against load",
        .split = by_config,
        .keep = keep_open,
        .series = "workload",
        .x = "load",
        .y = "latency_p99_us",
        .x_label = "load",
        .y_label = "p99, µs",
        .log_y = true,
    },
    {
        .name = "tiers-work",
        .title = "Latency against multiply-adds, tiers 0 to 2",
        .split = by_config,
        .keep = keep_products,
        .series = "arm",
        .x = "macs",
        .y = "latency_p50_us",
        .x_label = "multiply-adds",
        .y_label = "p50, µs",
        .log_x = true,
        .log_y = true,
    },
    {.name = NULL},
};
