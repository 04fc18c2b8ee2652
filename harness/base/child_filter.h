/* A system call filter: limits on resources do not keep foreign code from removing files or
 * starting programs, this does. */
#ifndef ATTEST_HARNESS_CHILD_FILTER_H
#define ATTEST_HARNESS_CHILD_FILTER_H

#include <stdbool.h>

/* From here on this process can use open descriptors, memory, its own signals and exit; any other
 * system call fails with EPERM.  Needs PR_SET_NO_NEW_PRIVS.  False: the kernel or the processor
 * architecture has no such filter here.  Source: seccomp(2), Documentation/userspace-api/
 * seccomp_filter.rst of Linux. */
bool child_filter_start(void);

#endif
