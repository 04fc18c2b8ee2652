/* Progress on stderr: a bar with an ETA on a terminal, plain lines elsewhere, nothing when quiet.
 */
#ifndef ATTEST_HARNESS_PROGRESS_H
#define ATTEST_HARNESS_PROGRESS_H

#include <stdbool.h>

enum progress_color { PROGRESS_AUTO, PROGRESS_ALWAYS, PROGRESS_NEVER };

/* NO_COLOR (non-empty) turns colour off under PROGRESS_AUTO, FORCE_COLOR (non-empty) turns it on.
 */
void progress_start(bool quiet, enum progress_color color);
/* Work is `share` (0..1) done; `what` is happening now. */
void progress_update(double share, const char *what);
/* A line that stays: a warning, a failed check. */
void progress_line(const char *text);
void progress_end(void);

#endif
