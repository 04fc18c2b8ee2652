/* S004's constants of tiers, its tables of the micro and baseline configurations, and its mixed
 * workload. */
#include <math.h>
#include <stddef.h>

#include "../../reference/tier_model.h"
#include "tiers_printed.h"

static const struct tiers_results *of(const struct tiers_row *r) {
    return tiers_results_find(r->config);
}

/* --- constants -------------------------------------------------------------------------------- */

static double tier_share(const struct tiers_row *r) {
    return 100 * of(r)->latency_us[r->tier] / of(r)->latency_us[0];
}

/* All requests of one tier, over all of tier 0. */
static double tier_share_oracle(const struct tiers_row *r) {
    int32_t all[TIERS] = {0};
    const int32_t slowest[TIERS] = {100};
    all[r->tier] = 100;
    return 100 * ref_mix_mean(all, of(r)->latency_us, TIERS) /
           ref_mix_mean(slowest, of(r)->latency_us, TIERS);
}

static const struct tiers_law share_law = {"latency of tier 0's", "table of results", "%",
                                           tier_share, tier_share_oracle},
                              assumed_law = {"latency of tier 0's", "assumed", "%", NULL, NULL},
                              p99_law = {"p99 of tier 0's", "assumed", "%", NULL, NULL};

#define CONSTANT(config, tier, law, printed)                                                       \
    {                                                                                              \
        "constants", NULL, config, NULL, tier, 0, 0, &(law), { printed, NAN, 0 }                   \
    }
#define CONSTANTS(tier, latency, p99)                                                              \
    CONSTANT("micro", tier, share_law, latency), CONSTANT("baseline", tier, share_law, latency),   \
        CONSTANT(NULL, tier, p99_law, p99)

const struct tiers_row tiers_constant_rows[] = {
    CONSTANTS(0, 100, 100),         CONSTANTS(1, 35, 40), CONSTANT(NULL, 2, assumed_law, 15),
    CONSTANT(NULL, 2, p99_law, 20), CONSTANTS(3, 1, 2),   {.table = NULL},
};

/* --- results ---------------------------------------------------------------------------------- */

static double rate(const struct tiers_row *r) { return tiers_rate_of(of(r)->latency_us[r->tier]); }

/* Calls that end within a second. */
static double rate_oracle(const struct tiers_row *r) {
    const double seconds = of(r)->latency_us[r->tier] * 1e-6;
    double calls = 0;
    while ((calls + 1) * seconds <= 1) {
        calls++;
    }
    return calls + (1 - calls * seconds) / seconds;
}

static double tier_speedup(const struct tiers_row *r) {
    return of(r)->latency_us[0] / of(r)->latency_us[r->tier];
}

static double tier_speedup_oracle(const struct tiers_row *r) { return 100 / tier_share_oracle(r); }

static double call_bytes(const struct tiers_row *r) {
    return tiers_call_bytes(of(r)->bandwidth_mb_s[r->tier], of(r)->latency_us[r->tier]);
}

static double call_bytes_oracle(const struct tiers_row *r) {
    return of(r)->bandwidth_mb_s[r->tier] * 1e6 / rate_oracle(r);
}

static double power(const struct tiers_row *r) {
    return tiers_call_power(of(r)->energy_mj[r->tier], of(r)->latency_us[r->tier]);
}

static double power_oracle(const struct tiers_row *r) {
    return of(r)->energy_mj[r->tier] * 1e-3 * rate_oracle(r);
}

static const struct tiers_law latency_law = {"latency", "measured by S004", "us", NULL, NULL},
                              rate_law = {"calls a second", "1 / latency", "1/s", rate,
                                          rate_oracle},
                              speedup_law = {"speed-up", "tier 0's latency / latency", "x",
                                             tier_speedup, tier_speedup_oracle},
                              bandwidth_law = {"memory bandwidth", "measured by S004", "MB/s", NULL,
                                               NULL},
                              bytes_law = {"bytes a call", "bandwidth x latency", "bytes",
                                           call_bytes, call_bytes_oracle},
                              energy_law = {"energy a call", "measured by S004", "mJ", NULL, NULL},
                              power_law = {"average power", "energy / latency", "W", power,
                                           power_oracle};

#define RESULT(config, tier, law, printed, decimals)                                               \
    {                                                                                              \
        "results", NULL, config, NULL, tier, 0, 0, &(law), { printed, NAN, decimals }              \
    }
#define RESULTS(config, tier, latency, qps, speed, mb_s, mj, mj_decimals)                          \
    RESULT(config, tier, latency_law, latency, 0), RESULT(config, tier, rate_law, qps, 0),         \
        RESULT(config, tier, speedup_law, speed, 1), RESULT(config, tier, bandwidth_law, mb_s, 0), \
        RESULT(config, tier, bytes_law, NAN, 0),                                                   \
        RESULT(config, tier, energy_law, mj, mj_decimals), RESULT(config, tier, power_law, NAN, 2)

const struct tiers_row tiers_result_rows[] = {
    RESULTS("micro", 0, 850, 1176, 1.0, 245, 1.2, 1),
    RESULTS("micro", 1, 320, 3125, 2.7, 125, 0.5, 1),
    RESULTS("micro", 3, 12, 83333, 70.8, 2, 0.02, 2),
    RESULTS("baseline", 0, 3400, 294, 1.0, 980, 5.1, 1),
    RESULTS("baseline", 1, 1150, 870, 3.0, 450, 1.8, 1),
    RESULTS("baseline", 3, 18, 55556, 188.9, 3, 0.03, 2),
    {.table = NULL},
};

/* --- the mixed workload ----------------------------------------------------------------------- */

static const int32_t *percent_of(const struct tiers_row *r) {
    return tiers_mix_find(r->workload)->percent;
}

static double mean(const struct tiers_row *r) {
    return tiers_mix_mean(percent_of(r), of(r)->latency_us);
}

static double mean_oracle(const struct tiers_row *r) {
    return ref_mix_mean(percent_of(r), of(r)->latency_us, TIERS);
}

static double speedup(const struct tiers_row *r) { return of(r)->latency_us[0] / mean(r); }

static double speedup_oracle(const struct tiers_row *r) {
    return of(r)->latency_us[0] / mean_oracle(r);
}

static double speedup_printed(const struct tiers_row *r) {
    return of(r)->latency_us[0] / of(r)->mean_us;
}

static double speedup_printed_oracle(const struct tiers_row *r) {
    return 1e6 / of(r)->mean_us / (1e6 / of(r)->latency_us[0]);
}

static double mixed_rate(const struct tiers_row *r) { return tiers_rate_of(mean(r)); }

static double mixed_rate_oracle(const struct tiers_row *r) { return 1e6 / mean_oracle(r); }

static double rate_printed(const struct tiers_row *r) { return tiers_rate_of(of(r)->mean_us); }

static double rate_printed_oracle(const struct tiers_row *r) { return 1e6 / of(r)->mean_us; }

static double p50(const struct tiers_row *r) {
    return tiers_mix_quantile(percent_of(r), of(r)->latency_us, 50);
}

static double p50_oracle(const struct tiers_row *r) {
    return ref_mix_quantile(percent_of(r), of(r)->latency_us, TIERS, 50);
}

static double p99(const struct tiers_row *r) {
    return tiers_mix_quantile(percent_of(r), of(r)->latency_us, 99);
}

static double p99_oracle(const struct tiers_row *r) {
    return ref_mix_quantile(percent_of(r), of(r)->latency_us, TIERS, 99);
}

static const char by_tiers[] = "latencies of its tiers", by_mean[] = "the printed mean";

static const struct tiers_law mean_law = {"mean latency", by_tiers, "us", mean, mean_oracle},
                              mixed_speedup_law = {"speed-up", by_tiers, "x", speedup,
                                                   speedup_oracle},
                              speedup_printed_law = {"speed-up", by_mean, "x", speedup_printed,
                                                     speedup_printed_oracle},
                              p50_law = {"p50 latency", by_tiers, "us", p50, p50_oracle},
                              mixed_p99_law = {"p99 latency", by_tiers, "us", p99, p99_oracle},
                              mixed_rate_law = {"calls a second", by_tiers, "1/s", mixed_rate,
                                                mixed_rate_oracle},
                              rate_printed_law = {"calls a second", by_mean, "1/s", rate_printed,
                                                  rate_printed_oracle};

#define MIXED(config, law, printed, decimals)                                                      \
    {                                                                                              \
        "mixed", "interactive", config, NULL, TIERS_NO_TIER, 0, 0, &(law), {                       \
            printed, NAN, decimals                                                                 \
        }                                                                                          \
    }

const struct tiers_row tiers_mixed_rows[] = {
    MIXED("micro", mean_law, 368, 0),
    MIXED("micro", mixed_speedup_law, 2.3, 1),
    MIXED("micro", speedup_printed_law, 2.3, 1),
    MIXED("micro", p50_law, 320, 0),
    MIXED("micro", mixed_p99_law, 850, 0),
    MIXED("micro", mixed_rate_law, 2717, 0),
    MIXED("micro", rate_printed_law, 2717, 0),
    MIXED("baseline", mean_law, 1238, 0),
    MIXED("baseline", mixed_speedup_law, 2.7, 1),
    MIXED("baseline", speedup_printed_law, 2.7, 1),
    MIXED("baseline", p50_law, NAN, 0),
    MIXED("baseline", mixed_p99_law, 3400, 0),
    MIXED("baseline", mixed_rate_law, NAN, 0),
    {.table = NULL},
};
