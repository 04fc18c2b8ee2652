/* The operation-count model of candidate scoring (S000; definitions, section 2), in exact integers
 * where the formulas are; reference/opcount.h is its oracle. */
#ifndef ATTEST_SUITES_CROSSOVER_CROSSOVER_MODEL_H
#define ATTEST_SUITES_CROSSOVER_CROSSOVER_MODEL_H

#include <stdint.h>

#include "../../harness/run/experiment.h"

/* Keys have d dimensions and stand in pages; the graph has m links a node and is searched with ef
 * candidates in d_search dimensions. */
struct crossover_model {
    int64_t m, ef, page, d, d_search;
};

/* Operations per query over n keys: N d; ceil(N/page) 2 d; M ef log2(N) d_search, not rounded. */
double crossover_full_ops(const struct crossover_model *x, int64_t n);
double crossover_quest_ops(const struct crossover_model *x, int64_t n);
double crossover_hnsw_ops(const struct crossover_model *x, int64_t n);

/* Quest's operations over the graph's; above 1 the graph is cheaper. */
double crossover_ratio(const struct crossover_model *x, int64_t n);

/* Where the curves cross; each NaN where Quest never costs less. */
struct crossover_points {
    double for_good; /* smallest N from which on Quest never costs less again */
    double first;    /* smallest N >= 2 with Quest >= graph: whole pages make Quest's cost a
                        staircase, which touches the other curve earlier */
    double smooth;   /* larger root with pages not rounded; NaN too if the line lies above the curve
                        everywhere */
};

struct crossover_points crossover_points(const struct crossover_model *x);

/* M, ef, page, d and d_search as the run sets them. */
enum status crossover_read_model(const struct run *run, struct crossover_model *out);

extern const struct fixture crossover_fixtures[];

#endif
