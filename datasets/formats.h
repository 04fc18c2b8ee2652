/* One reader a format.  Each takes a file's bytes and a label for messages; ST_INPUT with one line
 * naming the label, what is wrong and what to do. */
#ifndef ATTEST_DATASETS_FORMATS_H
#define ATTEST_DATASETS_FORMATS_H

#include <stddef.h>
#include <stdint.h>

#include "dataset.h"
#include "view.h"

/* IDX: 00 00 08 RANK, RANK big-endian u32 sizes, then u8 values; rank 2 to 4, the sizes after the
 * first multiply to the dimension.  Source: LeCun, Cortes, Burges, "The MNIST database", file
 * formats. */
enum status idx_parse(const void *bytes, size_t size, const char *label, struct view *out);

/* Unpacks a gzip'd IDX file into *plain (mem_alloc), whose size the IDX header inside fixes before
 * any memory is asked for.  ST_INPUT also for trailing bytes and a wrong checksum. */
enum status idx_inflate(const void *bytes, size_t size, const char *label, void **plain,
                        size_t *plain_size);

/* fvecs / bvecs: every row is its dimension as i32, then that many float32 / u8.  Every row's
 * dimension is checked.  Source: the TEXMEX corpus, http://corpus-texmex.irisa.fr */
enum status fvecs_parse(const void *bytes, size_t size, const char *label, struct view *out);
enum status bvecs_parse(const void *bytes, size_t size, const char *label, struct view *out);

/* NumPy .npy versions 1 and 2: little-endian f4, f8 or u1, C order, two dimensions.
 * Source: NumPy Enhancement Proposal 1. */
enum status npy_parse(const void *bytes, size_t size, const char *label, struct view *out);

/* ann-benchmarks HDF5: datasets `train` and `test`, attribute `distance` (euclidean or angular),
 * optional `neighbors` with `distances`.  Fills base, queries, neighbours and cosine; keeps the
 * first max_n and max_queries rows (<= 0: all) and drops neighbours when train was cut.  angular:
 * both sets are normalised in float64, and a zero vector is refused. annb_parse reads a file image
 * (and copies it); annb_read reads a file of `size` bytes. */
enum status annb_parse(const void *bytes, size_t size, const char *label, int64_t max_n,
                       int64_t max_queries, struct dataset *out);
enum status annb_read(const char *path, size_t size, const char *label, int64_t max_n,
                      int64_t max_queries, struct dataset *out);
/* annb_parse without its trial in another process, so a damaged file may crash the caller: for
 * fuzzing, which watches what happens inside. */
enum status annb_parse_untried(const void *bytes, size_t size, const char *label, int64_t max_n,
                               int64_t max_queries, struct dataset *out);

#endif
