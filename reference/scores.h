/* Oracle of scores of one query against keys, whatever format they are kept in.  Plain float64. */
#ifndef ATTEST_REFERENCE_SCORES_H
#define ATTEST_REFERENCE_SCORES_H

#include <stdint.h>

/* scale sum q_i k_i / sqrt(d); in *terms the same of the magnitudes of the products. */
double ref_score(const float *q, const double *k, double scale, int32_t d, double *terms);

/* The value of a finite binary16.  Source: IEEE 754-2019, 3.4. */
double ref_half(uint16_t bits);

#endif
