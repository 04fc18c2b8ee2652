/* Cells as they lie in a record's tree.
 *
 *   plan/cells/ID           attributes experiment, arm, kernel, backend, position, param_order
 *   plan/cells/ID/params    one attribute a parameter: i64, f64 or string
 *   plan/metrics/EXPERIMENT one attribute a metric: its unit
 *   outputs/cells/ID        oracle, reason, output_digest; one attribute an output metric
 *   measurements/cells/ID   sample_units; one attribute a measured metric; where there are samples,
 *                           datasets samples and started, f64 seconds, rank 1, of equal length;
 *                           where requests were timed, dataset latencies, i32 nanoseconds, rank 1
 *
 * A metric is f64 {value, n} or {value, n, lo, hi}, or has a null dataspace when it has no value.
 */
#ifndef ATTEST_HARNESS_CELLS_TREE_H
#define ATTEST_HARNESS_CELLS_TREE_H

#include "cell.h"
#include "../base/status.h"
#include "tree.h"

/* Adds identified cells to a record's tree; a skipped one's metrics have no values.
 * ST_INPUT: a name that a record cannot hold, two cells of one id, one metric with two units, a
 * parameter that is NaN; ST_RECORD: a NaN among samples; ST_SYSTEM: memory. */
enum status cells_to_tree(const struct cell *cells, size_t n, struct tree *root);

/* Cells of a record, in the order in which they were added, metrics sorted by name; free with
 * cells_free.  ST_RECORD names the cell and what is wrong with it. */
enum status cells_from_tree(const struct tree *root, struct cell **cells, size_t *n);
void cells_free(struct cell *cells, size_t n);

#endif
