/* What the parts of the tiers experiment share (S004; definitions, section 5).  A part is one
 * question with groups, cells and tables of its own: a row in tiers.c, rows in tiers_tables.c. */
#ifndef ATTEST_SUITES_TIERS_TIERS_H
#define ATTEST_SUITES_TIERS_TIERS_H

#include "../../harness/run/experiment.h"
#include "tiers_requests.h"

/* The functions are those of an experiment; NULL: nothing to do. */
struct tiers_part {
    const char *name; /* its groups are called by it, or by it, '-' and a configuration */
    enum status (*plan)(struct run *run);
    enum status (*prepare)(struct run *run, struct group *g);
    enum status (*check)(struct run *run, struct group *g, struct cell *c);
    double (*time)(struct group *g, struct cell *c, int round);
    enum status (*summarise)(struct run *run, struct group *g);
    void (*release)(struct group *g);
};

extern const struct tiers_part tiers_latency_part, tiers_mixture_part, tiers_model_part,
    tiers_quality_part;

/* The group of a part and a configuration. */
struct group *tiers_group(struct run *run, const char *part, const struct tiers_config *config,
                          int rounds);
/* The configuration that a cell's parameter "config" names. */
const struct tiers_config *tiers_cell_config(const struct cell *c);

/* --- sizes (tiers_sizes.c) -------------------------------------------------------------------- */

enum { TIERS_LATENCY_ROUNDS = 30, TIERS_LOADS = 3 };

/* How much of a configuration a profile measures. */
struct tiers_size {
    int rounds;                /* of mixtures; 0: none of this configuration */
    int64_t requests;          /* a round and mixture */
    int workloads;             /* the first of tiers_workloads; tier 0 alone is always there */
    int orders;                /* the first of tiers_orders, closed loop */
    double loads[TIERS_LOADS]; /* of an open loop; 0 ends them */
    bool every_kernel;         /* tier 0 of every kernel, not of the widest alone */
};

const struct tiers_size *tiers_size_of(const struct run *run, const struct tiers_config *config);

extern const struct metric_info tiers_metrics[];
extern const struct table tiers_tables[], tiers_model_tables[], tiers_quality_tables[];
extern const struct plot tiers_plots[];

#endif
