/* Subcommands of `attest`, one for each row of COMMAND_LIST; argv[0] is the subcommand's name. They
 * print data on stdout and leave the error line to main. */
#ifndef ATTEST_HARNESS_COMMANDS_H
#define ATTEST_HARNESS_COMMANDS_H

#include "options.h"
#include "status.h"

#define X(name, operands, summary) enum status cmd_##name(int argc, char **argv);
COMMAND_LIST(X)
#undef X

#endif
