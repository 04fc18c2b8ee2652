/* The retrieval experiment (S002; definitions, section 3): its frame, shared by its parts.
 *
 * A part is one question with cells and tables of its own: a row in retrieval.c, rows in
 * retrieval_tables.c.  All cells stand in one group, "model", over one language model's texts; what
 * two cells need (a pass that measures selections, losses under one way of attention) is computed
 * when the first asks for it.
 */
#ifndef ATTEST_SUITES_RETRIEVAL_RETRIEVAL_H
#define ATTEST_SUITES_RETRIEVAL_RETRIEVAL_H

#include "../lm/lm_source.h"
#include "retrieval_sizes.h"
#include "selector.h"

/* What is known of the data before any of it is read. */
struct retrieval_plan {
    struct run *run;
    struct group *group;
    const char *part; /* whose plan() runs */
    struct lm_description model;
    struct retrieval_size size;
};

struct retrieval_decode;
struct retrieval_losses;
struct retrieval_passes;

/* What the cells of the group share, open while they are checked. */
struct retrieval_source {
    struct run *run;
    const struct group *group; /* whose cells are checked, finished ones included */
    struct lm_source lm;
    struct retrieval_size size;
    struct projections projections;   /* without sets where there are none */
    char no_projections[CELL_REASON]; /* why there are none, or "" */
    struct retrieval_passes *passes;  /* NULL until one is asked for */
    struct retrieval_losses *losses;  /* the same */
    struct retrieval_decode *decode;  /* the same */
};

struct retrieval_part {
    const char *name; /* the parameter "part" of its cells */
    /* Adds the part's cells with retrieval_cell(). */
    enum status (*plan)(const struct retrieval_plan *p);
    /* As experiment's check().  ST_SKIP skips the cell; the line is the reason. */
    enum status (*check)(struct retrieval_source *s, struct cell *c);
};

extern const struct retrieval_part retrieval_coverage_part, retrieval_decode_part,
    retrieval_identity_part, retrieval_layers_part, retrieval_paired_part, retrieval_quality_part,
    retrieval_sensitivity_part;

/* A new cell with the parameters "part", "dataset" and "threads", whose number changes the last
 * bits of a forward; NULL with status_set: memory. */
struct cell *retrieval_cell(const struct retrieval_plan *p, const char *arm, const char *kernel);

/* Adds the parameters "sequences", "tokens" and "texts" of a set of sequences. */
void retrieval_cell_set(struct cell *c, const struct retrieval_size *size, enum retrieval_set set);
/* The set that they name; RETRIEVAL_SETS: none of this size. */
enum retrieval_set retrieval_set_of(const struct cell *c, const struct retrieval_size *size);

bool retrieval_part_is(const struct cell *c, const char *part);
/* Whether a parameter has this text. */
bool retrieval_param_is(const struct cell *c, const char *name, const char *text);

extern const struct setting retrieval_settings[];
extern const struct metric_info retrieval_metrics[];
extern const struct table retrieval_tables[];
extern const struct plot retrieval_plots[];

#endif
