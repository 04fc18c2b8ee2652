/* Kills the program at a chosen call that changes the disk; loaded by LD_PRELOAD.
 *
 * CRASH_AT=N kills before call N (from 1), so that each N leaves what a kill between two calls
 * leaves.  Half of a write reaches the file first.  CRASH_LOG=FILE: the number of calls seen is
 * written there when the program ends by itself.
 */
#include <dlfcn.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/types.h>
#include <unistd.h>

static long calls;

/* True when this call is the one to die at. */
static int last(void) {
    const char *at = getenv("CRASH_AT");
    calls++;
    return at != NULL && calls == strtol(at, NULL, 10);
}

static void die(void) { kill(getpid(), SIGKILL); }

static void *real(const char *name) { return dlsym(RTLD_NEXT, name); }

/* The C library's own names of these parameters are reserved.
 * NOLINTBEGIN(readability-inconsistent-declaration-parameter-name) */
ssize_t pwrite(int fd, const void *data, size_t size, off_t at) {
    ssize_t (*call)(int, const void *, size_t, off_t);
    *(void **)&call = real("pwrite");
    if (last()) {
        call(fd, data, size / 2, at);
        die();
    }
    return call(fd, data, size, at);
}

ssize_t write(int fd, const void *data, size_t size) {
    ssize_t (*call)(int, const void *, size_t);
    *(void **)&call = real("write");
    if (fd > STDERR_FILENO && last()) {
        (void)!call(fd, data, size / 2);
        die();
    }
    return call(fd, data, size);
}

int fsync(int fd) {
    int (*call)(int);
    *(void **)&call = real("fsync");
    if (last()) {
        die();
    }
    return call(fd);
}

int ftruncate(int fd, off_t size) {
    int (*call)(int, off_t);
    *(void **)&call = real("ftruncate");
    if (last()) {
        die();
    }
    return call(fd, size);
}

int rename(const char *from, const char *to) {
    int (*call)(const char *, const char *);
    *(void **)&call = real("rename");
    if (last()) {
        die();
    }
    return call(from, to);
}

int unlink(const char *path) {
    int (*call)(const char *);
    *(void **)&call = real("unlink");
    if (last()) {
        die();
    }
    return call(path);
}

/* NOLINTEND(readability-inconsistent-declaration-parameter-name) */

__attribute__((destructor)) static void report(void) {
    const char *path = getenv("CRASH_LOG");
    FILE *f = path != NULL ? fopen(path, "w") : NULL;
    if (f != NULL) {
        fprintf(f, "%ld\n", calls);
        fclose(f);
    }
}
