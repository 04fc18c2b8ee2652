/* A run and its journal: what makes `attest run --resume` go on where a killed run stopped. */
#ifndef ATTEST_HARNESS_RUN_JOURNAL_H
#define ATTEST_HARNESS_RUN_JOURNAL_H

#include "run.h"

/* Writes the first entry: plan, arguments, machine, program. */
enum status run_journal_head(struct run *r);

/* Writes the roofline once it is measured. */
enum status run_journal_roofline(struct run *r);

/* Takes the cells that the journal holds into the planned run.  ST_INPUT: they are of another plan,
 * machine or program. */
enum status run_journal_resume(struct run *r);

/* Commits finished cells of a group, and marks them so; nothing in a run without a journal. */
enum status run_journal_commit(struct run *r, struct run_group *g, struct cell *cells, size_t n);

/* True if a plan, of a journal or a record, is the one of this run. */
bool run_journal_same_plan(const struct run *r, const struct tree *plan);

/* Adds measurements/sessions: when the run was begun and resumed, and the load then. */
bool run_journal_sessions(const struct run *r, struct tree *measurements);

/* What a journal holds as a record's reader sees it: plan, machine, start; and its finished cells,
 * to be freed with cells_free. */
enum status run_journal_view(const struct journal *j, struct tree *root, struct cell **cells,
                             size_t *n);

/* Cells that are in the journal. */
size_t run_journal_finished(const struct run *r);

#endif
