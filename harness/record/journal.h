/* The journal of a run under way: RECORD.partial, a list of trees that only grows.
 *
 * Each entry is on the disk before journal_append() returns, so that a kill at any moment loses at
 * most the entry that was being written; opening cuts such a torn tail off.  One process holds the
 * journal at a time.  A journal is never a record: it has no seal and is no HDF5 file.  What the
 * entries mean is the run's (run_journal.c).
 *
 * Layout: the line "attest-partial-1", then for each entry its length (u64, little-endian),
 * BLAKE2b-256 of its position (u64) and bytes, and the bytes of tree_pack().
 */
#ifndef ATTEST_HARNESS_JOURNAL_H
#define ATTEST_HARNESS_JOURNAL_H

#include <stdbool.h>

#include "../base/status.h"
#include "tree.h"

struct journal;

/* Opens or makes the journal of a record's path and takes hold of it; ST_INPUT: another process
 * holds it, or a file of that name is no journal; ST_RECORD: damaged before its tail; ST_SYSTEM:
 * folder or file cannot be written. */
enum status journal_open(const char *record_path, struct journal **out);

/* Reads the journal at path without holding it; free with journal_close. */
enum status journal_read(const char *path, struct journal **out);

/* True if the bytes begin as a journal does. */
bool journal_is(const void *bytes, size_t size);

/* The entries that were there when it was opened, in order. */
size_t journal_count(const struct journal *j);
const struct tree *journal_entry(const struct journal *j, size_t index);

/* Appends a tree and waits for the disk; on ST_SYSTEM (no space) the entry is not there, and those
 * before it are. */
enum status journal_append(struct journal *j, const struct tree *entry);

/* Removes the file: the record is complete. */
void journal_remove(struct journal *j);

/* Lets go of it; the file stays. */
void journal_close(struct journal *j);

#endif
