/* Energy counters of made-up machines. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <math.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#include "../run/energy.h"
#include "sample_record.h"

static char *root;

static int make_root(void **state) {
    (void)state;
    root = sample_folder();
    return 0;
}

static int remove_root(void **state) {
    (void)state;
    sample_remove(root);
    return 0;
}

/* A counter's folder with what its files hold; NULL: no such file. */
static void counter(int i, const char *name, const char *uj, const char *range_uj) {
    static const char *const files[] = {"name", "energy_uj", "max_energy_range_uj"};
    const char *const text[] = {name, uj, range_uj};
    char path[512];
    snprintf(path, sizeof path, "%s/intel-rapl:%d", root, i);
    mkdir(path, 0700);
    for (size_t f = 0; f < sizeof files / sizeof *files; f++) {
        snprintf(path, sizeof path, "%s/intel-rapl:%d/%s", root, i, files[f]);
        unlink(path);
        FILE *out = text[f] != NULL ? fopen(path, "we") : NULL;
        if (out != NULL) {
            fprintf(out, "%s\n", text[f]);
            fclose(out);
        }
    }
}

static void a_machine_without_counters_has_none(void **state) {
    (void)state;
    struct energy_reading r;
    assert_false(energy_read_from("/nonexistent", &r));
    assert_false(energy_read_from(root, &r));
    assert_true(isnan(energy_joules(&r, &r)));
}

static void packages_are_added_up(void **state) {
    (void)state;
    struct energy_reading from, to;
    counter(0, "package-0", "1000000", "262143328850");
    counter(1, "psys", "77", "99");
    counter(2, "package-1", "5000000", "262143328850");
    assert_true(energy_read_from(root, &from));
    assert_int_equal(from.packages, 2);
    counter(0, "package-0", "1500000", "262143328850");
    counter(1, "psys", "99", "99");
    counter(2, "package-1", "7000000", "262143328850");
    assert_true(energy_read_from(root, &to));
    assert_true(energy_joules(&from, &to) == 2.5);
    assert_true(energy_joules(&from, &from) == 0);
}

static void a_counter_that_went_round_goes_on(void **state) {
    (void)state;
    struct energy_reading from, to;
    counter(0, "package-0", "262143328000", "262143328850");
    assert_true(energy_read_from(root, &from));
    counter(0, "package-0", "999150", "262143328850");
    assert_true(energy_read_from(root, &to));
    assert_true(energy_joules(&from, &to) == 1);
}

static void a_counter_that_cannot_be_read_is_none(void **state) {
    (void)state;
    struct energy_reading from, to;
    counter(0, "package-0", "5", "100");
    assert_true(energy_read_from(root, &from));
    counter(0, "package-0", NULL, "100");
    assert_false(energy_read_from(root, &to));
    assert_true(isnan(energy_joules(&from, &to)));
    counter(0, "package-0", "", "100");
    assert_false(energy_read_from(root, &to));
    counter(0, "package-0", "5", NULL);
    assert_false(energy_read_from(root, &to));
    counter(0, "core", "5", "100");
    assert_false(energy_read_from(root, &to));
    counter(0, "package-0", "6", "100");
    counter(1, "package-1", "6", "100");
    assert_true(energy_read_from(root, &to));
    assert_true(isnan(energy_joules(&from, &to))); /* a package more */
    counter(0, "package-0", NULL, "100");
    assert_false(energy_read_from(root, &to)); /* one of two is not all of them */
}

/* Whatever this machine has: a counter does not run backwards. */
static void this_machine_agrees_with_itself(void **state) {
    (void)state;
    struct energy_reading from, to;
    if (!energy_read(&from)) {
        skip();
    }
    assert_true(energy_read(&to));
    assert_true(energy_joules(&from, &to) >= 0);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(a_machine_without_counters_has_none, make_root,
                                        remove_root),
        cmocka_unit_test_setup_teardown(packages_are_added_up, make_root, remove_root),
        cmocka_unit_test_setup_teardown(a_counter_that_went_round_goes_on, make_root, remove_root),
        cmocka_unit_test_setup_teardown(a_counter_that_cannot_be_read_is_none, make_root,
                                        remove_root),
        cmocka_unit_test(this_machine_agrees_with_itself),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
