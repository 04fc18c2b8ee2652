/* The part "fit": how fast the entropy of attention grows with the context length. */
#ifndef ATTEST_SUITES_ENTROPY_ENTROPY_FIT_H
#define ATTEST_SUITES_ENTROPY_ENTROPY_FIT_H

#include "entropy.h"

extern const struct entropy_part entropy_fit_part;

/* Which cells a table or plot shows: what one is over ("head", "layer", "model"), and whether it is
 * of one context length. */
bool entropy_fit_is(const struct cell *c, const char *over, bool one_context);

#endif
