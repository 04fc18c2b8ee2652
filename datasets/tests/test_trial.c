/* Trials: what becomes of work that succeeds, fails, crashes, or never ends. */
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <unistd.h>

#include <cmocka.h>

#include "../trial.h"
#include "support.h"

static enum status succeed(void *arg) {
    *(int *)arg = 1;
    return ST_OK;
}

static enum status refuse(void *arg) {
    (void)arg;
    return status_set(ST_CHECK, "file: said by the child; do this");
}

static enum status crash(void *arg) {
    (void)arg;
    signal(SIGSEGV, SIG_DFL); /* cmocka and sanitizers would report it as their own */
    raise(SIGSEGV);
    return ST_OK;
}

static enum status leave(void *arg) {
    (void)arg;
    _exit(0);
}

static enum status spin(void *arg) {
    volatile int *going = arg;
    while (*going) {
    }
    return ST_OK;
}

static void work_leaves_no_trace_but_its_status(void **state) {
    int touched = 0;
    (void)state;
    assert_int_equal(trial_run(succeed, &touched, 10, "file"), ST_OK);
    assert_int_equal(touched, 0);
    assert_int_equal(trial_run(refuse, NULL, 10, "file"), ST_CHECK);
    assert_string_equal(status_message(), "file: said by the child; do this");
}

static void a_dead_child_is_a_refusal(void **state) {
    int going = 1;
    (void)state;
    assert_refused(trial_run(crash, NULL, 10, "file"), "file", "crashed or never ended");
    assert_refused(trial_run(leave, NULL, 10, "file"), "file", "crashed or never ended");
    assert_refused(trial_run(spin, &going, 1, "file"), "file", "crashed or never ended");
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(work_leaves_no_trace_but_its_status),
        cmocka_unit_test(a_dead_child_is_a_refusal),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
