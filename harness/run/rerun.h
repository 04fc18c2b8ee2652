/* Plan and outputs of a record, computed again here. */
#ifndef ATTEST_HARNESS_RERUN_H
#define ATTEST_HARNESS_RERUN_H

#include <stdio.h>

#include "../base/status.h"
#include "../record/tree.h"

/* Plans what the record planned, checks every cell that can run here (nothing is timed), compares
 * each cell's outputs with the record's by digest, and prints a line a cell.  Outputs must be equal
 * where program, libraries and device are those of the record; where they are not, a line says
 * which cells may differ and why.  ST_CHECK: a cell or a dataset differs that must not;
 * ST_INCONCLUSIVE: cells differ, but may; ST_SKIP: no cell could be compared; ST_INPUT: the record
 * asks for what this program does not have.  shown: the record's path, escaped. */
enum status rerun(const struct tree *record, const char *shown, FILE *out);

#endif
