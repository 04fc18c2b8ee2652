/* The parameter list of a dataset's spec: "n=100000,d=1024,seed=1". */
#ifndef ATTEST_DATASETS_SPEC_H
#define ATTEST_DATASETS_SPEC_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "../harness/base/status.h"

/* One known parameter.  Exactly one of `integer` and `real` is set; it holds the default before
 * parsing and the value afterwards, within [lo, hi]. */
struct spec_key {
    const char *name;
    uint64_t *integer;
    uint64_t least, most; /* range of an integer */
    double *real;
    double lo, hi; /* range of a real */
    bool required;
};

enum { SPEC_KEYS_MAX = 16 };

/* Reads TEXT ("" is an empty list) into the keys (at most SPEC_KEYS_MAX).  ST_INPUT with one line
 * for an unknown, repeated, missing, malformed or out-of-range parameter; `dataset` names it there.
 */
enum status spec_parse(const char *dataset, const char *text, const struct spec_key *keys,
                       size_t count);

/* Decimal text of 15 digits, or as many more as it takes to read back as the same float64. */
void spec_format_real(double value, char *out, size_t size);

#endif
