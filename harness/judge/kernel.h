/* A kernel: one implementation of one operation on one backend, a row of suites/kernels/kernels.h.
 */
#ifndef ATTEST_HARNESS_KERNEL_H
#define ATTEST_HARNESS_KERNEL_H

#include <stddef.h>
#include <stdint.h>

enum backend { BACKEND_CPU, BACKEND_CUDA };
const char *backend_name(enum backend b); /* "cpu", "cuda" */

struct kernel {
    const char *name;      /* "l2_scan/avx512": operation family / variant */
    const char *operation; /* a name of suites/kernels/operations.h: "knn" */
    enum backend backend;
    const char *dtype;  /* "f32" */
    uint32_t isa;       /* bits of cpu.h that this CPU must have */
    const void *impl;   /* the operation's own function table, e.g. struct knn_impl */
    const char *source; /* paper, section, equation; or the library */
    const char *bound;  /* error bound that the judge applies, for people */
    /* NULL, or: reason why it cannot run here ("no CUDA device"), NULL if it can. */
    const char *(*unavailable)(void);
};

/* All rows, sorted by name, NULL-terminated. */
extern const struct kernel *const kernels[];

/* Row of that name or NULL. */
const struct kernel *kernel_find(const char *name);

/* NULL if the kernel can run on this machine, else the reason in words. */
const char *kernel_unavailable(const struct kernel *k);

/* Of the rows whose names begin like this ("stream_read/", "graph/flat_") the one of the widest
 * instruction set that can run on this machine; NULL if none can. */
const struct kernel *kernel_widest(const char *beginning);

#endif
