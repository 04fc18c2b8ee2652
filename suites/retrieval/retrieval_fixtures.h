/* Every metric fixture of the retrieval experiment. */
#ifndef ATTEST_SUITES_RETRIEVAL_RETRIEVAL_FIXTURES_H
#define ATTEST_SUITES_RETRIEVAL_RETRIEVAL_FIXTURES_H

#include "../../harness/run/fixture.h"

extern const struct fixture retrieval_fixtures[]; /* ends with name == NULL */

#endif
