/* S004's workload models: mean latency, speed-up, expected range, and its p99. */
#include <math.h>
#include <stddef.h>

#include "../../reference/tier_model.h"
#include "tiers_printed.h"

/* --- latency of a tier under a row's attention ------------------------------------------------ */

static const char dense[] = "dense", halved[] = "2x a tier", counted[] = "by operations";

/* "Sparse attention (2x per tier)" halves whatever a tier computes.  By operations: a window of 16
 * at 64 tokens of 256 dimensions, with the feed-forward network of the baseline configuration. */
enum { SEQ = 64, WINDOW = 16, D = 256, FFN = 4 * D };

static double factor_of(const struct tiers_row *r, double by_operations) {
    return r->attention == halved ? 2 : r->attention == counted ? by_operations : 1;
}

static void latencies(double factor, double out[TIERS]) {
    for (int tier = 0; tier < TIERS; tier++) {
        out[tier] = tiers_latency_share[tier] / (tier == TIERS_CACHED ? 1 : factor);
    }
}

static double factor(const struct tiers_row *r) {
    return factor_of(r, tiers_window_factor(SEQ, WINDOW, D, FFN));
}

static double factor_oracle(const struct tiers_row *r) {
    const double full = ref_layer_macs(SEQ, D, FFN, ref_window_pairs(SEQ, SEQ, false));
    return factor_of(r, full / ref_layer_macs(SEQ, D, FFN, ref_window_pairs(SEQ, WINDOW, false)));
}

/* --- mean ------------------------------------------------------------------------------------- */

static const int32_t *percent_of(const struct tiers_row *r) {
    return tiers_mix_find(r->workload)->percent;
}

static double term(const struct tiers_row *r) {
    return percent_of(r)[r->tier] / 100.0 * tiers_latency_share[r->tier];
}

static double term_oracle(const struct tiers_row *r) {
    double alone[TIERS] = {0};
    alone[r->tier] = tiers_latency_share[r->tier];
    return ref_mix_mean(percent_of(r), alone, TIERS);
}

static double mean(const struct tiers_row *r) {
    double value[TIERS];
    latencies(factor(r), value);
    return tiers_mix_mean(percent_of(r), value);
}

static double mean_oracle(const struct tiers_row *r) {
    double value[TIERS];
    latencies(factor_oracle(r), value);
    return ref_mix_mean(percent_of(r), value, TIERS);
}

static double speedup(const struct tiers_row *r) { return 1 / mean(r); }

static double speedup_oracle(const struct tiers_row *r) { return 1 / mean_oracle(r); }

static const struct tiers_law term_law = {"term of a tier", "share x latency", "share", term,
                                          term_oracle},
                              mean_law = {"mean latency", "shares x latencies", "share", mean,
                                          mean_oracle},
                              speedup_law = {"speed-up", "1 / mean latency", "x", speedup,
                                             speedup_oracle},
                              expected_law = {"expected speed-up", "1 / mean latency", "x", speedup,
                                              speedup_oracle};

#define ROW(workload, attention, law, lo, hi, decimals)                                            \
    {                                                                                              \
        "workloads", workload, NULL, attention, TIERS_NO_TIER, 0, 0, &(law), { lo, hi, decimals }  \
    }
#define TERM(tier, printed, decimals)                                                              \
    {                                                                                              \
        "workloads", "streaming", NULL, dense, tier, 0, 0, &term_law, { printed, NAN, decimals }   \
    }
#define WORKLOAD(name, mean, speed, sparse_mean, sparse_speed, lo, hi, decimals)                   \
    ROW(name, dense, mean_law, mean, NAN, 3), ROW(name, dense, speedup_law, speed, NAN, 1),        \
        ROW(name, dense, expected_law, lo, hi, decimals),                                          \
        ROW(name, halved, mean_law, sparse_mean, NAN, 3),                                          \
        ROW(name, halved, speedup_law, sparse_speed, NAN, 1),                                      \
        ROW(name, halved, expected_law, lo, hi, decimals),                                         \
        ROW(name, counted, speedup_law, sparse_speed, NAN, 1)

const struct tiers_row tiers_workload_rows[] = {
    TERM(3, 0.007, 3),
    TERM(1, 0.07, 2),
    TERM(0, 0.10, 2),
    WORKLOAD("streaming", 0.177, 5.6, 0.092, 10.9, 10, 15, 0),
    WORKLOAD("interactive", 0.344, 2.9, 0.174, 5.7, 4, 6, 0),
    WORKLOAD("continuous", 0.576, 1.7, 0.289, 3.5, 2, 3, 0),
    WORKLOAD("safety", 0.755, 1.3, 0.378, 2.6, 1.5, 2, 1),
    {.table = NULL},
};

/* --- p99 -------------------------------------------------------------------------------------- */

static double p99_term(const struct tiers_row *r) {
    return percent_of(r)[r->tier] / 100.0 * tiers_p99_share[r->tier];
}

static double p99_term_oracle(const struct tiers_row *r) {
    double alone[TIERS] = {0};
    alone[r->tier] = tiers_p99_share[r->tier];
    return ref_mix_mean(percent_of(r), alone, TIERS);
}

static double weighted(const struct tiers_row *r) {
    return tiers_mix_mean(percent_of(r), tiers_p99_share);
}

static double weighted_oracle(const struct tiers_row *r) {
    return ref_mix_mean(percent_of(r), tiers_p99_share, TIERS);
}

static double weighted_percent(const struct tiers_row *r) { return 100 * weighted(r); }

static double weighted_percent_oracle(const struct tiers_row *r) {
    return 100 * weighted_oracle(r);
}

static double quantile(const struct tiers_row *r) {
    return 100 * tiers_mix_quantile(percent_of(r), tiers_latency_share, 99);
}

static double quantile_oracle(const struct tiers_row *r) {
    return 100 * ref_mix_quantile(percent_of(r), tiers_latency_share, TIERS, 99);
}

static double weighted_cut(const struct tiers_row *r) { return 100 - weighted_percent(r); }

static double weighted_cut_oracle(const struct tiers_row *r) {
    return 100 - weighted_percent_oracle(r);
}

static double quantile_cut(const struct tiers_row *r) { return 100 - quantile(r); }

static double quantile_cut_oracle(const struct tiers_row *r) { return 100 - quantile_oracle(r); }

static const char by_weights[] = "shares x p99 of tiers", by_rank[] = "99th of 100 requests";

static const struct tiers_law
    p99_term_law = {"term of a tier", by_weights, "share", p99_term, p99_term_oracle},
    weighted_law = {"p99", by_weights, "share", weighted, weighted_oracle},
    percent_law = {"p99 of the worst case", by_weights, "%", weighted_percent,
                   weighted_percent_oracle},
    quantile_law = {"p99 of the worst case", by_rank, "%", quantile, quantile_oracle},
    weighted_cut_law = {"p99 reduction", by_weights, "%", weighted_cut, weighted_cut_oracle},
    quantile_cut_law = {"p99 reduction", by_rank, "%", quantile_cut, quantile_cut_oracle};

#define P99(workload, tier, law, lo, hi, decimals)                                                 \
    {                                                                                              \
        "p99", workload, NULL, NULL, tier, 0, 0, &(law), { lo, hi, decimals }                      \
    }
/* Only interactive's is printed; the reduction is of all. */
#define PERCENTILES(name, printed)                                                                 \
    P99(name, TIERS_NO_TIER, percent_law, printed, NAN, 1),                                        \
        P99(name, TIERS_NO_TIER, quantile_law, printed, NAN, 1),                                   \
        P99(name, TIERS_NO_TIER, weighted_cut_law, 50, 70, 0),                                     \
        P99(name, TIERS_NO_TIER, quantile_cut_law, 50, 70, 0)

const struct tiers_row tiers_percentile_rows[] = {
    P99("interactive", 3, p99_term_law, 0.008, NAN, 3),
    P99("interactive", 1, p99_term_law, 0.16, NAN, 2),
    P99("interactive", 0, p99_term_law, 0.20, NAN, 2),
    P99("interactive", TIERS_NO_TIER, weighted_law, 0.368, NAN, 3),
    PERCENTILES("streaming", NAN),
    PERCENTILES("interactive", 36.8),
    PERCENTILES("continuous", NAN),
    PERCENTILES("safety", NAN),
    {.table = NULL},
};
