/* A trial: work on a doubtful file is done once in a child process before it is done for real. */
#ifndef ATTEST_DATASETS_TRIAL_H
#define ATTEST_DATASETS_TRIAL_H

#include "../harness/status.h"

/* Runs work(arg) in a child whose processor time is limited to `seconds`, throws its result away
 * and returns its status and message.  ST_INPUT, naming the label, when the child died of a signal
 * or of the limit: a damaged file can do both to a library.  Against accidents, not against
 * attackers: the same work in this process then meets the same bytes, but is not fenced in. */
enum status trial_run(enum status (*work)(void *arg), void *arg, unsigned seconds,
                      const char *label);

#endif
