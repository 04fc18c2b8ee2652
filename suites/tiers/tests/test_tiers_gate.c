/* S004's networks and its gate: the numbers of the definitions, every boundary, and the oracle over
 * a grid of packets. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "../../../datasets/rng.h"
#include "../tiers_config.h"
#include "../tiers_gate_check.h"

/* --- configurations --------------------------------------------------------------------------- */

static void pass_is(struct transformer_pass got, int32_t first, int32_t end, int32_t seq,
                    int32_t window, bool keep) {
    assert_int_equal(got.first_layer, first);
    assert_int_equal(got.end_layer, end);
    assert_int_equal(got.seq, seq);
    assert_int_equal(got.window, window);
    assert_int_equal(got.keep_kv, keep);
}

static void tiers_of_the_micro_network(void **state) {
    (void)state;
    const struct tiers_config *c = tiers_config_find("micro");
    assert_non_null(c);
    pass_is(tiers_pass(c, 0, false), 0, 2, 32, 8, true);
    pass_is(tiers_pass(c, 1, false), 1, 2, 16, 4, true);
    pass_is(tiers_pass(c, 1, true), 1, 2, 16, 4, false);
    pass_is(tiers_pass(c, 2, false), 1, 2, 4, 4, false);
    assert_int_equal(c->shape.ffn, 4 * c->shape.d);
    assert_int_equal(c->shape.logits, 256);
}

static void tiers_of_the_baseline_network(void **state) {
    (void)state;
    const struct tiers_config *c = tiers_config_find("baseline");
    assert_non_null(c);
    pass_is(tiers_pass(c, 0, false), 0, 4, 64, 16, true);
    pass_is(tiers_pass(c, 1, false), 2, 4, 32, 8, true);
    pass_is(tiers_pass(c, 1, true), 2, 4, 32, 8, false);
    pass_is(tiers_pass(c, 2, false), 3, 4, 8, 4, false);
    assert_int_equal(c->shape.ffn, 4 * c->shape.d);
    assert_int_equal(c->shape.logits, 1024);
}

static void an_unknown_network_is_none(void **state) {
    (void)state;
    assert_null(tiers_config_find("macro"));
}

/* --- gate ------------------------------------------------------------------------------------- */

/* Nothing that calls for less than tier 0, and nothing beyond. */
static struct tiers_packet calm(void) {
    return (struct tiers_packet){.lambda = 100,
                                 .lambda_prev = 100,
                                 .boundary_edges = 20,
                                 .boundary_concentration = 20480,
                                 .partitions = 10,
                                 .spike_rate = 16384};
}

static void gate_is(struct tiers_packet p, int tier, bool flush) {
    const struct tiers_decision got = tiers_gate(&p);
    if (got.tier != tier || got.flush != flush) {
        fail_msg("tier %d flush %d, want %d %d", got.tier, got.flush, tier, flush);
    }
}

static void each_boundary_is_where_it_should_be(void **state) {
    (void)state;
    struct tiers_packet p = calm();
    gate_is(p, 0, false);
    p.boundary_edges = 21;
    gate_is(p, 1, false);
    p = calm();
    p.boundary_concentration = 20481;
    gate_is(p, 1, false);
    p = calm();
    p.partitions = 11;
    gate_is(p, 1, false);
    p = calm();
    p.lambda = 30;
    p.lambda_prev = 0;
    gate_is(p, 0, false);
    p.lambda = 29;
    gate_is(p, 2, false);
    p = calm();
    p.spike_present = p.spike_fired = true;
    gate_is(p, 0, false);
    p.spike_rate = 16385;
    gate_is(p, 2, false);
    p.spike_fired = false;
    gate_is(p, 3, false);
    p.spike_present = false;
    gate_is(p, 0, false);
}

/* A drop of 3/8 is 12288 exactly; the next whole quotient is above. */
static void a_drop_is_a_whole_quotient(void **state) {
    (void)state;
    struct tiers_packet p = calm();
    p.lambda_prev = 32768;
    p.lambda = 32768 - 12288;
    gate_is(p, 0, false);
    p.lambda--;
    gate_is(p, 1, true);
    p.lambda_prev = 65536; /* 24577 / 2 is 12288.5: rounded down, it is not above */
    p.lambda = 65536 - 24577;
    gate_is(p, 0, false);
    p.lambda--;
    gate_is(p, 1, true);
    p.lambda_prev = UINT32_MAX; /* 2^32 2^15: more than 32 bits hold */
    p.lambda = UINT32_MAX / 8 * 5 - 1000000;
    gate_is(p, 1, true);
    p.lambda = UINT32_MAX / 8 * 5 + 1000000;
    gate_is(p, 0, false);
    p.lambda_prev = 0;
    gate_is(p, 0, false);
}

static void the_first_rule_wins(void **state) {
    (void)state;
    struct tiers_packet p = {.lambda = 31,
                             .lambda_prev = 1000,
                             .boundary_edges = 99,
                             .boundary_concentration = 32768,
                             .partitions = 99,
                             .skip = true,
                             .force_safe = true,
                             .spike_present = true,
                             .spike_fired = false,
                             .spike_rate = 32768};
    gate_is(p, 3, false);
    p.skip = false;
    gate_is(p, 2, false);
    p.force_safe = false;
    gate_is(p, 3, false);
    p.spike_fired = true;
    gate_is(p, 2, false);
    p.spike_rate = 0;
    gate_is(p, 1, true);
    p.lambda = 1;
    gate_is(p, 2, false);
    p.lambda = p.lambda_prev;
    gate_is(p, 1, false);
}

/* --- oracle ----------------------------------------------------------------------------------- */

/* Compares; returns the rule that decided. */
static int compare(const struct tiers_packet *p) {
    const int rule = tiers_gate_rule(p);
    gate_is(*p, ref_gate_tier[rule], ref_gate_flush[rule] != 0);
    return rule;
}

/* Digits of `code` choose the flags and, of each value, one beside a boundary or far from it. */
static struct tiers_packet packet_of(uint32_t code) {
    static const uint32_t rate[] = {0, 16384, 16385}, edges[] = {0, 20, 21};
    static const uint32_t concentration[] = {0, 20480, 20481}, partitions[] = {10, 11, UINT32_MAX};
    struct tiers_packet p = {.skip = (code & 1) != 0,
                             .force_safe = (code & 2) != 0,
                             .spike_present = (code & 4) != 0,
                             .spike_fired = (code & 8) != 0};
    code >>= 4;
    p.spike_rate = rate[code % 3];
    p.boundary_edges = edges[code / 3 % 3];
    p.boundary_concentration = concentration[code / 9 % 3];
    p.partitions = partitions[code / 27 % 3];
    return p;
}

enum { CODES = 16 * 81, CUTS = 72 };

static void the_oracle_agrees_over_a_grid(void **state) {
    (void)state;
    int64_t decided[REF_GATE_RULES] = {0};
    for (uint32_t code = 0; code < CODES; code++) {
        struct tiers_packet p = packet_of(code);
        for (p.lambda = 0; p.lambda < CUTS; p.lambda++) {
            for (p.lambda_prev = 0; p.lambda_prev < CUTS; p.lambda_prev++) {
                decided[compare(&p)]++;
            }
        }
    }
    for (int rule = 0; rule < REF_GATE_RULES; rule++) {
        assert_true(decided[rule] > 0);
    }
}

/* Cuts of all sizes, one or two away from where the drop begins to count. */
static void the_oracle_agrees_on_large_cuts(void **state) {
    (void)state;
    for (uint64_t i = 0; i < 200000; i++) {
        uint32_t words[4];
        rng_words(1, 1, i, 0, words);
        struct tiers_packet p = packet_of(words[0] % CODES);
        p.lambda_prev = words[1] >> (words[3] & 31);
        p.lambda = (uint32_t)((uint64_t)p.lambda_prev * 20479 / 32768) + words[2] % 5 - 2;
        compare(&p);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(tiers_of_the_micro_network),
        cmocka_unit_test(tiers_of_the_baseline_network),
        cmocka_unit_test(an_unknown_network_is_none),
        cmocka_unit_test(each_boundary_is_where_it_should_be),
        cmocka_unit_test(a_drop_is_a_whole_quotient),
        cmocka_unit_test(the_first_rule_wins),
        cmocka_unit_test(the_oracle_agrees_over_a_grid),
        cmocka_unit_test(the_oracle_agrees_on_large_cuts),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
