/* The chain of signed records in one folder: each seal names its place and the digest of the seal
 * before it, so that removing, renaming or exchanging a record shows in the others. */
#ifndef ATTEST_HARNESS_CHAIN_H
#define ATTEST_HARNESS_CHAIN_H

#include "../record/record.h"

struct chain_link {
    char file[NAME_MAX + 1];
    struct seal seal;
};

struct chain {
    struct chain_link *links;
    size_t count;
};

/* Names, sorted, of what is or was a record in the folder: every NAME.h5, and every NAME.h5.minisig
 * without one.  Seals are left empty.  ST_INPUT: the folder cannot be read; ST_SYSTEM: no memory.
 */
enum status chain_list(const char *folder, struct chain *chain);
void chain_free(struct chain *chain);

/* Hears of one fault, in one line that is safe to show. */
typedef void chain_complaint(void *context, const char *line);

/* Sorts links by number and tells every fault: a gap, a fork, a copy, another name, a link to
 * another seal, a seal without a place.  Returns how many. */
size_t chain_check(struct chain *chain, chain_complaint *complain, void *context);

/* The last link of a chain that chain_check found whole; NULL when it is empty. */
const struct chain_link *chain_head(const struct chain *chain);

#endif
