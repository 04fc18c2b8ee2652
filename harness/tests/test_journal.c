/* The journal: what is appended stays, whatever moment a kill picks. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "../record/journal.h"

static char record[PATH_MAX], file[PATH_MAX + 16];

static int in_a_folder(void **state) {
    (void)state;
    const char *folder = getenv("TMPDIR");
    snprintf(record, sizeof record, "%s/journal-%ld.h5", folder != NULL ? folder : "/tmp",
             (long)getpid());
    snprintf(file, sizeof file, "%s.partial", record);
    return 0;
}

static int clean(void **state) {
    (void)state;
    unlink(file);
    return 0;
}

static struct tree *entry(int64_t number) {
    struct tree *t = tree_new();
    assert_true(tree_set_i64(t, "number", number));
    assert_true(tree_set_string(tree_group(t, "inner"), "text", "some words"));
    return t;
}

static void append(struct journal *j, int64_t number) {
    struct tree *t = entry(number);
    assert_int_equal(journal_append(j, t), ST_OK);
    tree_free(t);
}

/* A journal with entries 0..n-1; its bytes. */
static char *make(int n, size_t *size) {
    struct journal *j;
    unlink(file);
    assert_int_equal(journal_open(record, &j), ST_OK);
    for (int i = 0; i < n; i++) {
        append(j, i);
    }
    journal_close(j);
    struct stat s;
    assert_int_equal(stat(file, &s), 0);
    *size = (size_t)s.st_size;
    char *bytes = malloc(*size);
    FILE *f = fopen(file, "rb");
    assert_int_equal(fread(bytes, 1, *size, f), *size);
    fclose(f);
    return bytes;
}

static void put(const char *bytes, size_t size) {
    FILE *f = fopen(file, "wb");
    assert_int_equal(fwrite(bytes, 1, size, f), size);
    fclose(f);
}

static void holds(const struct journal *j, size_t n) {
    assert_int_equal(journal_count(j), n);
    for (size_t i = 0; i < n; i++) {
        assert_int_equal(tree_get_i64(journal_entry(j, i), "number", -1), (int64_t)i);
    }
}

static void entries_come_back(void **state) {
    (void)state;
    size_t size;
    free(make(3, &size));
    struct journal *j;
    assert_int_equal(journal_open(record, &j), ST_OK);
    holds(j, 3);
    append(j, 3);
    journal_close(j);
    assert_int_equal(journal_read(file, &j), ST_OK);
    holds(j, 4);
    journal_close(j);
}

/* Cut anywhere: the whole entries before the cut are there, and one can be appended behind them. */
static void every_truncation_keeps_what_was_whole(void **state) {
    (void)state;
    size_t size, one, shorter;
    free(make(0, &shorter));
    free(make(1, &one));
    one -= shorter; /* entries of one digit are equally long */
    char *bytes = make(3, &size);
    for (size_t cut = 0; cut <= size; cut++) {
        struct journal *j;
        size_t whole = cut < shorter ? 0 : (cut - shorter) / one;
        put(bytes, cut);
        assert_int_equal(journal_open(record, &j), ST_OK);
        holds(j, whole);
        append(j, (int64_t)whole);
        journal_close(j);
        assert_int_equal(journal_read(file, &j), ST_OK);
        holds(j, whole + 1);
        journal_close(j);
    }
    free(bytes);
}

/* A flipped bit is never taken for an entry: it is refused, or, in the last entry, dropped. */
static void every_flipped_bit_is_noticed(void **state) {
    (void)state;
    size_t size;
    char *bytes = make(2, &size);
    for (size_t i = 0; i < size * 8; i++) {
        struct journal *j;
        bytes[i / 8] ^= (char)(1 << (i % 8));
        put(bytes, size);
        if (journal_read(file, &j) == ST_OK) {
            assert_true(journal_count(j) < 2);
            holds(j, journal_count(j));
            journal_close(j);
        }
        bytes[i / 8] ^= (char)(1 << (i % 8));
    }
    free(bytes);
}

static void damage_before_the_end_is_no_torn_tail(void **state) {
    (void)state;
    size_t size, first;
    free(make(1, &first));
    char *bytes = make(3, &size);
    bytes[first - 1] ^= 1;
    put(bytes, size);
    struct journal *j;
    assert_int_equal(journal_open(record, &j), ST_RECORD);
    free(bytes);
}

static void one_holder_at_a_time(void **state) {
    (void)state;
    struct journal *j, *other;
    assert_int_equal(journal_open(record, &j), ST_OK);
    assert_int_equal(journal_open(record, &other), ST_INPUT);
    pid_t child = fork();
    if (child == 0) {
        _exit(journal_open(record, &other) == ST_INPUT ? 0 : 1);
    }
    int status;
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_int_equal(status, 0);
    append(j, 0);
    journal_close(j);
    assert_int_equal(journal_open(record, &j), ST_OK);
    holds(j, 1);
    journal_remove(j);
    assert_int_not_equal(access(file, F_OK), 0);
}

static void what_is_no_journal_is_left_alone(void **state) {
    (void)state;
    static const char text[] = "somebody's notes, longer than the line that journals begin with";
    struct journal *j;
    struct stat s;
    put(text, sizeof text);
    assert_int_equal(journal_open(record, &j), ST_INPUT);
    assert_int_equal(stat(file, &s), 0);
    assert_int_equal(s.st_size, sizeof text);
    unlink(file);
    assert_int_equal(symlink("/dev/null", file), 0);
    assert_int_equal(journal_open(record, &j), ST_SYSTEM);
    assert_int_not_equal(journal_read(file, &j), ST_OK);
    unlink(file);
    assert_int_equal(mkfifo(file, 0600), 0);
    assert_int_not_equal(journal_read(file, &j), ST_OK);
}

int main(void) {
#define TEST(name) cmocka_unit_test_teardown(name, clean)
    const struct CMUnitTest tests[] = {
        TEST(entries_come_back),
        TEST(every_truncation_keeps_what_was_whole),
        TEST(every_flipped_bit_is_noticed),
        TEST(damage_before_the_end_is_no_torn_tail),
        TEST(one_holder_at_a_time),
        TEST(what_is_no_journal_is_left_alone),
    };
    return cmocka_run_group_tests(tests, in_a_folder, NULL);
}
