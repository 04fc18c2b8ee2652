/* Generated datasets: the same bytes on every machine, for the whole or for any range of rows. */
#ifndef ATTEST_DATASETS_GENERATE_H
#define ATTEST_DATASETS_GENERATE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "../harness/base/status.h"

enum generator_family { GENERATOR_CLUSTERS, GENERATOR_IID, GENERATOR_INTEGERS };
enum generator_set { GENERATOR_BASE, GENERATOR_QUERIES };

/* clusters: centre and own noise are Gaussian with variance s_i = 1 / (1 + i / decay) in dimension
 * i; a vector is sqrt(1 - spread) centre + sqrt(spread) noise, then normalised to unit length. Base
 * and queries share the centres and differ in everything else. iid: standard Gaussian.  integers:
 * whole numbers uniform in [-8, 8]. */
struct generator {
    enum generator_family family;
    uint64_t n, d, queries, seed;
    uint64_t clusters;    /* clusters only: how many centres */
    double decay, spread; /* clusters only: decay > 0, 0 <= spread <= 1 */
};

/* True for "clusters", "iid" and "integers". */
bool generator_known(const char *name);

/* Reads "n=N,d=D,queries=Q..." for a known name.  ST_INPUT: see spec_parse, or too large. */
enum status generator_parse(const char *name, const char *parameters, struct generator *out);

/* Writes the complete spec, every parameter given, that generator_parse reads back. */
void generator_describe(const struct generator *g, char *out, size_t size);

/* Rows [first, first + count) of a set into out (count,d) float32, on all processors. */
enum status generator_rows(const struct generator *g, enum generator_set set, int64_t first,
                           int64_t count, float *out);

#endif
