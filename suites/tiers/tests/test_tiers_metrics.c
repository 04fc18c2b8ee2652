/* What is computed from latencies, tiers and counts; that fixtures tell the defects. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <math.h>

#include "../../../harness/judge/stats.h"
#include "../tiers_metrics.h"
#include "../tiers_metrics_fixtures.h"

static void fixtures_tell_defects(void **state) {
    static const struct fixture fixtures[] = {
        {"p50", {"latency_p50_us"}, "", tiers_latency_p50_between},
        {"p95", {"latency_p95_us"}, "", tiers_latency_p95_between},
        {"p999", {"latency_p999_us"}, "", tiers_latency_p999_between},
        {"p99", {"latency_p99_us"}, "", tiers_latency_p99_weighted},
        {"mean", {"latency_mean_us"}, "", tiers_latency_since_sent},
        {"ratios", {"speedup_mean"}, "", tiers_mean_of_ratios},
        {"rounds", {"speedup_p99"}, "", tiers_p99_of_rounds},
        {"share", {"tier_share"}, "", tiers_share_of_time},
        {"hits", {"cache_hit_share"}, "", tiers_hits_with_misses},
        {"no-hits", {"cache_hit_share"}, "", tiers_hits_of_none},
        {"macs", {"macs_ratio"}, "", tiers_macs_of_layers},
        {"bound", {"speedup_bound"}, "", tiers_bound_halved},
        {"identity", {"identity_p99_us"}, "", tiers_identity_at_p99},
    };
    (void)state;
    for (size_t i = 0; i < sizeof fixtures / sizeof *fixtures; i++) {
        enum verdict verdict;
        char reason[200];
        assert_int_equal(fixture_check(&fixtures[i], &verdict, reason, sizeof reason), ST_OK);
        if (verdict != VERDICT_PASS) {
            fail_msg("%s: %s", fixtures[i].name, reason);
        }
    }
}

static void blocks_cover_what_lasts(void **state) {
    (void)state;
    assert_int_equal(tiers_block(100000, TIERS_IID, 0), 47);
    assert_int_equal(tiers_block(100000, TIERS_EXACT, 0), 47);
    assert_int_equal(tiers_block(100000, TIERS_BURSTY, 0), 16 * TIERS_BURST);
    assert_int_equal(tiers_block(100000, TIERS_IID, .25), 47); /* 4 / (1/2)^2 is less */
    assert_int_equal(tiers_block(100000, TIERS_IID, .81), 400);
    assert_int_equal(tiers_block(1000, TIERS_BURSTY, 0), 100);
    assert_int_equal(tiers_block(3, TIERS_IID, 0), 1);
    assert_int_equal(tiers_block(1000, TIERS_IID, 1), 100); /* a queue that never empties */
}

static void latencies_are_in_microseconds(void **state) {
    (void)state;
    uint32_t ns[1000];
    for (uint32_t i = 0; i < 1000; i++) {
        ns[i] = 1000 * (i * 7 % 1000 + 1);
    }
    const struct tiers_latency l = tiers_latency(ns, 1000, 10);
    assert_true(l.mean_us.value == 500.5);
    assert_true(l.p50_us.value == 500 && l.p95_us.value == 950);
    assert_true(l.p99_us.value == 990 && l.p999_us.value == 999);
    assert_true(l.p50_us.lo < 500 && l.p50_us.hi > 500 && l.p50_us.hi < 600);
    assert_true(l.mean_us.lo < 500.5 && l.mean_us.hi > 500.5);
}

static void a_bound_counts_what_was_served(void **state) {
    (void)state;
    const double share[TIERS] = {.1, .2, 0, .7}, ratio[TIERS] = {1, .25, NAN, 0};
    const double bound = tiers_speedup_bound(share, ratio);
    assert_true(fabs(bound - 1 / .15) < 1e-12);
    const struct interval below = {7, 6, 8}, above = {8, 7.1, 9}, unknown = {8, NAN, NAN};
    assert_false(tiers_speedup_broken(below, 8, bound));
    assert_true(tiers_speedup_broken(above, 8, bound));
    assert_false(tiers_speedup_broken(above, 6, bound));
    assert_false(tiers_speedup_broken(unknown, 8, bound));
    assert_false(tiers_speedup_broken((struct interval){7, 6.8, 8}, 7, bound));
    const double none[TIERS] = {0, 0, 0, 1};
    assert_true(isnan(tiers_speedup_bound(none, ratio)));
    assert_false(tiers_speedup_broken(above, 8, (double)NAN));
    assert_true(isnan(tiers_shares(NULL, NULL, 0).tier[0]));
}

/* Tier 0 takes 100 and once a thousand times as long; a quarter of it 25 and once very long. */
static void interruptions_move_no_median(void **state) {
    (void)state;
    const uint32_t all[] = {100, 100000, 100, 100, 100}, mix[] = {100, 25, 25, 90000, 25, 100, 100};
    const uint8_t tier[] = {0, 1, 1, 1, 1, 0, 0};
    const double right = 100 / (100 * 3 / 7.0 + 25 * 4 / 7.0);
    assert_true(fabs(tiers_typical_speedup(all, 5, mix, tier, 7) - right) < 1e-12);
    assert_true(isnan(tiers_typical_speedup(all, 5, mix, tier, 0)));
}

/* --- the percentile of a mixture -------------------------------------------------------------- */

enum { COUNT = 5000 };

/* Latencies of tier 0 from 1 ms up, of other tiers below; `slow` of those are as long as any. */
static void mix(uint64_t seed, uint32_t in_tier_0, int slow, uint32_t *ns, uint8_t *tier) {
    uint64_t state = seed;
    for (size_t i = 0; i < COUNT; i++) {
        const uint64_t r = stats_random(&state);
        tier[i] = r % 100 < in_tier_0 ? 0 : 3;
        ns[i] = (tier[i] == 0 ? 1000000 : 1000) + (uint32_t)(r >> 44);
    }
    for (size_t i = 0; i < COUNT && slow > 0; i++) {
        if (tier[i] != 0) {
            ns[i] = 100000000;
            slow--;
        }
    }
}

static void the_tail_of_a_mixture_is_tier_0s(void **state) {
    (void)state;
    static uint32_t ns[COUNT];
    static uint8_t tier[COUNT];
    for (uint64_t seed = 0; seed < 5; seed++) {
        mix(seed, 20, 0, ns, tier);
        const struct tiers_identity x = tiers_identity(ns, tier, COUNT);
        assert_int_equal(x.tail, 51);
        assert_int_equal(x.others, 0);
        assert_true(x.p99_us == x.quantile_us);
        assert_true(x.p99_us == tiers_latency(ns, COUNT, 1).p99_us.value);
    }
}

/* Each slow request of another tier takes the place of one of tier 0. */
static void others_in_the_tail_are_counted(void **state) {
    (void)state;
    static uint32_t ns[COUNT];
    static uint8_t tier[COUNT];
    for (int slow = 1; slow < 60; slow += 7) {
        mix(3, 20, slow, ns, tier);
        const struct tiers_identity x = tiers_identity(ns, tier, COUNT);
        assert_int_equal(x.others, slow < 51 ? slow : 51);
        assert_true(x.p99_us > x.quantile_us);
    }
}

static void too_few_of_tier_0_have_no_quantile(void **state) {
    (void)state;
    static uint32_t ns[COUNT];
    static uint8_t tier[COUNT];
    mix(3, 0, 0, ns, tier);
    const struct tiers_identity x = tiers_identity(ns, tier, COUNT);
    assert_true(isnan(x.quantile_us) && !isnan(x.p99_us));
    assert_int_equal(x.others, x.tail);
    assert_true(isnan(tiers_identity(ns, tier, 0).p99_us));
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(fixtures_tell_defects),
        cmocka_unit_test(blocks_cover_what_lasts),
        cmocka_unit_test(latencies_are_in_microseconds),
        cmocka_unit_test(a_bound_counts_what_was_served),
        cmocka_unit_test(interruptions_move_no_median),
        cmocka_unit_test(the_tail_of_a_mixture_is_tier_0s),
        cmocka_unit_test(others_in_the_tail_are_counted),
        cmocka_unit_test(too_few_of_tier_0_have_no_quantile),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
