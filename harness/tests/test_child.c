/* Work in a child process: what becomes of work that succeeds, fails, crashes, never ends, wants
 * too much, or lies. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <fcntl.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "../base/child.h"
#include "sample_record.h"

static const struct child_limits usual = {.cpu_seconds = 10,
                                          .wall_seconds = 20,
                                          .memory_bytes = 64 << 20,
                                          .result_bytes = 1 << 20,
                                          .failure = ST_RECORD,
                                          .doing = "reading it",
                                          .advice = "do this"};

static enum status run(const struct child_limits *limits, child_work *work, void *arg) {
    void *bytes = NULL;
    size_t size = 0;
    enum status st = child_run(limits, work, arg, "file", &bytes, &size);
    assert_true(st == ST_OK || bytes == NULL);
    free(bytes);
    return st;
}

static void refused(const struct child_limits *limits, child_work *work, void *arg,
                    const char *said) {
    assert_int_equal(run(limits, work, arg), ST_RECORD);
    assert_string_equal(status_message(), said);
}

/* --- what comes back ------------------------------------------------------------------------ */

static enum status count(void *arg, void **bytes, size_t *size) {
    *size = *(size_t *)arg;
    unsigned char *made = malloc(*size + 1);
    for (size_t i = 0; i < *size; i++)
        made[i] = (unsigned char)(i * 31 >> 3);
    *bytes = made;
    *(size_t *)arg = 0; /* in the child only */
    return ST_OK;
}

static void bytes_come_back_whole(void **state) {
    (void)state;
    /* Below and above what a pipe holds, and the most that may come. */
    const size_t sizes[] = {0, 1, 65536, 100001, 1 << 20};
    for (size_t i = 0; i < sizeof sizes / sizeof sizes[0]; i++) {
        size_t asked = sizes[i], size = 7;
        void *bytes = NULL;
        assert_int_equal(child_run(&usual, count, &asked, "file", &bytes, &size), ST_OK);
        assert_int_equal(asked, sizes[i]);
        assert_int_equal(size, sizes[i]);
        for (size_t j = 0; j < size; j++)
            assert_int_equal(((unsigned char *)bytes)[j], (unsigned char)(j * 31 >> 3));
        free(bytes);
    }
    size_t too_many = (1 << 20) + 1;
    refused(&usual, count, &too_many, "file: reading it gave a malformed report: do this");
}

static enum status refuse(void *arg, void **bytes, size_t *size) {
    (void)arg;
    (void)bytes;
    (void)size;
    return status_set(ST_CHECK, "file: said by the \x1b[2Kchild\nand more");
}

static void a_failure_brings_its_line(void **state) {
    (void)state;
    refused(&usual, refuse, NULL, "file: said by the \\x1b[2Kchild\\x0aand more");
    struct child_limits other = usual;
    other.failure = ST_INPUT;
    assert_int_equal(run(&other, refuse, NULL), ST_INPUT);
}

/* --- what dies ------------------------------------------------------------------------------ */

static enum status crash(void *arg, void **bytes, size_t *size) {
    (void)bytes;
    (void)size;
    raise(*(int *)arg);
    return ST_OK;
}

static enum status leave(void *arg, void **bytes, size_t *size) {
    (void)arg;
    (void)bytes;
    (void)size;
    _exit(5);
}

static void a_crash_is_a_refusal(void **state) {
    (void)state;
    int segv = SIGSEGV, abrt = SIGABRT;
    refused(&usual, crash, &segv, "file: reading it crashed (signal 11): do this");
    refused(&usual, crash, &abrt, "file: reading it crashed (signal 6): do this");
    refused(&usual, leave, NULL, "file: reading it ended without a report (exit code 5): do this");
}

static enum status spin(void *arg, void **bytes, size_t *size) {
    (void)bytes;
    (void)size;
    volatile int *going = arg;
    while (*going) {
    }
    return ST_OK;
}

static void time_is_limited(void **state) {
    (void)state;
    int going = 1;
    struct child_limits limits = usual;
    limits.cpu_seconds = 1;
    refused(&limits, spin, &going,
            "file: reading it took more than 1 s of processor time: do this");
    limits = usual;
    limits.wall_seconds = 1;
    refused(&limits, spin, &going, "file: reading it took more than 1 s: do this");
}

/* Maps and fills until it is refused, as a decoder that believes a length does. */
static enum status hoard(void *arg, void **bytes, size_t *size) {
    (void)arg;
    (void)bytes;
    (void)size;
    enum { STEP = 1 << 20, STEPS = 128 };
    static char *kept[STEPS];
    for (int i = 0; i < STEPS; i++) {
        kept[i] = malloc(STEP);
        if (kept[i] == NULL)
            return status_set(ST_SYSTEM, "no memory");
        memset(kept[i], i, STEP);
    }
    return ST_OK;
}

static enum status demand(void *arg, void **bytes, size_t *size) {
    (void)bytes;
    (void)size;
    static volatile char *huge;
    huge = malloc(*(size_t *)arg);
    huge[0] = 1; /* as careless as it gets */
    return ST_OK;
}

static bool memory_is_limited(void) {
#ifdef __SANITIZE_ADDRESS__
    return false;
#elif defined(__has_feature)
#if __has_feature(address_sanitizer)
    return false;
#endif
#endif
    return true;
}

static void memory_beyond_the_limit_is_refused(void **state) {
    (void)state;
    if (!memory_is_limited()) {
        print_message("AddressSanitizer maps too much for a memory limit\n");
        skip();
    }
    refused(&usual, hoard, NULL, "file: reading it needed more memory than 64 MiB: do this");
    size_t huge = (size_t)1 << 40;
    refused(&usual, demand, &huge, "file: reading it crashed (signal 11): do this");
    struct child_limits limits = usual;
    limits.memory_bytes = 256 << 20;
    assert_int_equal(run(&limits, hoard, NULL), ST_OK);
}

/* --- what is out of reach ------------------------------------------------------------------- */

/* Arguments of work that reaches out of its child. */
struct reach {
    int fd;           /* an open file of the parent */
    const char *path; /* of another file */
    pid_t parent;
};

static enum status reach_out(void *arg, void **bytes, size_t *size) {
    const struct reach *r = arg;
    (void)bytes;
    (void)size;
    const struct {
        const char *what;
        bool done;
    } reaches[] = {
        {"wrote to the parent's file", write(r->fd, "x", 1) >= 0},
        {"opened a file", open(r->path, O_RDONLY) >= 0},
        {"made a pipe", pipe((int[2]){0, 0}) == 0},
        {"duplicated a descriptor", dup(0) >= 0},
        {"read standard input", read(0, (char[1]){0}, 1) > 0},
    };
    for (size_t i = 0; i < sizeof reaches / sizeof reaches[0]; i++) {
        if (reaches[i].done)
            return status_set(ST_CHECK, "%s", reaches[i].what);
    }
    return ST_OK;
}

/* What needs no descriptor. */
static enum status reach_by_name(void *arg, void **bytes, size_t *size) {
    const struct reach *r = arg;
    (void)bytes;
    (void)size;
    const struct {
        const char *what;
        bool done;
    } reaches[] = {
        {"truncated a file", truncate(r->path, 0) == 0},
        {"renamed a file", rename(r->path, r->path) == 0},
        {"changed a mode", chmod(r->path, 0600) == 0},
        {"signalled the parent", kill(getppid(), 0) == 0},
        {"signalled the parent's thread", syscall(SYS_tgkill, r->parent, r->parent, 0) == 0},
        {"started a program", execl("/bin/true", "true", NULL) == 0},
        {"removed a file", unlink(r->path) == 0},
    };
    for (size_t i = 0; i < sizeof reaches / sizeof reaches[0]; i++) {
        if (reaches[i].done)
            return status_set(ST_CHECK, "%s", reaches[i].what);
    }
    return ST_OK;
}

static enum status fork_off(void *arg, void **bytes, size_t *size) {
    (void)bytes;
    (void)size;
    /* Root is not held by RLIMIT_NPROC. */
    if (*(const bool *)arg && setuid(65534) != 0)
        return status_set(ST_CHECK, "root stayed root");
    const pid_t pid = fork();
    if (pid == 0)
        _exit(0);
    if (pid > 0)
        waitpid(pid, NULL, 0);
    return pid < 0 ? ST_OK : status_set(ST_CHECK, "forked");
}

static void the_child_reaches_nothing(void **state) {
    (void)state;
    char *folder = sample_folder();
    const char *path = sample_path(folder, "journal");
    const int fd = open(path, O_CREAT | O_RDWR, 0600);
    /* A number that the child has no other use for. */
    struct reach r = {fcntl(fd, F_DUPFD, 40), path, 0};
    assert_true(r.fd >= 40);
    close(fd);
    if (run(&usual, reach_out, &r) != ST_OK)
        fail_msg("%s", status_message());
    assert_int_equal(lseek(r.fd, 0, SEEK_END), 0);
    close(r.fd);
    sample_remove(folder);
}

static bool calls_are_filtered(void) {
    return memory_is_limited() && access("/proc/sys/kernel/seccomp/actions_avail", F_OK) == 0;
}

static void the_child_reaches_nothing_by_name(void **state) {
    (void)state;
    if (!calls_are_filtered()) {
        print_message("no system call filter under AddressSanitizer or in this kernel\n");
        skip();
    }
    char *folder = sample_folder(), path[512];
    strcpy(path, sample_path(folder, "journal"));
    sample_store(path, "data", 4);
    struct reach r = {-1, path, getpid()};
    if (run(&usual, reach_by_name, &r) != ST_OK)
        fail_msg("%s", status_message());
    size_t size;
    char *data = sample_load(path, &size);
    assert_int_equal(size, 4);
    free(data);
    sample_remove(folder);
}

static void the_child_starts_no_process(void **state) {
    (void)state;
    struct child_limits limits = usual;
    bool leave_root = false;
    if (calls_are_filtered() && run(&limits, fork_off, &leave_root) != ST_OK)
        fail_msg("with the filter: %s", status_message());
    limits.files = 1; /* no filter, only the limit */
    leave_root = geteuid() == 0;
    if (run(&limits, fork_off, &leave_root) != ST_OK)
        fail_msg("with the limit: %s", status_message());
}

/* With one file allowed: reads one, not two, and writes none. */
static enum status read_one(void *arg, void **bytes, size_t *size) {
    const char *path = arg;
    (void)bytes;
    (void)size;
    if (open(path, O_RDONLY) < 0)
        return status_set(ST_CHECK, "opened none");
    return open(path, O_RDONLY) < 0 ? ST_OK : status_set(ST_CHECK, "opened two");
}

static enum status write_one(void *arg, void **bytes, size_t *size) {
    (void)bytes;
    (void)size;
    const int fd = open(arg, O_WRONLY);
    return write(fd, "x", 1) == 1 ? ST_OK : status_set(ST_CHECK, "not written");
}

static void files_are_counted_and_not_written(void **state) {
    (void)state;
    char *folder = sample_folder(), path[512];
    strcpy(path, sample_path(folder, "data"));
    sample_store(path, "data", 4);
    struct child_limits limits = usual;
    limits.files = 1;
    if (run(&limits, read_one, path) != ST_OK)
        fail_msg("%s", status_message());
    if (memory_is_limited()) /* else neither are file sizes: a sanitizer may report to a file */
        refused(&limits, write_one, path, "file: reading it crashed (signal 25): do this");
    sample_remove(folder);
}

static void on_alarm(int signal) { (void)signal; }

static enum status has_handler(void *arg, void **bytes, size_t *size) {
    struct sigaction now;
    (void)arg;
    (void)bytes;
    (void)size;
    sigaction(SIGALRM, NULL, &now);
    return now.sa_handler == SIG_DFL ? ST_OK : status_set(ST_CHECK, "a handler is set");
}

static void handlers_stay_behind(void **state) {
    (void)state;
    void (*before)(int) = signal(SIGALRM, on_alarm);
    assert_int_equal(run(&usual, has_handler, NULL), ST_OK);
    signal(SIGALRM, before);
}

/* --- what lies ------------------------------------------------------------------------------ */

enum { PIPE = 3, REPORT = 4 + 1024 + 4 + 8 };

/* What foreign code in the child could write to the pipe. */
static enum status lie(void *arg, void **bytes, size_t *size) {
    const int kind = *(const int *)arg;
    unsigned char report[2 * REPORT] = {0};
    const uint64_t claimed = kind == 2 ? UINT64_MAX : 16;
    (void)bytes;
    (void)size;
    memset(report + 4, 'x', 1024);
    if (kind == 1)
        report[0] = 200;
    memcpy(report + REPORT - 8, &claimed, sizeof claimed);
    if (kind == 4) { /* a failure with a message that does not end */
        report[0] = 1;
        memset(report + REPORT - 8, 0, 8);
    }
    const size_t sent = kind == 0 ? 5 : kind == 3 ? REPORT + 17 : kind == 5 ? REPORT + 3 : REPORT;
    _exit(write(PIPE, report, sent) == (ssize_t)sent ? 0 : 1);
}

static void lies_are_refused(void **state) {
    (void)state;
    static const char *const said[] = {
        "file: reading it ended without a report (exit code 0): do this", /* short */
        "file: reading it gave a malformed report: do this",              /* unknown outcome */
        "file: reading it gave a malformed report: do this",              /* endless size */
        "file: reading it gave a malformed report: do this",              /* a byte too many */
        NULL,                                                             /* endless message */
        "file: reading it ended without a report (exit code 0): do this", /* a byte too few */
    };
    for (int kind = 0; kind < (int)(sizeof said / sizeof said[0]); kind++) {
        if (said[kind] != NULL) {
            refused(&usual, lie, &kind, said[kind]);
            continue;
        }
        assert_int_equal(run(&usual, lie, &kind), ST_RECORD);
        assert_int_equal(strspn(status_message(), "x."), strlen(status_message()));
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(bytes_come_back_whole),
        cmocka_unit_test(a_failure_brings_its_line),
        cmocka_unit_test(a_crash_is_a_refusal),
        cmocka_unit_test(time_is_limited),
        cmocka_unit_test(memory_beyond_the_limit_is_refused),
        cmocka_unit_test(the_child_reaches_nothing),
        cmocka_unit_test(the_child_reaches_nothing_by_name),
        cmocka_unit_test(the_child_starts_no_process),
        cmocka_unit_test(files_are_counted_and_not_written),
        cmocka_unit_test(handlers_stay_behind),
        cmocka_unit_test(lies_are_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
