/* Subcommands of `attest`, one for each row of COMMAND_LIST; argv[0] is the subcommand's name. They
 * print data on stdout and leave the error line to main. */
#ifndef ATTEST_HARNESS_COMMANDS_H
#define ATTEST_HARNESS_COMMANDS_H

#include "options.h"
#include "../base/status.h"

#define X(name, operands, summary) enum status cmd_##name(int argc, char **argv);
COMMAND_LIST(X)
#undef X

/* Reads the command line of a command as cmd_NAME does, and does nothing of what it asks for:
 * ST_OK, or ST_USAGE or the status of a file that an option names.  For fuzzing. */
#define X(name, operands, summary) enum status args_##name(int argc, char **argv);
COMMAND_LIST(X)
#undef X

#endif
