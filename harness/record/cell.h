/* A cell: one parameter point of one arm of one experiment, with its verdict, metrics and samples.
 *
 * The same struct is filled by a run and by reading a record, so tables need only one view.
 */
#ifndef ATTEST_HARNESS_CELL_H
#define ATTEST_HARNESS_CELL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { CELL_NAME = 64, CELL_PARAMS = 16, CELL_METRICS = 48, CELL_REASON = 200 };

enum verdict { VERDICT_PASS, VERDICT_MARGINAL, VERDICT_FAIL, VERDICT_SKIP };
const char *verdict_name(enum verdict v); /* "pass", "marginal", "fail", "skip" */

enum param_kind { PARAM_INTEGER, PARAM_REAL, PARAM_TEXT };

struct param {
    char name[CELL_NAME];
    enum param_kind kind;
    int64_t integer;
    double real;
    char text[CELL_NAME];
};

/* `output`: equal on a rerun with the same kernel and core (recall, counts); else measured. */
struct metric {
    char name[CELL_NAME];
    char unit[16]; /* "1/s", "ms", "share", "ratio", "bytes", "dims", "ops", "tokens" */
    bool output;
    bool has_value, has_interval;
    double value;
    uint64_t n;    /* what the value is the statistic of: queries, samples */
    double lo, hi; /* 95 % interval */
};

struct cell {
    char id[CELL_NAME]; /* "adsampling.1f9c03ab": experiment and a digest of arm, kernel, params */
    char experiment[CELL_NAME], arm[CELL_NAME];
    char kernel[CELL_NAME];  /* "" where an arm has none (a model) */
    char backend[CELL_NAME]; /* "cpu", "cuda" */
    struct param params[CELL_PARAMS];
    size_t param_count;
    enum verdict verdict;
    char reason[CELL_REASON];
    struct metric metrics[CELL_METRICS];
    size_t metric_count;
    char output_digest[65]; /* BLAKE2b of the kernel's raw output; "" if none */
    double *samples;        /* seconds per timed block, in the order taken */
    double *started;        /* seconds since the group's timing began, same order */
    size_t sample_count, sample_capacity;
    double sample_units; /* work units (queries) per sample */
    int32_t *latencies;  /* nanoseconds of every request, in the order sent; NULL: not taken */
    size_t latency_count;
    bool finished; /* its results are in the run's journal */
    void *state;   /* the experiment's own, during a run */
};

/* Parameters keep the order in which they are added; a text longer than the field is cut. */
void cell_param_integer(struct cell *c, const char *name, int64_t v);
void cell_param_real(struct cell *c, const char *name, double v);
void cell_param_text(struct cell *c, const char *name, const char *v);
const struct param *cell_param(const struct cell *c, const char *name); /* NULL if absent */
/* Value of an integer parameter; the fallback when it is absent or of another kind. */
int64_t cell_integer(const struct cell *c, const char *name, int64_t fallback);
/* Value of a text parameter; "" when it is absent or of another kind. */
const char *cell_string(const struct cell *c, const char *name);
/* Prints a parameter's value ("2.1", "10", "fashion-mnist") into out. */
void param_format(const struct param *p, char *out, size_t size);

/* Adds a metric; a non-finite value is stored as "no value" (null in JSON), never as 0. */
struct metric *cell_metric(struct cell *c, const char *name, const char *unit, bool output,
                           double value, uint64_t n);
void metric_interval(struct metric *m, double lo, double hi);
const struct metric *cell_metric_find(const struct cell *c, const char *name);
/* Its value; NaN where the cell has none, and where there is no cell. */
double cell_value(const struct cell *c, const char *name);

void cell_verdict(struct cell *c, enum verdict v, const char *format, ...)
    __attribute__((format(printf, 3, 4)));
/* Appends one raw sample; false when memory is refused. */
bool cell_sample(struct cell *c, double seconds, double started);

/* Appends latencies of requests, those above INT32_MAX as INT32_MAX; false when memory is refused.
 */
bool cell_latencies(struct cell *c, const uint32_t *nanoseconds, size_t n);

/* Whether it was timed, and nothing says that its samples are not to be trusted. */
bool cell_measured(const struct cell *c);

/* Derives id from experiment, arm, kernel, backend and parameters. */
void cell_identify(struct cell *c);
void cell_free(struct cell *c); /* what the cell owns, not the struct */

#endif
