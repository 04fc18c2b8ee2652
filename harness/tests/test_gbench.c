/* The Google Benchmark binding: order, ids, clocks. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdbool.h>
#include <string.h>
#include <time.h>

#include "../run/gbench.h"

enum { ROUNDS = 12 };

static char order[128];
static int calls;

static double own_clock(void *arg, int64_t round) {
    calls++;
    return *(const double *)arg + (double)round;
}

static double wall_clock(void *arg, int64_t round) {
    (void)arg;
    (void)round;
    nanosleep(&(struct timespec){.tv_nsec = 2000000}, NULL);
    return -1;
}

struct seen {
    int count;
    double last_started, seconds_of_a[ROUNDS], wall;
};

static void take(void *user, const char *id, int64_t round, double seconds, double started) {
    struct seen *s = user;
    s->count++;
    assert_true(started >= s->last_started);
    s->last_started = started;
    strncat(order, id, 1);
    if (strcmp(id, "a") == 0) {
        s->seconds_of_a[round] = seconds;
    }
    if (strcmp(id, "wall") == 0) {
        s->wall = seconds;
    }
}

/* Each round holds each arm once; the lead rotates; no arm always follows the same other. */
static void check_order(void) {
    bool same = true;
    assert_int_equal(strlen(order), 3 * ROUNDS);
    for (int r = 0; r < ROUNDS; r++) {
        const char *round = order + (ptrdiff_t)r * 3;
        assert_int_equal(round[0], "abc"[r % 3]);
        for (const char *arm = "abc"; *arm != '\0'; arm++) {
            assert_non_null(memchr(round, *arm, 3));
        }
        same = same && round[1] == "abc"[(r + 1) % 3];
    }
    assert_false(same);
}

static void arms_interleave_and_the_lead_rotates(void **state) {
    (void)state;
    double one = 1, two = 2;
    struct seen seen = {0};
    order[0] = '\0';
    calls = 0;
    gbench_clear();
    assert_int_equal(gbench_register("a", own_clock, &one), 0);
    assert_int_equal(gbench_register("b", own_clock, &two), 0);
    assert_int_equal(gbench_register("c", own_clock, &two), 0);
    assert_int_equal(gbench_run(ROUNDS, take, &seen), 3 * ROUNDS);
    check_order();
    assert_int_equal(calls,
                     3 * ROUNDS); /* one call a sample: nothing is repeated behind our back */
    for (int r = 0; r < ROUNDS; r++) {
        assert_true(seen.seconds_of_a[r] > 0.999 + r && seen.seconds_of_a[r] < 1.001 + r);
    }
}

static void the_wall_clock_is_taken_where_the_body_has_none(void **state) {
    (void)state;
    struct seen seen = {0};
    gbench_clear();
    assert_int_equal(gbench_register("wall", wall_clock, NULL), 0);
    assert_int_equal(gbench_run(1, take, &seen), 1);
    assert_true(seen.wall >= 0.002 && seen.wall < 0.5);
}

static void ids_are_unique_until_cleared(void **state) {
    (void)state;
    gbench_clear();
    assert_int_equal(gbench_register("x", wall_clock, NULL), 0);
    assert_int_equal(gbench_register("x", wall_clock, NULL), -1);
    gbench_clear();
    assert_int_equal(gbench_register("x", wall_clock, NULL), 0);
    gbench_clear();
    assert_int_equal(gbench_run(3, take, NULL), 0);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(arms_interleave_and_the_lead_rotates),
        cmocka_unit_test(the_wall_clock_is_taken_where_the_body_has_none),
        cmocka_unit_test(ids_are_unique_until_cleared),
    };
    return cmocka_run_group_tests_name("gbench", tests, NULL, NULL);
}
