/* Order of work of the vertical ADSampling kernels; the oracle is given the same numbers. */
#ifndef ATTEST_SUITES_KERNELS_ADS_SCHEDULE_H
#define ATTEST_SUITES_KERNELS_ADS_SCHEDULE_H

/* Candidates per block: their partial sums fill the registers of one AVX-512 pass. */
enum { ADS_BLOCK = 256 };

/* Dimensions kept dimension-major; beyond them survivors are read from the row-major copy. */
enum { ADS_VERTICAL_DIMS = 128 };

/* A block's survivors are finished one by one as soon as at most 1/ADS_SURVIVORS of it are left. */
enum { ADS_SURVIVORS = 5 };

#endif
