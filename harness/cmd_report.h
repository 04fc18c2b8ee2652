/* The command `attest report`. */
#ifndef ATTEST_HARNESS_CMD_REPORT_H
#define ATTEST_HARNESS_CMD_REPORT_H

#include "status.h"

/* report RECORD... [--format text|md|tex|csv|html|svg|pdf[,...]] [--out DIR] [--table NAME]
 * [--plot NAME] [--check]: argv[0] is the command's name.  Without --out one format goes to stdout.
 * ST_USAGE: wrong arguments, or a name that matches nothing; ST_CHECK: --check found a file of DIR
 * missing or different; ST_SKIP: plots were asked for and gnuplot is not installed; else as
 * record_read. */
enum status cmd_report(int argc, char **argv);

#endif
