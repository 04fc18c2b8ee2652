/* Facts about a record that stand below every table made of it. */
#ifndef ATTEST_REPORTS_FACTS_H
#define ATTEST_REPORTS_FACTS_H

#include "../harness/record/record.h"
#include "../harness/record/tree.h"

enum { FACT_TEXT = 320 };

/* All are cleaned text; what a record does not hold is "unknown". */
struct facts {
    char digest[DIGEST_HEX]; /* of the record's content */
    char machine[FACT_TEXT]; /* CPU model, and GPU where the record names one */
    char started[64];        /* ISO 8601 UTC */
    char commit[96];         /* of the suite, and whether its sources were changed */
};

/* Reads the facts from a record and its seal. */
void facts_read(const struct tree *root, const struct seal *seal, struct facts *out);

#endif
