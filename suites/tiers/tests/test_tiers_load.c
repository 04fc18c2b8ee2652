/* Arrivals, latencies, and what is written down about a stretch of a stream. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <math.h>
#include <string.h>

#include "../tiers_load.h"

static void arrivals_are_poisson(void **state) {
    (void)state;
    enum { COUNT = 20000 };
    static double at[COUNT];
    tiers_arrivals(COUNT, 500, 3, at);
    int longer = 0, twice = 0;
    for (int i = 1; i < COUNT; i++) {
        assert_true(at[i] > at[i - 1]);
        longer += at[i] - at[i - 1] > 1.0 / 500;
    }
    /* gaps: mean and deviation 1/500, a share 1/e above the mean; five deviations each */
    assert_true(at[0] > 0 && fabs(at[COUNT - 1] * 500 / COUNT - 1) < 5 / sqrt(COUNT));
    assert_true(fabs((double)longer / COUNT - exp(-1)) < 5 * sqrt(.2325 / COUNT));
    /* no gap depends on the one before: as often two longer ones in a row as independence has it */
    for (int i = 2; i < COUNT; i++) {
        twice += at[i] - at[i - 1] > 1.0 / 500 && at[i - 1] - at[i - 2] > 1.0 / 500;
    }
    assert_true(fabs((double)twice / COUNT - exp(-2)) < 5 * sqrt(.2 / COUNT));
}

static void a_seed_has_its_arrivals(void **state) {
    (void)state;
    double a[10], b[10], c[10];
    tiers_arrivals(10, 7, 1, a);
    tiers_arrivals(10, 7, 1, b);
    tiers_arrivals(10, 7, 2, c);
    assert_memory_equal(a, b, sizeof a);
    assert_true(a[0] != c[0]);
}

static void a_latency_that_is_too_long_is_the_longest(void **state) {
    (void)state;
    assert_int_equal(tiers_latency_ns(5, 5), 0);
    assert_int_equal(tiers_latency_ns(5, 1005), 1000);
    assert_int_equal(tiers_latency_ns(0, UINT32_MAX), UINT32_MAX);
    assert_int_equal(tiers_latency_ns(0, (uint64_t)UINT32_MAX + 1), UINT32_MAX);
}

/* --- stretches -------------------------------------------------------------------------------- */

enum { REQUESTS = 160, FIRST = 40, LENGTH = 100, LOGITS = 256 };

static struct tiers_server server;
static struct tiers_stream stream;
static uint32_t latency_ns[LENGTH + 1];
static uint8_t tier[LENGTH + 1], hit[LENGTH + 1];
static struct tiers_log written = {latency_ns, tier, hit};
static float logits[LOGITS];

static int open_all(void **state) {
    (void)state;
    const struct tiers_config *c = tiers_config_find("micro");
    memset(latency_ns, 0x77, sizeof latency_ns);
    memset(tier, 0x77, sizeof tier);
    memset(hit, 0x77, sizeof hit);
    return tiers_server_open(c, kernel_find("transformer/scalar"), 1, &server) == ST_OK &&
                   tiers_stream_make(c, tiers_workload_find("fault"), TIERS_EXACT, REQUESTS, 5,
                                     &stream) == ST_OK
               ? 0
               : -1;
}

static int close_all(void **state) {
    (void)state;
    tiers_server_close(&server);
    tiers_stream_free(&stream);
    return 0;
}

static bool computed(int64_t i) { return stream.intended[i] != TIERS_KIND_3; }

/* Requests of tier 3 hit if they bear the signature of the last computed one of the stretch. */
static void the_log_is_that_of_the_stretch(void) {
    int64_t last = -1, hits = 0;
    for (int64_t i = 0; i < LENGTH; i++) {
        const struct tiers_request *r = &stream.requests[FIRST + i];
        assert_int_equal(tier[i], tiers_kind_tier((enum tiers_kind)stream.intended[FIRST + i]));
        const bool repeats =
            !computed(FIRST + i) && last >= 0 && stream.requests[last].signature == r->signature;
        assert_int_equal(hit[i], repeats);
        assert_true(latency_ns[i] > 0 ||
                    !computed(FIRST + i)); /* a copy may take no clock's step */
        hits += repeats;
        last = computed(FIRST + i) ? FIRST + i : last;
    }
    assert_true(hits > 0);
    assert_int_equal(latency_ns[LENGTH], 0x77777777); /* and no more than that */
    assert_int_equal(tier[LENGTH], 0x77);
    assert_int_equal(hit[LENGTH], 0x77);
}

static double sum_seconds(void) {
    double sum = 0;
    for (int i = 0; i < LENGTH; i++) {
        sum += 1e-9 * latency_ns[i];
    }
    return sum;
}

static void a_closed_loop_takes_its_service_times(void **state) {
    (void)state;
    const double seconds = tiers_load_closed(&server, &stream, FIRST, LENGTH, logits, &written);
    the_log_is_that_of_the_stretch();
    assert_true(sum_seconds() <= seconds);
    assert_true(sum_seconds() > 0);
}

/* Everything is due at once: each request waits for all before it. */
static void waiting_counts_in_an_open_loop(void **state) {
    (void)state;
    static const double at_once[LENGTH];
    const double seconds =
        tiers_load_open(&server, &stream, FIRST, LENGTH, at_once, logits, &written);
    the_log_is_that_of_the_stretch();
    for (int i = 1; i < LENGTH; i++) {
        assert_true(latency_ns[i] >= latency_ns[i - 1]);
    }
    assert_true(fabs(1e-9 * latency_ns[LENGTH - 1] - seconds) < 1e-6);
}

/* What holds on a processor that nobody else takes: in one of these tries none does. */
enum { TRIES = 20 };

static bool in_one_try(bool (*holds)(void)) {
    for (int i = 0; i < TRIES; i++) {
        if (holds()) {
            return true;
        }
    }
    return false;
}

/* All are due at once but for the last, which is due when they have long been served. */
static bool the_last_does_not_wait(void) {
    double due[LENGTH] = {0};
    due[LENGTH - 1] = 4 * tiers_load_closed(&server, &stream, FIRST, LENGTH, logits, &written);
    const double seconds = tiers_load_open(&server, &stream, FIRST, LENGTH, due, logits, &written);
    the_log_is_that_of_the_stretch();
    assert_true(seconds >= due[LENGTH - 1]);
    assert_true(fabs(seconds - due[LENGTH - 1] - 1e-9 * latency_ns[LENGTH - 1]) < 1e-6);
    return latency_ns[LENGTH - 1] < latency_ns[LENGTH - 2];
}

/* Requests are not sent before they are due, however free the server is. */
static void an_open_loop_keeps_its_schedule(void **state) {
    (void)state;
    assert_true(in_one_try(the_last_does_not_wait));
}

/* The server falls behind by most of a request an interval. */
static bool the_last_waits_for_the_others(void) {
    double due[LENGTH];
    const double service =
        tiers_load_closed(&server, &stream, FIRST, LENGTH, logits, &written) / LENGTH;
    for (int i = 0; i < LENGTH; i++) {
        due[i] = i * service / 10;
    }
    tiers_load_open(&server, &stream, FIRST, LENGTH, due, logits, &written);
    return 1e-9 * latency_ns[LENGTH - 1] > LENGTH / 10.0 * service;
}

static void a_late_start_is_not_forgotten(void **state) {
    (void)state;
    assert_true(in_one_try(the_last_waits_for_the_others));
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(arrivals_are_poisson),
        cmocka_unit_test(a_seed_has_its_arrivals),
        cmocka_unit_test(a_latency_that_is_too_long_is_the_longest),
        cmocka_unit_test_setup_teardown(a_closed_loop_takes_its_service_times, open_all, close_all),
        cmocka_unit_test_setup_teardown(waiting_counts_in_an_open_loop, open_all, close_all),
        cmocka_unit_test_setup_teardown(an_open_loop_keeps_its_schedule, open_all, close_all),
        cmocka_unit_test_setup_teardown(a_late_start_is_not_forgotten, open_all, close_all),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
