#include "trial.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

/* What the child says before it ends; shorter than PIPE_BUF, so one write is whole. */
struct verdict {
    enum status status;
    char message[1024];
};

static _Noreturn void child(enum status (*work)(void *arg), void *arg, unsigned seconds, int out) {
    const struct rlimit no_core = {0, 0}, time = {seconds, seconds};
    struct verdict verdict = {.status = ST_OK};
    setrlimit(RLIMIT_CORE, &no_core);
    setrlimit(RLIMIT_CPU, &time);
    verdict.status = work(arg);
    if (verdict.status != ST_OK) {
        strncpy(verdict.message, status_message(), sizeof verdict.message - 1);
    }
    /* Not by exit: handlers and buffers belong to the parent. */
    _exit(write(out, &verdict, sizeof verdict) == (ssize_t)sizeof verdict ? 0 : 1);
}

static ssize_t read_whole(int fd, void *out, size_t size) {
    ssize_t got;
    do {
        got = read(fd, out, size);
    } while (got < 0 && errno == EINTR);
    return got;
}

static void await(pid_t pid) {
    while (waitpid(pid, NULL, 0) < 0 && errno == EINTR) {
    }
}

enum status trial_run(enum status (*work)(void *arg), void *arg, unsigned seconds,
                      const char *label) {
    int ends[2];
    struct verdict verdict;
    if (pipe2(ends, O_CLOEXEC) != 0) {
        return status_set(ST_SYSTEM, "%s: no pipe for a trial: %s", label, strerror(errno));
    }
    const pid_t pid = fork();
    if (pid == 0) {
        child(work, arg, seconds, ends[1]);
    }
    const int fault = errno;
    close(ends[1]);
    const ssize_t got = pid < 0 ? 0 : read_whole(ends[0], &verdict, sizeof verdict);
    close(ends[0]);
    if (pid < 0) {
        return status_set(ST_SYSTEM, "%s: no process for a trial: %s", label, strerror(fault));
    }
    await(pid);
    if (got != (ssize_t)sizeof verdict) {
        return status_set(ST_INPUT,
                          "%s: damaged: reading it crashed or never ended in a trial; "
                          "fetch it again",
                          label);
    }
    verdict.message[sizeof verdict.message - 1] = '\0';
    return verdict.status == ST_OK ? ST_OK : status_set(verdict.status, "%s", verdict.message);
}
