/* Every seed and every case that was found, through every target, without libFuzzer. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <glob.h>
#include <stdio.h>
#include <stdlib.h>

#include "../fuzz.h"

#define TARGET(name) int fuzz_##name(const uint8_t *data, size_t size);
#include "../targets.h"
#undef TARGET

/* The bytes alone, so that a sanitizer sees the first one past them. */
static uint8_t *load(const char *path, size_t *size) {
    FILE *f = fopen(path, "rb");
    assert_non_null(f);
    assert_int_equal(fseek(f, 0, SEEK_END), 0);
    *size = (size_t)ftell(f);
    rewind(f);
    uint8_t *data = malloc(*size);
    assert_true(data != NULL || *size == 0);
    assert_int_equal(fread(data, 1, *size, f), *size);
    fclose(f);
    return data;
}

/* Runs each file of ci/fuzz/KIND/TARGET; how many there are. */
static size_t replay(const char *kind, const char *target,
                     int (*entry)(const uint8_t *data, size_t size)) {
    char pattern[256];
    glob_t files;
    snprintf(pattern, sizeof pattern, "ci/fuzz/%s/%s/*", kind, target);
    if (glob(pattern, 0, NULL, &files) != 0)
        return 0;
    for (size_t i = 0; i < files.gl_pathc; i++) {
        size_t size;
        /* On stderr, for the one that does not come back. */
        fprintf(stderr, "%s\n", files.gl_pathv[i]);
        uint8_t *data = load(files.gl_pathv[i], &size);
        assert_int_equal(entry(data, size), 0);
        free(data);
    }
    const size_t count = files.gl_pathc;
    globfree(&files);
    return count;
}

static void replay_target(const char *target, int (*entry)(const uint8_t *data, size_t size)) {
    const unsigned long before = fuzz_accepted;
    assert_int_equal(entry((const uint8_t *)"", 0), 0);
    assert_true(replay("seeds", target, entry) > 0);
    /* Seeds that are all refused would be seeds of another version of the format. */
    assert_true(fuzz_accepted > before);
    replay("found", target, entry);
}

#define TARGET(name)                                                                               \
    static void name(void **state) {                                                               \
        (void)state;                                                                               \
        replay_target(#name, fuzz_##name);                                                         \
    }
#include "../targets.h"
#undef TARGET

int main(void) {
    const struct CMUnitTest tests[] = {
#define TARGET(name) cmocka_unit_test(name),
#include "../targets.h"
#undef TARGET
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
