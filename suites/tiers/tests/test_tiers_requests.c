/* Streams: what the gate makes of every request, shares and runs of each order, and which requests
 * of tier 3 hit. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <math.h>
#include <string.h>

#include "../tiers_gate_check.h"
#include "../tiers_requests.h"

enum { COUNT = 20000, SEED = 7 };

static struct tiers_stream made(const char *workload, enum tiers_order order, int64_t count,
                                uint64_t seed) {
    struct tiers_stream s;
    assert_int_equal(
        tiers_stream_make(&tiers_configs[0], tiers_workload_find(workload), order, count, seed, &s),
        ST_OK);
    return s;
}

static void count_kinds(const struct tiers_stream *s, int64_t kinds[TIERS_KINDS]) {
    memset(kinds, 0, TIERS_KINDS * sizeof *kinds);
    for (int64_t i = 0; i < s->count; i++) {
        assert_in_range(s->intended[i], 0, TIERS_KINDS - 1);
        kinds[s->intended[i]]++;
    }
}

/* --- intended and decided --------------------------------------------------------------------- */

static void gate_answers_as_intended(const struct tiers_stream *s,
                                     int64_t decided[REF_GATE_RULES]) {
    for (int64_t i = 0; i < s->count; i++) {
        const struct tiers_packet *p = &s->requests[i].packet;
        const struct tiers_decision d = tiers_gate(p);
        assert_int_equal(d.tier, tiers_kind_tier((enum tiers_kind)s->intended[i]));
        assert_int_equal(d.flush, s->intended[i] == TIERS_KIND_FLUSH);
        const int rule = tiers_gate_rule(p);
        assert_int_equal(d.tier, ref_gate_tier[rule]);
        assert_int_equal(d.flush, ref_gate_flush[rule]);
        decided[rule]++;
    }
}

static void the_gate_decides_as_the_stream_intends(void **state) {
    (void)state;
    for (size_t w = 0; w < TIERS_WORKLOADS; w++) {
        for (int order = 0; order < TIERS_ORDERS; order++) {
            int64_t decided[REF_GATE_RULES] = {0};
            struct tiers_stream s =
                made(tiers_workloads[w].name, (enum tiers_order)order, COUNT, SEED);
            gate_answers_as_intended(&s, decided);
            tiers_stream_free(&s);
        }
    }
}

/* Each rule in its share of a kind: three of tiers 1 and 2, two of tier 3. */
static void every_rule_decides_somewhere(void **state) {
    (void)state;
    int64_t decided[REF_GATE_RULES] = {0};
    struct tiers_stream s = made("fault", TIERS_EXACT, COUNT, SEED);
    gate_answers_as_intended(&s, decided);
    const double share[REF_GATE_RULES] = {.10 / 2, .20 / 3, .10 / 2, .20 / 3, .20 / 3,
                                          .10,     .15 / 3, .15 / 3, .15 / 3, .45};
    for (int rule = 0; rule < REF_GATE_RULES; rule++) {
        assert_true(fabs((double)decided[rule] / COUNT - share[rule]) < 0.01);
    }
    tiers_stream_free(&s);
}

/* --- orders ----------------------------------------------------------------------------------- */

static void exact_counts_are_exact(void **state) {
    (void)state;
    for (size_t w = 0; w < TIERS_WORKLOADS; w++) {
        for (int64_t count = 1; count <= COUNT; count = count * 7 + 3) {
            struct tiers_stream s = made(tiers_workloads[w].name, TIERS_EXACT, count, SEED);
            int64_t kinds[TIERS_KINDS];
            count_kinds(&s, kinds);
            for (int kind = 0; kind < TIERS_KINDS; kind++) {
                const double wanted = tiers_workloads[w].share[kind] * (double)count;
                assert_true(fabs((double)kinds[kind] - wanted) < 1);
                assert_true(wanted > 0 || kinds[kind] == 0);
            }
            tiers_stream_free(&s);
        }
    }
    int64_t kinds[TIERS_KINDS];
    struct tiers_stream s = made("fault", TIERS_EXACT, COUNT, SEED);
    count_kinds(&s, kinds);
    const int64_t wanted[TIERS_KINDS] = {9000, 3000, 4000, 2000, 2000};
    assert_memory_equal(kinds, wanted, sizeof wanted);
    tiers_stream_free(&s);
}

/* A shuffle leaves each half its share: within five standard deviations of drawing without
 * replacement. */
static void exact_counts_are_shuffled(void **state) {
    (void)state;
    struct tiers_stream s = made("interactive", TIERS_EXACT, COUNT, SEED);
    int64_t first = 0;
    for (int64_t i = 0; i < COUNT / 2; i++) {
        first += s.intended[i] == TIERS_KIND_3;
    }
    const double n = COUNT, half = n / 2, w = .4;
    assert_true(fabs((double)first - half * w) < 5 * sqrt(half * w * (1 - w) / 2));
    tiers_stream_free(&s);
}

/* Shares within five standard deviations, `correlated` requests counting as one. */
static void shares_hold(const struct tiers_workload *w, const struct tiers_stream *s,
                        double correlated) {
    int64_t kinds[TIERS_KINDS];
    count_kinds(s, kinds);
    for (int kind = 0; kind < TIERS_KINDS; kind++) {
        const double p = w->share[kind], n = (double)s->count;
        const double deviation = sqrt(n * p * (1 - p) * correlated);
        assert_true(fabs((double)kinds[kind] - n * p) <= 5 * deviation);
    }
}

static void drawn_shares_are_those_of_the_workload(void **state) {
    (void)state;
    for (size_t w = 0; w < TIERS_WORKLOADS; w++) {
        struct tiers_stream s = made(tiers_workloads[w].name, TIERS_IID, COUNT, SEED);
        shares_hold(&tiers_workloads[w], &s, 1);
        tiers_stream_free(&s);
        s = made(tiers_workloads[w].name, TIERS_BURSTY, 5 * COUNT, SEED);
        /* (1 + r) / (1 - r) for a chain whose correlation falls by r a step */
        shares_hold(&tiers_workloads[w], &s, 2 * TIERS_BURST - 1);
        tiers_stream_free(&s);
    }
}

/* Mean length of the runs of a kind, the first and the last run of the stream left out. */
static double mean_run(const struct tiers_stream *s, int kind) {
    int64_t runs = 0, length = 0, begin = 0;
    for (int64_t i = 1; i < s->count; i++) {
        if (s->intended[i] != s->intended[i - 1]) {
            const bool counted = begin > 0 && s->intended[i - 1] == kind;
            runs += counted;
            length += counted ? i - begin : 0;
            begin = i;
        }
    }
    return (double)length / (double)runs;
}

static void runs_are_as_long_as_stated(void **state) {
    (void)state;
    const struct tiers_workload *w = tiers_workload_find("fault");
    for (int kind = 0; kind < TIERS_KINDS; kind++) {
        struct tiers_stream s = made("fault", TIERS_BURSTY, 5 * COUNT, SEED);
        const double mean = TIERS_BURST / (1 - w->share[kind]);
        assert_true(fabs(mean_run(&s, kind) / mean - 1) < .12); /* of 1000 runs or more */
        tiers_stream_free(&s);
        s = made("fault", TIERS_IID, 5 * COUNT, SEED);
        assert_true(fabs(mean_run(&s, kind) * (1 - w->share[kind]) - 1) < .12);
        tiers_stream_free(&s);
    }
}

/* --- inputs ----------------------------------------------------------------------------------- */

/* Requests of tier 3 that repeat the last computed one; all others have new signatures. */
static int64_t count_hits(const struct tiers_stream *s) {
    const struct tiers_request *computed = NULL;
    int64_t hits = 0;
    for (int64_t i = 0; i < s->count; i++) {
        const struct tiers_request *r = &s->requests[i];
        const bool repeats = computed != NULL && r->signature == computed->signature;
        if (repeats) {
            assert_int_equal(s->intended[i], TIERS_KIND_3);
            assert_ptr_equal(r->tokens, computed->tokens);
            hits++;
        }
        computed = s->intended[i] == TIERS_KIND_3 ? computed : r;
    }
    return hits;
}

static void nine_of_ten_cached_requests_hit(void **state) {
    (void)state;
    struct tiers_stream s = made("streaming", TIERS_EXACT, COUNT, SEED);
    const double n = .7 * COUNT;
    assert_true(fabs((double)count_hits(&s) - .9 * n) < 5 * sqrt(.9 * .1 * n));
    tiers_stream_free(&s);
    s = made("tier0", TIERS_IID, COUNT, SEED);
    assert_int_equal(count_hits(&s), 0);
    tiers_stream_free(&s);
}

static void prompts_are_rows_of_the_pool(void **state) {
    (void)state;
    struct tiers_stream s = made("interactive", TIERS_IID, COUNT, SEED);
    const int32_t seq = s.config->shape.seq;
    bool read[TIERS_PROMPTS] = {false};
    for (int64_t i = 0; i < s.count; i++) {
        const ptrdiff_t at = s.requests[i].tokens - s.tokens;
        assert_in_range(at, 0, (TIERS_PROMPTS - 1) * seq);
        assert_int_equal(at % seq, 0);
        read[at / seq] = true;
    }
    for (int32_t i = 0; i < TIERS_PROMPTS; i++) {
        assert_true(read[i]);
    }
    for (int32_t i = 0; i < TIERS_PROMPTS * seq; i++) {
        assert_in_range(s.tokens[i], 0, s.config->shape.logits - 1);
    }
    tiers_stream_free(&s);
}

static bool same(const struct tiers_stream *a, const struct tiers_stream *b) {
    for (int64_t i = 0; i < a->count; i++) {
        const struct tiers_request *x = &a->requests[i], *y = &b->requests[i];
        if (a->intended[i] != b->intended[i] || x->signature != y->signature ||
            x->packet.lambda != y->packet.lambda ||
            x->tokens - a->tokens != y->tokens - b->tokens) {
            return false;
        }
    }
    return true;
}

static void a_seed_makes_one_stream(void **state) {
    (void)state;
    struct tiers_stream a = made("interactive", TIERS_EXACT, 500, 1);
    struct tiers_stream b = made("interactive", TIERS_EXACT, 500, 1);
    struct tiers_stream c = made("interactive", TIERS_EXACT, 500, 2);
    assert_true(same(&a, &b));
    assert_false(same(&a, &c));
    assert_int_not_equal(a.requests[0].signature, c.requests[0].signature);
    tiers_stream_free(&a);
    tiers_stream_free(&b);
    tiers_stream_free(&c);
}

static void shares_sum_to_one(void **state) {
    (void)state;
    for (size_t w = 0; w < TIERS_WORKLOADS; w++) {
        double sum = 0;
        for (int kind = 0; kind < TIERS_KINDS; kind++) {
            sum += tiers_workloads[w].share[kind];
        }
        assert_true(fabs(sum - 1) < 1e-12);
    }
    assert_null(tiers_workload_find("idle"));
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_gate_decides_as_the_stream_intends),
        cmocka_unit_test(every_rule_decides_somewhere),
        cmocka_unit_test(exact_counts_are_exact),
        cmocka_unit_test(exact_counts_are_shuffled),
        cmocka_unit_test(drawn_shares_are_those_of_the_workload),
        cmocka_unit_test(runs_are_as_long_as_stated),
        cmocka_unit_test(nine_of_ten_cached_requests_hit),
        cmocka_unit_test(prompts_are_rows_of_the_pool),
        cmocka_unit_test(a_seed_makes_one_stream),
        cmocka_unit_test(shares_sum_to_one),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
