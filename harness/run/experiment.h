/* An experiment: a registered question.  One folder in suites/, one line in suites/experiments.h.
 *
 * The run loop drives it: plan() declares groups of cells; then for each group prepare(), check()
 * once per cell, time() interleaved over the cells that passed, summarise(), release().  Finished
 * cells are kept on disk at once: in groups without timing each by itself, else with their group.
 * An experiment never opens a record and never prints.
 */
#ifndef ATTEST_HARNESS_EXPERIMENT_H
#define ATTEST_HARNESS_EXPERIMENT_H

#include "../record/cell.h"
#include "fixture.h"
#include "report.h"
#include "../base/status.h"
#include "../record/tree.h"

enum profile { PROFILE_SMOKE, PROFILE_DEFAULT, PROFILE_FULL };
const char *profile_name(enum profile p);

/* A parameter that `--set NAME=VALUE` may change. */
struct setting {
    const char *name;
    const char *fallback; /* default, as text */
    const char *help;
};

/* A metric that cells of the experiment may have; a cell has each of them, with or without a value.
 */
struct metric_info {
    const char *name, *unit; /* as in struct metric */
    bool output;             /* equal on a rerun with the same kernel and core; else measured */
    const char *meaning;     /* one line */
};

struct run; /* run.h: one invocation of `attest run` */

/* Cells that share their data and whose arms are timed interleaved. */
struct group {
    char name[CELL_NAME];
    struct cell *cells;
    size_t cell_count, cell_capacity;
    int rounds;         /* timed rounds (samples per arm); 0: nothing is timed */
    const char *source; /* what the user named as its data; NULL: the profile's */
    size_t control;     /* index of the cell that is timed twice, as the A/A control */
    void *state;        /* the experiment's */
};

struct experiment {
    const char *name;   /* "adsampling" */
    const char *title;  /* one line */
    const char *source; /* the document whose claims it tests: "S001; Gao & Long, SIGMOD 2023" */
    const struct setting *settings;    /* ends with name == NULL; NULL if none */
    const struct metric_info *metrics; /* ends with name == NULL; NULL if none */
    const struct fixture *fixtures;    /* ends with name == NULL; NULL if none */
    /* Adds groups and cells with run_group() and group_cell(). Reads no data yet. */
    enum status (*plan)(struct run *run);
    /* Loads data, builds what cells share, computes oracle answers. */
    enum status (*prepare)(struct run *run, struct group *g);
    /* Runs one cell under the judge; sets its verdict and its output metrics. An error status ends
     * the run; a wrong kernel is no error status but VERDICT_FAIL. */
    enum status (*check)(struct run *run, struct group *g, struct cell *c);
    /* One timed block of round `round`; returns device seconds, or a negative number for "take the
     * wall clock".  NULL if the experiment times nothing. */
    double (*time)(struct group *g, struct cell *c, int round);
    /* After timing, of groups with rounds: metrics that need samples. */
    enum status (*summarise)(struct run *run, struct group *g);
    void (*release)(struct group *g);
    const struct table *const *tables; /* lists, of which each ends with name == NULL; NULL ends */
    const struct plot *plots;          /* end with name == NULL */
};

extern const struct experiment *const experiments[]; /* sorted, NULL-terminated */
const struct experiment *experiment_find(const char *name);

/* The declaration of a metric, or NULL. */
const struct metric_info *experiment_metric(const struct experiment *e, const char *name);

/* Gives a cell every metric of its experiment that it lacks, without a value.  ST_SYSTEM: the cell
 * has a metric that the experiment does not declare like this. */
enum status experiment_complete_metrics(const struct experiment *e, struct cell *c);

/* --- what an experiment may ask of the run ------------------------------------------------- */

enum profile run_profile(const struct run *r);
uint64_t run_seed(const struct run *r);
/* Thread counts to measure, ascending: {1, all}, or the one of --threads.  Returns how many (<= 2).
 */
int run_threads(const struct run *r, int out[2]);
/* The user's datasets in the order of --dataset, NULL behind the last; --queries, or NULL. */
const char *run_dataset(const struct run *r, size_t index);
const char *run_queries(const struct run *r);
/* The user's language model and text, of --model and --text; NULL: the pinned ones. */
const char *run_model(const struct run *r);
const char *run_text(const struct run *r);
/* Value of a setting as set or its default. The text form is always valid for the declared name. */
const char *run_setting(const struct run *r, const char *name);
enum status run_setting_real(const struct run *r, const char *name, double lo, double hi,
                             double *out);
enum status run_setting_integer(const struct run *r, const char *name, int64_t lo, int64_t hi,
                                int64_t *out);
/* New group; NULL when memory is refused. */
struct group *run_group(struct run *r, const char *name, int rounds);
/* The groups planned so far, of all experiments of the run in their order, NULL behind the last: so
 * that a later group can compare what earlier ones measured, in a resumed run too. */
const struct group *run_planned_group(const struct run *r, size_t index);
/* New cell of the group for a kernel ("" for none), or NULL. Parameters follow; the run loop
 * identifies, filters and skips (unavailable kernel, other backend) after plan() returns. */
struct cell *group_cell(struct run *r, struct group *g, const char *arm, const char *kernel);
/* Where the run keeps facts about datasets: a group of the record's plan. */
struct tree *run_plan_dataset(struct run *r, const char *name);
/* Seconds that reading `bytes` from the nearest cache, or doing `flop`, takes at least on `threads`
 * threads: a shorter time is a broken measurement. */
double run_floor_seconds(const struct run *r, int threads, double bytes, double flop);
/* One line of progress: what is happening now. */
void run_note(struct run *r, const char *format, ...) __attribute__((format(printf, 2, 3)));

#endif
