/* The judge: runs a kernel's outputs through the checks that come before any timing.
 *
 * Outputs live in guarded buffers (canaries on both sides) and are poisoned before each call;
 * inputs are checksummed and must not change; values are compared with !(error <= bound), so that
 * NaN fails. Not here: what the right answer is.  That is the oracle's and the operation's.
 */
#ifndef ATTEST_HARNESS_JUDGE_H
#define ATTEST_HARNESS_JUDGE_H

#include <stddef.h>
#include <stdint.h>

#include "../record/cell.h"
#include "../base/status.h"

enum { JUDGE_INPUTS = 16, JUDGE_OUTPUTS = 4, JUDGE_POISON = 0xFF };

struct judge_input {
    const char *name;
    const void *data;
    size_t bytes;
    uint64_t checksum;
};

struct judge_output {
    const char *name;
    unsigned char *memory; /* canary, data, canary */
    size_t bytes;
};

struct judge {
    enum verdict verdict; /* PASS until something is found; never improves */
    char reason[CELL_REASON];
    struct judge_input inputs[JUDGE_INPUTS];
    struct judge_output outputs[JUDGE_OUTPUTS];
    size_t input_count, output_count;
};

void judge_begin(struct judge *j);
/* Declares an input, or what the judge expects, that no call may change; NULL is left out.  More
 * than JUDGE_INPUTS of them fail: one that is not watched could be changed unseen. */
void judge_watch(struct judge *j, const char *name, const void *data, size_t bytes);
/* Takes the checksum anew after the caller itself changed a watched input. */
void judge_rewatch(struct judge *j, const void *data);
/* A guarded output buffer, 64-byte aligned, owned by the judge; NULL when memory is refused. */
void *judge_output(struct judge *j, const char *name, size_t bytes);
/* Before a call: fills every output with bytes 0xFF (float NaN, integer -1). */
void judge_poison(struct judge *j);
/* After a call: canaries intact, inputs unmodified. */
void judge_called(struct judge *j);
/* Frees the outputs; verdict and reason stay. */
void judge_end(struct judge *j);

/* Lowers the verdict; the first reason of the worst verdict is kept. */
void judge_fail(struct judge *j, const char *format, ...) __attribute__((format(printf, 2, 3)));
void judge_marginal(struct judge *j, const char *format, ...) __attribute__((format(printf, 2, 3)));
/* got against want: beyond `hard` FAIL, beyond `likely` MARGINAL.  A bound that is not finite is no
 * bound, and fails. */
void judge_near(struct judge *j, const char *what, int64_t index, double got, double want,
                double hard, double likely);
/* Sums that a kernel rounds to float32, got (count), against the oracle's: each within gamma of so
 * many roundings of its terms, the sum of the magnitudes of what is added; equal where there are
 * none. */
void judge_sums(struct judge *j, const char *what, const float *got, const double *want,
                const double *terms, int64_t count, double roundings);

/* Unit roundoff of float32, and Higham's gamma_m = m u / (1 - m u): the relative error bound of a
 * sum of m rounded operations on non-negative terms (Accuracy and Stability, 2nd ed., lemma 3.1).
 */
double judge_gamma(double m);
/* The same with sqrt(m): what random rounding errors reach, with a factor of 4 for safety. */
double judge_gamma_likely(double m);

/* 64-bit checksum of a buffer at memory speed; accidents, not adversaries. */
uint64_t judge_checksum(const void *data, size_t bytes);

#endif
