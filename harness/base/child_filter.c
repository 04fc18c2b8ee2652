/* A list of allowed calls as a classic BPF program. */
#include "child_filter.h"

#include <errno.h>
#include <linux/audit.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

#if defined(__x86_64__)
#define ARCHITECTURE AUDIT_ARCH_X86_64
#elif defined(__aarch64__)
#define ARCHITECTURE AUDIT_ARCH_AARCH64
#else
#define ARCHITECTURE 0
#endif

/* What an allocator, a library that computes, and abort() need. */
static const uint32_t allowed[] = {
    SYS_brk,
    SYS_clock_gettime,
    SYS_close,
    SYS_exit,
    SYS_exit_group,
    SYS_fstat,
    SYS_futex,
    SYS_getpid,
    SYS_getrandom,
    SYS_gettid,
    SYS_gettimeofday,
    SYS_lseek,
    SYS_madvise,
    SYS_mmap,
    SYS_mprotect,
    SYS_mremap,
    SYS_munmap,
    SYS_read,
    SYS_restart_syscall,
    SYS_rt_sigaction,
    SYS_rt_sigprocmask,
    SYS_rt_sigreturn,
    SYS_write,
};

enum { CALLS = sizeof allowed / sizeof allowed[0], FIXED = 9 };

/* The low half of the first argument; the machine is little-endian, see tree.c. */
enum { FIRST_ARGUMENT = offsetof(struct seccomp_data, args) };

static struct sock_filter load(size_t offset) {
    return (struct sock_filter)BPF_STMT(BPF_LD | BPF_W | BPF_ABS, (uint32_t)offset);
}

static struct sock_filter answer(uint32_t with) {
    return (struct sock_filter)BPF_STMT(BPF_RET | BPF_K, with);
}

/* Skips `yes` instructions if the loaded word is `value`, else `no`. */
static struct sock_filter compare(uint32_t value, size_t yes, size_t no) {
    return (struct sock_filter)BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, value, (uint8_t)yes,
                                        (uint8_t)no);
}

bool child_filter_start(void) {
    struct sock_filter code[CALLS + FIXED];
    size_t n = 0;
    code[n++] = load(offsetof(struct seccomp_data, arch));
    code[n++] = compare(ARCHITECTURE, 1, 0);
    code[n++] = answer(SECCOMP_RET_KILL_PROCESS);
    code[n++] = load(offsetof(struct seccomp_data, nr));
    for (size_t i = 0; i < CALLS; i++)
        code[n++] = compare(allowed[i], CALLS - i + 3, 0);
    /* raise() and abort() signal this process, and no other may be. */
    code[n++] = compare(SYS_tgkill, 0, 2);
    code[n++] = load(FIRST_ARGUMENT);
    code[n++] = compare((uint32_t)getpid(), 1, 0);
    code[n++] = answer(SECCOMP_RET_ERRNO | EPERM);
    code[n++] = answer(SECCOMP_RET_ALLOW);
    const struct sock_fprog program = {(unsigned short)n, code};
    return ARCHITECTURE != 0 && prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program) == 0;
}
