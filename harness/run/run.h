/* One invocation of `attest run`: what was asked for, and the state that experiments see as struct
 * run. */
#ifndef ATTEST_HARNESS_RUN_H
#define ATTEST_HARNESS_RUN_H

#include <limits.h>
#include <regex.h>
#include <stdbool.h>

#include "experiment.h"
#include "../record/journal.h"
#include "../cli/progress.h"
#include "roofline.h"
#include "../record/tree.h"

enum { RUN_EXPERIMENTS = 32, RUN_SETTINGS = 32, RUN_DATASETS = 8, RUN_MINIMUM_ROUNDS = 30 };

struct run_set {
    char name[CELL_NAME], value[CELL_NAME];
};

struct run_options {
    const struct experiment *experiments[RUN_EXPERIMENTS]; /* in the order asked for, distinct */
    size_t experiment_count;
    enum profile profile;
    const char *out, *filter, *queries;
    const char *model, *text;           /* the user's own, or NULL */
    const char *datasets[RUN_DATASETS]; /* the user's own, instead of the profile's */
    size_t dataset_count;
    const char *backend; /* NULL, "cpu", "cuda" */
    int threads;         /* 0: 1 and all */
    uint64_t seed;
    struct run_set sets[RUN_SETTINGS];
    size_t set_count;
    bool quiet, resume, help;
    bool recompute; /* check the cells only: nothing is timed, summarised or kept */
    enum progress_color color;
    int argc; /* the command line, for a resumed run */
    char **argv;
};

/* A group, which experiment it belongs to, and its A/A control. */
struct run_group {
    struct group group;
    const struct experiment *experiment;
    const struct cell *control_of; /* the cell that was timed twice, or NULL */
    struct cell control;           /* its second set of samples */
    double control_ratio, control_p;
};

struct run {
    struct run_options options;
    regex_t filter;
    struct run_group **groups;
    size_t group_count, group_capacity;
    const struct experiment *planning; /* whose plan() runs now */
    struct roofline roofline;
    struct tree *record;
    char started[32];
    struct tree *session;         /* when this process took the run up, and the load then */
    struct journal *journal;      /* holds finished cells; NULL: nothing is kept */
    char **arguments;             /* the command line that a resumed run began with, or NULL */
    struct tree *facts;           /* what a resumed run's journal says of the datasets */
    double work_done, work_total; /* in units of progress */
    char doing[160];
};

/* Reads the command line of `attest run`; the options point into argv.  With `resume` there may be
 * no experiments: they are then those of the unfinished run. */
enum status run_options_read(int argc, char **argv, struct run_options *o);
/* Asks every experiment for its plan, then drops what the filter and the backend exclude and marks
 * what cannot run here.  ST_USAGE: the filter is no regular expression or matches nothing, or a
 * setting is unknown. */
enum status run_plan(struct run *r);
/* Checks, times and summarises every group, and commits what is finished to the journal. Wrong
 * kernels do not stop it. */
enum status run_execute(struct run *r);
/* All of it, from the options to the record, whose path is set.  *complete: with `resume`, the
 * record was there already and nothing was run.  A failed check is no error status. */
enum status run_to_record(struct run *r, char path[PATH_MAX], bool *complete);
/* Fills the record's tree after run_execute. */
enum status run_record(struct run *r);
void run_free(struct run *r);

/* Every cell of the run, contiguous copies sharing their samples; free with free(). */
struct cell *run_cells(const struct run *r, size_t *n);
/* ISO 8601 in UTC, seconds. */
void run_time_now(char out[32]);

#endif
