#include "tiers_metrics_fixtures.h"

#include <math.h>

#include "tiers_load.h"
#include "tiers_metrics.h"

/* --- latency ---------------------------------------------------------------------------------- */

/* 1 .. count microseconds. */
static struct tiers_latency of_a_staircase(uint32_t count) {
    uint32_t ns[2000];
    for (uint32_t i = 0; i < count; i++) {
        ns[i] = 1000 * (i + 1);
    }
    return tiers_latency(ns, count, 1);
}

/* Nearest rank of 20: the 10th. */
enum status tiers_latency_p50_between(struct fixture_values *v) {
    *v = (struct fixture_values){of_a_staircase(20).p50_us.value, 10, 10.5, 0};
    return ST_OK;
}

/* Of 20, the 19th. */
enum status tiers_latency_p95_between(struct fixture_values *v) {
    const double between = 1 + 0.95 * (20 - 1);
    *v = (struct fixture_values){of_a_staircase(20).p95_us.value, 19, between, 0};
    return ST_OK;
}

/* Of 2000, the 1998th. */
enum status tiers_latency_p999_between(struct fixture_values *v) {
    const double between = 1 + 0.999 * (2000 - 1);
    *v = (struct fixture_values){of_a_staircase(2000).p999_us.value, 1998, between, 0};
    return ST_OK;
}

/* S004's interactive mixture of tiers whose p99 are 1, .40 and .02 of tier 0's, as if each always
 * took as long: its p99 is tier 0's. */
enum status tiers_latency_p99_weighted(struct fixture_values *v) {
    uint32_t ns[100];
    for (int i = 0; i < 100; i++) {
        ns[i] = i < 20 ? 1000 : i < 60 ? 400 : 20;
    }
    const double weighted = .40 * .02 + .40 * .40 + .20 * 1;
    *v = (struct fixture_values){tiers_latency(ns, 100, 5).p99_us.value, 1, weighted, 0};
    return ST_OK;
}

/* Three requests due every 10 us and served in 30: the second waits for 20, the third for 40. */
enum status tiers_latency_since_sent(struct fixture_values *v) {
    uint32_t since_due[3], since_sent[3];
    uint64_t free_at = 0;
    for (uint64_t i = 0; i < 3; i++) {
        const uint64_t due = 10000 * i, sent = due > free_at ? due : free_at;
        free_at = sent + 30000;
        since_due[i] = tiers_latency_ns(due, free_at);
        since_sent[i] = tiers_latency_ns(sent, free_at);
    }
    *v = (struct fixture_values){tiers_latency(since_due, 3, 1).mean_us.value, 50,
                                 tiers_latency(since_sent, 3, 1).mean_us.value, 0};
    return ST_OK;
}

/* --- ratios ----------------------------------------------------------------------------------- */

/* 600 and 1800 against 200 and 1800: 2400 / 2000 of all, 3 and 1 of the rounds. */
enum status tiers_mean_of_ratios(struct fixture_values *v) {
    const uint32_t whole[] = {300, 300, 900, 900}, mix[] = {100, 100, 900, 900};
    const struct block_rounds a = {whole, 2, 2}, b = {mix, 2, 2};
    *v = (struct fixture_values){block_ratio_of_means(&a, &b).value, 1.2, (3.0 + 1.0) / 2, 1e-12};
    return ST_OK;
}

/* The longest of two rounds of two: 8 over 4 of all, 8 / 2 and 2 / 4 of the rounds. */
enum status tiers_p99_of_rounds(struct fixture_values *v) {
    const uint32_t whole[] = {8, 1, 2, 1}, mix[] = {2, 1, 4, 1};
    const struct block_rounds a = {whole, 2, 2}, b = {mix, 2, 2};
    *v = (struct fixture_values){block_ratio_of_quantiles(&a, &b, 990).value, 2,
                                 (8.0 / 2 + 2.0 / 4) / 2, 0};
    return ST_OK;
}

/* Tier 0 alone takes 100 ns and once a thousand times as long; the workload is half of it, half of
 * a tier that takes 50. */
enum status tiers_speedup_of_interrupted(struct fixture_values *v) {
    const uint32_t all[] = {100, 100, 100000, 100, 100}, mix[] = {100, 50, 100, 50, 100, 50};
    const uint8_t tier[] = {0, 1, 0, 1, 0, 1};
    const double mean = (4 * 100 + 100000) / 5.0;
    *v = (struct fixture_values){tiers_typical_speedup(all, 5, mix, tier, 6), 100 / 75.0, mean / 75,
                                 1e-12};
    return ST_OK;
}

/* --- tiers ------------------------------------------------------------------------------------ */

enum { REQUESTS = 8 };

static const uint8_t tiers_of[REQUESTS] = {0, 3, 3, 3, 1, 3, 0, 2};
static const uint8_t hits_of[REQUESTS] = {0, 1, 1, 0, 0, 1, 0, 0};

/* One of four went elsewhere; a request behind a flush, a kind of its own, runs tier 1. */
enum status tiers_elsewhere_by_kind(struct fixture_values *v) {
    const uint8_t intended[] = {TIERS_KIND_0, TIERS_KIND_FLUSH, TIERS_KIND_3, TIERS_KIND_1};
    const uint8_t tier[] = {0, 1, 3, 0};
    size_t by_kind = 0;
    for (size_t i = 0; i < 4; i++) {
        by_kind += intended[i] != tier[i];
    }
    *v = (struct fixture_values){(double)tiers_sent_elsewhere(intended, tier, 4), 1,
                                 (double)by_kind, 0};
    return ST_OK;
}

/* Two of eight; of the time, two thirds, if they take 4 us and the others 1, 2 and 1. */
enum status tiers_share_of_time(struct fixture_values *v) {
    const double of_time = 2 * 4.0 / (2 * 4 + 1 + 2 + 1);
    *v =
        (struct fixture_values){tiers_shares(tiers_of, hits_of, REQUESTS).tier[0], .25, of_time, 0};
    return ST_OK;
}

/* Three of four of tier 3; a signature that matches nothing is answered too, with zeros. */
enum status tiers_hits_with_misses(struct fixture_values *v) {
    const double answered = 4.0 / 4;
    *v = (struct fixture_values){tiers_shares(tiers_of, hits_of, REQUESTS).hit, .75, answered, 0};
    return ST_OK;
}

enum status tiers_hits_of_none(struct fixture_values *v) {
    *v = (struct fixture_values){tiers_shares(tiers_of, hits_of, 1).hit, NAN, 0, 0};
    return ST_OK;
}

/* --- multiply-adds ---------------------------------------------------------------------------- */

/* S004's micro network: 12 d^2 a token and layer, d 256 logits, and 2 d a key that is attended to:
 * 36 + 24 8 of 32 tokens with a window of 8, 10 + 12 4 of 16 with a window of 4. */
static const struct transformer_counts micro_0 = {.gemm_macs = 2 * 32 * 12 * 128 * 128 + 128 * 256,
                                                  .attention_macs = 2 * (36 + 24 * 8) * 256};
static const struct transformer_counts micro_1 = {.gemm_macs = 16 * 12 * 128 * 128 + 128 * 256,
                                                  .attention_macs = (10 + 12 * 4) * 256};

enum status tiers_macs_of_layers(struct fixture_values *v) {
    const double layers = 1.0 / 2;
    *v = (struct fixture_values){tiers_macs_ratio(&micro_1, &micro_0), 0.2508, layers, 5e-5};
    return ST_OK;
}

/* The interactive mixture with tier 1 at a quarter: 1 / (.2 + .4 / 4).  S004 divides every tier's
 * cost by two for windowed attention, which is one hundredth of it. */
enum status tiers_bound_halved(struct fixture_values *v) {
    const double share[TIERS] = {.2, .4, 0, .4}, ratio[TIERS] = {1, .25, NAN, 0};
    *v = (struct fixture_values){tiers_speedup_bound(share, ratio), 10.0 / 3, 20.0 / 3, 1e-12};
    return ST_OK;
}

/* --- the percentile of a mixture -------------------------------------------------------------- */

/* 1000 requests, every fifth of tier 0 and longer than the others: their eleventh longest is the
 * mixture's, at their quantile .95, not at their own p99, which is the third longest. */
enum status tiers_identity_at_p99(struct fixture_values *v) {
    uint32_t ns[1000], of_tier_0[200];
    uint8_t tier[1000];
    for (uint32_t i = 0; i < 1000; i++) {
        tier[i] = i % 5 == 0 ? 0 : 1;
        ns[i] = tier[i] == 0 ? 1000000 + i / 5 * 1000 : 1000;
    }
    for (uint32_t i = 0; i < 200; i++) {
        of_tier_0[i] = ns[5 * i];
    }
    const struct tiers_identity got = tiers_identity(ns, tier, 1000);
    *v = (struct fixture_values){got.others == 0 ? got.quantile_us : NAN, 1000 + 199 - 10,
                                 tiers_latency(of_tier_0, 200, 1).p99_us.value, 0};
    return ST_OK;
}
