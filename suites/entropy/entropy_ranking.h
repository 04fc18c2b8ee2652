/* The part "ranking" of the entropy experiment: whether ranking keys by the unit query and by the
 * scaled score is the same in each number format. */
#ifndef ATTEST_SUITES_ENTROPY_ENTROPY_RANKING_H
#define ATTEST_SUITES_ENTROPY_ENTROPY_RANKING_H

#include "entropy.h"

extern const struct entropy_part entropy_ranking_part;

bool entropy_ranking_is(const struct cell *c);

#endif
