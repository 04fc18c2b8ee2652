/* The entropy experiment (S003; definitions, section 4): its frame, shared by its parts.
 *
 * A part is one question with cells, metrics, tables and fixtures of its own: a row in entropy.c,
 * rows in entropy_metrics.c, entropy_fixtures.c and entropy_tables.c.  Cells stand in two groups:
 * "model" runs a language model over texts, "trace" reads the queries, keys and values of one that
 * the repository carries, and so needs no weights.  All parts share what a group opens.
 */
#ifndef ATTEST_SUITES_ENTROPY_ENTROPY_H
#define ATTEST_SUITES_ENTROPY_ENTROPY_H

#include "../../datasets/trace.h"
#include "../lm/lm_source.h"

enum { ENTROPY_PARTS = 4 };

/* What is known of the data before any of it is read. */
struct entropy_plan {
    struct run *run;
    struct group *group;
    const char *part;          /* whose plan() runs */
    const char *dataset;       /* "smollm2", a user's model file, "trace" */
    const struct trace *trace; /* NULL: the model; the next is then known of it */
    struct lm_description model;
};

/* What the cells of one group share, open while they are checked. */
struct entropy_source {
    struct run *run;
    const struct group *group; /* whose cells are checked, finished ones included */
    const char *dataset;
    int threads;
    const struct trace *trace;     /* NULL: the source is the model; the next is then open */
    struct lm_source lm;           /* with the profile's texts, or the user's */
    struct trace held;             /* what `trace` points to */
    struct entropy_losses *losses; /* of the parts sparse and int8 */
    bool prepared[ENTROPY_PARTS];
    void *state[ENTROPY_PARTS]; /* of the parts */
};

struct entropy_part {
    const char *name; /* the parameter "part" of its cells */
    /* Adds the part's cells of a source with entropy_cell(); none is allowed. */
    enum status (*plan)(const struct entropy_plan *p);
    /* Before the first check of a cell of the part that is not finished yet, so that a resumed run
     * computes nothing for finished ones.  May leave *state NULL. */
    enum status (*prepare)(struct entropy_source *s, void **state);
    /* As experiment's check(). */
    enum status (*check)(struct entropy_source *s, void *state, struct cell *c);
    void (*release)(void *state); /* not called for NULL */
};

/* A new cell with the parameters "part" and "dataset", and of the model "threads", whose number
 * changes the last bits of its forward; NULL with status_set: memory.  kernel: ""
 * for none. */
struct cell *entropy_cell(const struct entropy_plan *p, const char *arm, const char *kernel);

/* The first sequences of `length` tokens of the source's evaluation texts, at most `most`: first
 * windows of different documents, then their second ones.  Their digest goes into the record's
 * plan.  ST_INPUT: not one is that long. */
enum status entropy_sequences(const struct entropy_source *s, int32_t length, int64_t most,
                              struct text_sequences *out);

/* Slope of the pooled fit over all rows that an earlier cell of the group found; NaN without it. */
double entropy_pooled_alpha(const struct entropy_source *s);

bool entropy_part_is(const struct cell *c, const char *part);

extern const struct setting entropy_settings[];
extern const struct metric_info entropy_metrics[];
extern const struct fixture entropy_fixtures[];
extern const struct table entropy_tables[];
extern const struct plot entropy_plots[];

#endif
