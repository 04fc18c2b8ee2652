/* What every fuzz target shares.
 *
 * A target is a file fuzz_NAME.c with one libFuzzer entry: bytes in, and an abort where the
 * reader's answer is not one that its header allows.  Sanitizers watch the rest.  Seeds lie in
 * seeds/NAME, cases that once failed in found/NAME; tests/test_replay.c runs both without
 * libFuzzer.
 */
#ifndef ATTEST_CI_FUZZ_FUZZ_H
#define ATTEST_CI_FUZZ_FUZZ_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "../../datasets/view.h"
#include "../../harness/base/status.h"

/* The entry of a target; always 0.  Source: LLVM, "libFuzzer - a library for coverage-guided fuzz
 * testing". */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* Inputs that were accepted since the start: a corpus of which none is accepted tests little. */
extern unsigned long fuzz_accepted;

/* Aborts with `what` and the last message on stderr. */
_Noreturn void fuzz_fail(const char *what);

static inline void fuzz_require(bool held, const char *what) {
    if (!held)
        fuzz_fail(what);
}

/* True for ST_OK; else `st` must be `refusal`, with one line of printable text as message. */
bool fuzz_answer(enum status st, enum status refusal);

/* As fuzz_answer for text that repeats what the user typed: it is escaped before it is shown, and
 * judged after that. */
bool fuzz_answer_escaped(enum status st, enum status refusal);

/* Where HDF5 parses the input.  False, the default: where the program lets it parse, so that every
 * crash is a finding.  True when FUZZ_IN_PROCESS is set: here, where coverage and sanitizers see
 * it, and where libhdf5 may crash: run.sh then gives each such input to the other way too. */
bool fuzz_in_process(void);

/* No file, dataset, group, type or attribute of HDF5 is still open. */
void fuzz_hdf5_closed(void);

/* A view of an accepted file: its rows lie inside bytes, and loading all of them is answered. */
void fuzz_view(const struct view *view, const void *bytes, size_t size);

#endif
