/* The experiment's metric fixtures. */
#ifndef ATTEST_SUITES_TIERS_TIERS_FIXTURES_H
#define ATTEST_SUITES_TIERS_TIERS_FIXTURES_H

#include "../../harness/run/fixture.h"

extern const struct fixture tiers_fixtures[]; /* ends with name == NULL */

#endif
