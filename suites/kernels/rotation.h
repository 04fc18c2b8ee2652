/* Random orthogonal rotations (definitions, section 1; ADSampling, section 4).
 *
 * d a power of two: three rounds of (random +-1 diagonal, fast Walsh-Hadamard transform / sqrt(d)).
 * Other d: a Haar-distributed orthogonal matrix, QR of a Gaussian matrix with the signs of R's
 * diagonal made positive (Mezzadri, Notices AMS 54, 2007).
 */
#ifndef ATTEST_SUITES_KERNELS_ROTATION_H
#define ATTEST_SUITES_KERNELS_ROTATION_H

#include <stdint.h>

#include "../../harness/base/status.h"

struct rotation;

/* Rotation of d dimensions, determined by seed. */
enum status rotation_new(int32_t d, uint64_t seed, struct rotation **out);
void rotation_free(struct rotation *r);

/* "fwht" or "qr". */
const char *rotation_kind(const struct rotation *r);

/* out (d) = R in (d); in and out must not overlap. */
void rotation_apply(const struct rotation *r, const float *in, float *out);

/* The same for rows (n,d) row-major, on `threads` threads. */
void rotation_apply_rows(const struct rotation *r, const float *in, int64_t n, float *out,
                         int threads);

#endif
