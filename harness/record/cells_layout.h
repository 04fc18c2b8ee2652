/* What a record may hold around its cells: nothing stands in it that nobody reads. */
#ifndef ATTEST_HARNESS_CELLS_LAYOUT_H
#define ATTEST_HARNESS_CELLS_LAYOUT_H

#include "../base/status.h"
#include "tree.h"

/* Checks members and attributes by name where the layout is fixed: at the root, in `outputs`, and
 * in every cell of `plan`, `outputs` and `measurements`, which all three must have the same cells.
 * `plan` and `measurements` may hold further groups.  ST_RECORD names what is extra or missing.
 * root: any node, or NULL. */
enum status cells_layout_check(const struct tree *root);

#endif
