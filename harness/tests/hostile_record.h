/* HDF5 files that the strict profile refuses, one a kind, made anew by HDF5 itself. */
#ifndef ATTEST_HARNESS_TESTS_HOSTILE_RECORD_H
#define ATTEST_HARNESS_TESTS_HOSTILE_RECORD_H

#include "../record/record_format.h"

struct hostile {
    const char *kind;
    const char *said; /* in the refusal */
    void (*make)(hid_t file);
    enum { FORMAT_OLDEST, FORMAT_V18, FORMAT_USER_BLOCK, FORMAT_LOST_BLOCK } format;
    /* What HDF5 would not write: every FROM in the finished file becomes TO, as long as it. */
    const char *from, *to;
    size_t patch;
};

extern const struct hostile hostile_records[];
extern const size_t hostile_count;

/* The bytes of the file, malloc'd; a failure fails the test. */
void *hostile_make(const struct hostile *h, size_t *size);

#endif
