/* Fork, fence in, run, report over a pipe.  The parent believes nothing of a report but its shape.
 */
#include "child.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include "child_filter.h"
#include "clock.h"
#include "escape.h"

#if defined(__SANITIZE_ADDRESS__)
#define SANITIZED 1
#elif defined(__has_feature)
#if __has_feature(address_sanitizer)
#define SANITIZED 1
#endif
#endif
#ifndef SANITIZED
#define SANITIZED 0
#endif

enum { PIPE = 3, MESSAGE = 1024 };

enum outcome { OUTCOME_OK, OUTCOME_FAILED, OUTCOME_NO_MEMORY, OUTCOMES };

/* What the child sends; `bytes` more follow. */
struct report {
    uint32_t outcome;
    char message[MESSAGE];
    uint64_t bytes;
};

/* --- in the child --------------------------------------------------------------------------- */

/* Both limits of a resource, never above what the process was given. */
static bool limit(__rlimit_resource_t resource, rlim_t soft, rlim_t hard) {
    struct rlimit l;
    if (getrlimit(resource, &l) != 0)
        return false;
    l.rlim_max = hard < l.rlim_max ? hard : l.rlim_max;
    l.rlim_cur = soft < l.rlim_max ? soft : l.rlim_max;
    return setrlimit(resource, &l) == 0;
}

/* Bytes that the process maps; 0 if unknown. */
static size_t mapped_bytes(void) {
    char text[64] = "";
    int fd = open("/proc/self/statm", O_RDONLY | O_CLOEXEC);
    if (fd < 0)
        return 0;
    ssize_t got = read(fd, text, sizeof text - 1);
    close(fd);
    return got > 0 ? strtoull(text, NULL, 10) * (size_t)sysconf(_SC_PAGESIZE) : 0;
}

static void close_from(unsigned first) {
    if (close_range(first, UINT_MAX, 0) == 0)
        return;
    /* A kernel before 5.9, or a sandbox without that call. */
    for (long fd = first; fd < sysconf(_SC_OPEN_MAX); fd++)
        close((int)fd);
}

/* Leaves the pipe as the only way out.  What a dying library writes to standard error is not for
 * the user's terminal; what a sanitizer writes is. */
static bool keep_only_pipe(int pipe_end) {
    int out = fcntl(pipe_end, F_DUPFD, PIPE + 1), null = open("/dev/null", O_RDWR);
    for (int fd = 0; fd < PIPE; fd++) {
        if (SANITIZED && fd == STDERR_FILENO)
            continue;
        if (null >= 0)
            dup2(null, fd);
        else
            close(fd);
    }
    bool ok = out >= 0 && dup2(out, PIPE) == PIPE;
    close_from(PIPE + 1);
    return ok;
}

/* Handlers belong to the parent and what it was doing. */
static void reset_signals(void) {
    sigset_t none;
    sigemptyset(&none);
    for (int s = 1; s < NSIG; s++)
        signal(s, SIG_DFL);
    sigprocmask(SIG_SETMASK, &none, NULL);
}

static bool limit_memory(const struct child_limits *l) {
    if (SANITIZED || l->memory_bytes == 0)
        return true;
    size_t mapped = mapped_bytes();
    return mapped > 0 && limit(RLIMIT_AS, mapped + l->memory_bytes, mapped + l->memory_bytes);
}

/* Descriptors above the limit that are open stay so: of those below, only `files` are free. */
static bool limit_resources(const struct child_limits *l) {
    const rlim_t files = l->files > 0 ? (rlim_t)PIPE + 1 + l->files : 0;
    /* One second between the limits: SIGXCPU, which says what happened, comes before SIGKILL. */
    return limit(RLIMIT_CORE, 0, 0) && limit(RLIMIT_CPU, l->cpu_seconds, l->cpu_seconds + 1) &&
           limit(RLIMIT_NPROC, 0, 0) && limit(RLIMIT_NOFILE, files, files) &&
           /* A sanitizer's report may go to a file. */
           (SANITIZED || limit(RLIMIT_FSIZE, 0, 0)) && prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0;
}

static bool send_all(const void *data, size_t bytes) {
    const char *at = data;
    while (bytes > 0) {
        ssize_t put = write(PIPE, at, bytes);
        if (put < 0 && errno == EINTR)
            continue;
        if (put <= 0)
            return false;
        at += put;
        bytes -= (size_t)put;
    }
    return true;
}

static _Noreturn void child(const struct child_limits *l, child_work *work, void *arg, pid_t parent,
                            int pipe_end) {
    struct report r = {.outcome = OUTCOME_FAILED};
    void *bytes = NULL;
    size_t size = 0;
    reset_signals();
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    if (getppid() != parent || !keep_only_pipe(pipe_end))
        _exit(1);
    enum status st = ST_SYSTEM;
    if (limit_memory(l) && limit_resources(l)) {
        /* Where the kernel has none, the limits have to do.  A sanitizer's report needs more calls
         * than are let through, and so does opening a file. */
        if (!SANITIZED && l->files == 0)
            child_filter_start();
        st = work(arg, &bytes, &size);
        r.outcome = st == ST_OK                              ? OUTCOME_OK
                    : st == ST_SYSTEM && l->memory_bytes > 0 ? OUTCOME_NO_MEMORY
                                                             : OUTCOME_FAILED;
    } else {
        status_set(st, "a process cannot be limited: %s", strerror(errno));
    }
    if (st == ST_OK)
        r.bytes = size;
    else
        snprintf(r.message, sizeof r.message, "%s", status_message());
    /* Not by exit: handlers and buffers belong to the parent. */
    _exit(send_all(&r, sizeof r) && send_all(bytes, (size_t)r.bytes) ? 0 : 1);
}

/* --- in the parent -------------------------------------------------------------------------- */

enum reading { READ_WHOLE, READ_SHORT, READ_LATE, READ_MALFORMED, READ_NO_MEMORY };

/* Reads up to `bytes`; *got says how many came before the end of the pipe or the deadline. */
static enum reading read_until(int fd, void *out, size_t bytes, double deadline, size_t *got) {
    *got = 0;
    while (*got < bytes) {
        double left = deadline - clock_seconds();
        struct pollfd p = {.fd = fd, .events = POLLIN};
        if (left <= 0)
            return READ_LATE;
        int ready = poll(&p, 1, left > 1000 ? 1000000 : (int)(left * 1000) + 1);
        if (ready <= 0)
            continue;
        ssize_t n = read(fd, (char *)out + *got, bytes - *got);
        if (n < 0 && errno == EINTR)
            continue;
        if (n <= 0)
            return READ_SHORT;
        *got += (size_t)n;
    }
    return READ_WHOLE;
}

/* A whole, well-formed report and its bytes, with the end of the pipe behind them. */
static enum reading read_report(int fd, const struct child_limits *l, struct report *r,
                                void **bytes) {
    const double deadline = clock_seconds() + l->wall_seconds;
    size_t got;
    char spare;
    *bytes = NULL;
    enum reading reading = read_until(fd, r, sizeof *r, deadline, &got);
    if (reading != READ_WHOLE)
        return reading;
    r->message[sizeof r->message - 1] = '\0';
    if (r->outcome >= OUTCOMES || r->bytes > (r->outcome == OUTCOME_OK ? l->result_bytes : 0))
        return READ_MALFORMED;
    *bytes = malloc((size_t)r->bytes + 1);
    if (*bytes == NULL)
        return READ_NO_MEMORY;
    reading = read_until(fd, *bytes, (size_t)r->bytes, deadline, &got);
    if (reading != READ_WHOLE)
        return reading;
    reading = read_until(fd, &spare, 1, deadline, &got);
    return reading == READ_LATE ? READ_LATE : got == 0 ? READ_WHOLE : READ_MALFORMED;
}

/* Ends the child, if it has not ended; its wait status. */
static int end(pid_t pid) {
    int ended = 0;
    kill(pid, SIGKILL);
    while (waitpid(pid, &ended, 0) < 0 && errno == EINTR) {
    }
    return ended;
}

/* What to say of a child that sent no whole report. */
static enum status died(const struct child_limits *l, const char *label, enum reading reading,
                        int ended) {
    if (reading == READ_NO_MEMORY)
        return status_set(ST_SYSTEM, "%s: no memory for what %s gave", label, l->doing);
    if (reading == READ_LATE)
        return status_set(l->failure, "%s: %s took more than %u s: %s", label, l->doing,
                          l->wall_seconds, l->advice);
    if (reading == READ_MALFORMED)
        return status_set(l->failure, "%s: %s gave a malformed report: %s", label, l->doing,
                          l->advice);
    if (WIFSIGNALED(ended) && WTERMSIG(ended) == SIGXCPU)
        return status_set(l->failure, "%s: %s took more than %u s of processor time: %s", label,
                          l->doing, l->cpu_seconds, l->advice);
    if (WIFSIGNALED(ended))
        return status_set(l->failure, "%s: %s crashed (signal %d): %s", label, l->doing,
                          WTERMSIG(ended), l->advice);
    return status_set(l->failure, "%s: %s ended without a report (exit code %d): %s", label,
                      l->doing, WEXITSTATUS(ended), l->advice);
}

static enum status said(const struct child_limits *l, const char *label, const struct report *r) {
    char shown[MESSAGE];
    if (r->outcome == OUTCOME_OK)
        return ST_OK;
    if (r->outcome == OUTCOME_NO_MEMORY)
        return status_set(l->failure, "%s: %s needed more memory than %zu MiB: %s", label, l->doing,
                          l->memory_bytes >> 20, l->advice);
    escape_text(r->message, shown, sizeof shown);
    return status_set(l->failure, "%s", shown);
}

enum status child_run(const struct child_limits *limits, child_work *work, void *arg,
                      const char *label, void **bytes, size_t *size) {
    int ends[2];
    struct report r = {0};
    void *sent = NULL;
    if (pipe2(ends, O_CLOEXEC) != 0)
        return status_set(ST_SYSTEM, "%s: no pipe to a child process: %s", label, strerror(errno));
    const pid_t parent = getpid(), pid = fork();
    if (pid == 0)
        child(limits, work, arg, parent, ends[1]);
    const int fault = errno;
    close(ends[1]);
    if (pid < 0) {
        close(ends[0]);
        return status_set(ST_SYSTEM, "%s: no child process: %s", label, strerror(fault));
    }
    const enum reading reading = read_report(ends[0], limits, &r, &sent);
    close(ends[0]);
    const int ended = end(pid);
    const enum status st =
        reading == READ_WHOLE ? said(limits, label, &r) : died(limits, label, reading, ended);
    if (st != ST_OK || bytes == NULL) {
        free(sent);
        return st;
    }
    *bytes = sent;
    *size = (size_t)r.bytes;
    return ST_OK;
}
