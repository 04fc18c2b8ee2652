/* A view: rows of numbers as they lie in a file's bytes, checked but not yet converted.
 *
 * Every reader of a byte format turns (bytes, size, label) into a view without allocating: shape
 * and size are settled first, and memory is asked for only after the bytes are known to be there.
 */
#ifndef ATTEST_DATASETS_VIEW_H
#define ATTEST_DATASETS_VIEW_H

#include <stddef.h>
#include <stdint.h>

#include "dataset.h"

/* Limits of every dataset: ids are int32, and one set of vectors is at most 64 GiB of float32. */
enum { DATASET_MAX_D = 65536 };
#define DATASET_MAX_N ((uint64_t)INT32_MAX)
#define DATASET_MAX_BYTES ((uint64_t)64 << 30)

enum element { ELEMENT_U8, ELEMENT_F32, ELEMENT_F64 }; /* little-endian in the file */

struct view {
    const unsigned char *rows; /* first element of row 0; any alignment */
    size_t stride;             /* bytes from row to row */
    int64_t n;
    int32_t d;
    enum element element;
};

size_t element_size(enum element e);

/* ST_INPUT unless 1 <= n, 1 <= d and both, and their float32 bytes, are within the limits.  After
 * it n * d * 8 cannot overflow 64 bits. */
enum status view_limits(const char *label, uint64_t n, uint64_t d);

/* Rows [first, first + count) as float32 into out (allocated).  ST_INPUT names the first row that
 * holds NaN or an infinite value; ST_SYSTEM when memory is refused.  On failure out is empty. */
enum status view_load(const struct view *v, const char *label, int64_t first, int64_t count,
                      struct vectors *out);

/* ST_INPUT naming the first NaN or infinite value of rows (count,d); `first` is row 0's number. */
enum status rows_finite(const char *label, const float *rows, int64_t first, int64_t count,
                        int32_t d);

#endif
