/* The command `attest report`, with the definitions to draw as an argument. */
#ifndef ATTEST_HARNESS_CMD_REPORT_H
#define ATTEST_HARNESS_CMD_REPORT_H

#include "../run/experiment.h"

/* report RECORD... with the options of options.h, drawing what `list` (ends with NULL) defines.
 * ST_USAGE: wrong arguments, or a name that matches nothing; ST_CHECK: --check found a file missing
 * or different; ST_SKIP: plots were asked for and gnuplot is not installed; else as record_read. */
enum status report_command(int argc, char **argv, const struct experiment *const *list);

#endif
