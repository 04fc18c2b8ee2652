/* S004's traffic of keys and values, and its reductions of attention. */
#include <math.h>
#include <stddef.h>

#include "../../reference/tier_model.h"
#include "tiers_printed.h"

/* "Per token, 4 layers, hidden = 256", one byte a value; tier 1 runs 2 layers over 32 tokens. */
enum { LAYERS = 4, D = 256, SEQ = 64, LAYERS_1 = 2, SEQ_1 = 32, KIB = 1024 };

/* --- a token ---------------------------------------------------------------------------------- */

static double write_kib(const struct tiers_row *r) {
    (void)r;
    return tiers_kv_bytes(LAYERS, D, 1) / KIB;
}

static double write_kib_oracle(const struct tiers_row *r) {
    (void)r;
    return (double)ref_kv_bytes(LAYERS, D, 1) / KIB;
}

static double read_bytes(const struct tiers_row *r) {
    return tiers_kv_bytes(LAYERS, D, r->context);
}

static double read_bytes_oracle(const struct tiers_row *r) {
    return (double)ref_kv_bytes(LAYERS, D, r->context);
}

static const struct tiers_law key_write_law = {"keys written a token", "layers x d", "KiB",
                                               write_kib, write_kib_oracle},
                              value_write_law = {"values written a token", "layers x d", "KiB",
                                                 write_kib, write_kib_oracle},
                              key_read_law = {"keys read a token", "layers x d x tokens", "bytes",
                                              read_bytes, read_bytes_oracle},
                              value_read_law = {"values read a token", "layers x d x tokens",
                                                "bytes", read_bytes, read_bytes_oracle};

/* --- tiers beside tier 0 ---------------------------------------------------------------------- */

static const struct tiers_results *of(const struct tiers_row *r) {
    return tiers_results_find(r->config);
}

static double layers_share(int tier) {
    return tier == TIERS_CACHED ? 0 : tier == 1 ? (double)LAYERS_1 / LAYERS : 1;
}

static double layers_share_oracle(int tier) {
    const int32_t layers = tier == TIERS_CACHED ? 0 : tier == 1 ? LAYERS_1 : LAYERS;
    return (double)ref_kv_bytes(layers, D, SEQ) / (double)ref_kv_bytes(LAYERS, D, SEQ);
}

static double sequence_share(int tier) {
    return layers_share(tier) * (tier == 1 ? (double)SEQ_1 / SEQ : 1);
}

static double sequence_share_oracle(int tier) {
    const int64_t tokens = tier == 1 ? SEQ_1 : SEQ;
    return layers_share_oracle(tier) * (double)ref_kv_bytes(1, 1, tokens) /
           (double)ref_kv_bytes(1, 1, SEQ);
}

static double rate_share(const struct tiers_row *r, int tier) {
    return of(r)->bandwidth_mb_s[tier] / of(r)->bandwidth_mb_s[0];
}

static double bytes_share(const struct tiers_row *r, int tier) {
    return tiers_call_bytes(of(r)->bandwidth_mb_s[tier], of(r)->latency_us[tier]) /
           tiers_call_bytes(of(r)->bandwidth_mb_s[0], of(r)->latency_us[0]);
}

static double bytes_share_oracle(const struct tiers_row *r, int tier) {
    return rate_share(r, tier) / (of(r)->latency_us[0] / of(r)->latency_us[tier]);
}

static double fewer_layers(const struct tiers_row *r) { return 100 * (1 - layers_share(r->tier)); }

static double fewer_layers_oracle(const struct tiers_row *r) {
    return 100 - 100 * layers_share_oracle(r->tier);
}

static double fewer_sequence(const struct tiers_row *r) {
    return 100 * (1 - sequence_share(r->tier));
}

static double fewer_sequence_oracle(const struct tiers_row *r) {
    return 100 - 100 * sequence_share_oracle(r->tier);
}

static double fewer_rate(const struct tiers_row *r) { return 100 * (1 - rate_share(r, r->tier)); }

static double fewer_rate_oracle(const struct tiers_row *r) {
    return 100 * (of(r)->bandwidth_mb_s[0] - of(r)->bandwidth_mb_s[r->tier]) /
           of(r)->bandwidth_mb_s[0];
}

static double fewer_bytes(const struct tiers_row *r) { return 100 * (1 - bytes_share(r, r->tier)); }

static double fewer_bytes_oracle(const struct tiers_row *r) {
    return 100 - 100 * bytes_share_oracle(r, r->tier);
}

static double left_layers(const struct tiers_row *r) { return 100 * layers_share(r->tier); }

static double left_layers_oracle(const struct tiers_row *r) {
    return 100 * layers_share_oracle(r->tier);
}

static double left_bytes(const struct tiers_row *r) { return 100 * bytes_share(r, r->tier); }

static double left_bytes_oracle(const struct tiers_row *r) {
    return 100 * bytes_share_oracle(r, r->tier);
}

static const char by_layers[] = "layers", by_sequence[] = "layers x tokens",
                  by_rate[] = "MB/s of its table", by_bytes[] = "bytes a call of its table";

static const struct tiers_law
    writes_law = {"fewer writes", by_layers, "%", fewer_layers, fewer_layers_oracle},
    frozen_law = {"fewer writes", "keys and values frozen", "%", NULL, NULL},
    reads_law = {"fewer reads", by_layers, "%", fewer_layers, fewer_layers_oracle},
    reads_sequence_law = {"fewer reads", by_sequence, "%", fewer_sequence, fewer_sequence_oracle},
    rate_law = {"less traffic", by_rate, "%", fewer_rate, fewer_rate_oracle},
    bytes_law = {"less traffic", by_bytes, "%", fewer_bytes, fewer_bytes_oracle},
    left_layers_law = {"traffic left", by_layers, "%", left_layers, left_layers_oracle},
    left_bytes_law = {"traffic left", by_bytes, "%", left_bytes, left_bytes_oracle};

/* --- workloads -------------------------------------------------------------------------------- */

static double cut(const struct tiers_row *r, const double share[TIERS]) {
    return 100 * (1 - tiers_mix_mean(tiers_mix_find(r->workload)->percent, share));
}

static double cut_oracle(const struct tiers_row *r, const double share[TIERS]) {
    return 100 - 100 * ref_mix_mean(tiers_mix_find(r->workload)->percent, share, TIERS);
}

/* No workload has a share of tier 2. */
static double cut_layers(const struct tiers_row *r) {
    const double share[TIERS] = {layers_share(0), layers_share(1), NAN, layers_share(3)};
    return cut(r, share);
}

static double cut_layers_oracle(const struct tiers_row *r) {
    const double share[TIERS] = {layers_share_oracle(0), layers_share_oracle(1), NAN,
                                 layers_share_oracle(3)};
    return cut_oracle(r, share);
}

static double cut_sequence(const struct tiers_row *r) {
    const double share[TIERS] = {sequence_share(0), sequence_share(1), NAN, sequence_share(3)};
    return cut(r, share);
}

static double cut_sequence_oracle(const struct tiers_row *r) {
    const double share[TIERS] = {sequence_share_oracle(0), sequence_share_oracle(1), NAN,
                                 sequence_share_oracle(3)};
    return cut_oracle(r, share);
}

static double cut_bytes(const struct tiers_row *r) {
    const double share[TIERS] = {1, bytes_share(r, 1), NAN, bytes_share(r, 3)};
    return cut(r, share);
}

static double cut_bytes_oracle(const struct tiers_row *r) {
    const double share[TIERS] = {1, bytes_share_oracle(r, 1), NAN, bytes_share_oracle(r, 3)};
    return cut_oracle(r, share);
}

static const struct tiers_law cut_law = {"less traffic", by_layers, "%", cut_layers,
                                         cut_layers_oracle},
                              summary_law = {"less traffic, summary", by_layers, "%", cut_layers,
                                             cut_layers_oracle},
                              cut_sequence_law = {"less traffic", by_sequence, "%", cut_sequence,
                                                  cut_sequence_oracle},
                              cut_bytes_law = {"less traffic", by_bytes, "%", cut_bytes,
                                               cut_bytes_oracle};

#define TOKEN(context, law, printed)                                                               \
    {                                                                                              \
        "traffic", NULL, NULL, NULL, TIERS_NO_TIER, context, 0, &(law), { printed, NAN, 0 }        \
    }
#define TIER(config, tier, law, printed)                                                           \
    {                                                                                              \
        "traffic", NULL, config, NULL, tier, 0, 0, &(law), { printed, NAN, 0 }                     \
    }
#define CUT(workload, config, law, lo, hi)                                                         \
    {                                                                                              \
        "traffic", workload, config, NULL, TIERS_NO_TIER, 0, 0, &(law), { lo, hi, 0 }              \
    }
#define CUTS(workload, lo, hi, summary)                                                            \
    CUT(workload, NULL, cut_law, lo, hi), CUT(workload, NULL, cut_sequence_law, lo, hi),           \
        CUT(workload, "micro", cut_bytes_law, lo, hi),                                             \
        CUT(workload, "baseline", cut_bytes_law, lo, hi),                                          \
        CUT(workload, NULL, summary_law, summary, NAN)

const struct tiers_row tiers_traffic_rows[] = {
    TOKEN(0, key_write_law, 1),
    TOKEN(0, value_write_law, 1),
    TOKEN(1, key_read_law, 1024),
    TOKEN(1, value_read_law, 1024),
    TOKEN(16, key_read_law, NAN),
    TOKEN(16, value_read_law, NAN),
    TOKEN(64, key_read_law, NAN),
    TOKEN(64, value_read_law, NAN),
    TIER(NULL, 1, writes_law, 50),
    TIER(NULL, 1, reads_law, 50),
    TIER(NULL, 1, reads_sequence_law, 50),
    TIER("micro", 1, rate_law, 50),
    TIER("baseline", 1, rate_law, 50),
    TIER("micro", 1, bytes_law, 50),
    TIER("baseline", 1, bytes_law, 50),
    TIER(NULL, 2, frozen_law, 100),
    TIER(NULL, 3, left_layers_law, 0),
    TIER("micro", 3, left_bytes_law, 0),
    TIER("baseline", 3, left_bytes_law, 0),
    CUTS("streaming", 60, 80, 80),
    CUTS("interactive", 40, 60, 50),
    CUTS("continuous", 30, 50, 40),
    CUTS("safety", 20, 30, 25),
    {.table = NULL},
};
