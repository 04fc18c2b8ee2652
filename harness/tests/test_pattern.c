/* Expressions that may be compiled, and those whose compilation would not end well. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "../base/pattern.h"

static bool matches(const char *text, const char *line) {
    regex_t r;
    assert_int_equal(pattern_compile("--filter", text, &r), ST_OK);
    bool matched = regexec(&r, line, 0, NULL, 0) == 0;
    regfree(&r);
    return matched;
}

static void refuse(const char *text, const char *why) {
    regex_t r;
    assert_int_equal(pattern_compile("--filter", text, &r), ST_USAGE);
    if (strstr(status_message(), "--filter: ") == NULL || strstr(status_message(), why) == NULL)
        fail_msg("\"%s\" does not say \"%s\"", status_message(), why);
}

static void ordinary_ones_match(void **state) {
    (void)state;
    assert_true(matches("^toy/(pruned|naive)/.*k=10(/|$)", "toy/naive/x/k=10/a=1"));
    assert_false(matches("^toy/(pruned|naive)/.*k=10(/|$)", "toy/naive/x/k=100/a=1"));
    assert_true(matches("[[:digit:]]{2,3}[])(]+\\.", "a12](."));
    assert_true(matches("a\\\\1", "a\\1")); /* an escaped backslash, then a digit */
    assert_true(matches("", "anything"));
}

/* Each of these makes regcomp() in this process run for hours, or overflow the stack. */
static void what_would_not_end_is_refused(void **state) {
    enum { NESTED = 200000 };
    (void)state;
    refuse("a*+?+?+?+?+?+?+?+?+?+?+?+?", "a simpler expression is needed");
    refuse("((a?){1,500})+", "a simpler expression is needed");
    char *deep = malloc(NESTED + 1);
    assert_non_null(deep);
    memset(deep, '(', NESTED);
    deep[NESTED] = '\0';
    refuse(deep, "a simpler expression is needed");
    free(deep);
}

static void what_is_none_is_refused(void **state) {
    static const char *const wrong[] = {"(", "[", "[a", "[[:digit:", "\\", "a{1", "a{2,1}", "*("};
    (void)state;
    for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++)
        refuse(wrong[i], "not a regular expression");
    refuse("(a)\\1", "back-references are not supported");
}

int main(void) {
    const struct CMUnitTest tests[] = {cmocka_unit_test(ordinary_ones_match),
                                       cmocka_unit_test(what_would_not_end_is_refused),
                                       cmocka_unit_test(what_is_none_is_refused)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
