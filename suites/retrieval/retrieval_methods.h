/* The methods that the retrieval experiment compares: selectors with their parameters, and the cell
 * parameters that name them. */
#ifndef ATTEST_SUITES_RETRIEVAL_RETRIEVAL_METHODS_H
#define ATTEST_SUITES_RETRIEVAL_RETRIEVAL_METHODS_H

#include "retrieval.h"

struct retrieval_method {
    const char *arm;   /* the selector's name */
    const char *graph; /* hnsw: the kernel that searches; else "" */
    int32_t page;      /* quest; else 0 */
    int32_t d_search;  /* of projections; else 0 */
    uint64_t seed;     /* of their training */
    bool variant;      /* learned: stands in the sensitivity table only */
    bool losses;       /* perplexities are computed too */
};

enum { RETRIEVAL_METHODS = 15 };
extern const struct retrieval_method retrieval_methods[RETRIEVAL_METHODS];

/* The first method with that arm that has losses, else the first; NULL: none, as for "full". */
const struct retrieval_method *retrieval_method_find(const char *arm);

/* A cell of the method's arm and kernel with the parameters that tell it from others. */
struct cell *retrieval_method_cell(const struct retrieval_plan *p,
                                   const struct retrieval_method *m);
/* The method of such a cell; NULL: the arm "full". */
const struct retrieval_method *retrieval_method_of(const struct cell *c);

/* Selector and parameters.  ST_SKIP: no projections, or none of this kind, or no such kernel. */
enum status retrieval_method_open(const struct retrieval_source *s,
                                  const struct retrieval_method *m,
                                  const struct selector **selector, struct selector_params *params);

/* Opens the projections of the setting, or the committed ones, and states them in the record's
 * plan; where there are none for this model, the source says why. */
enum status retrieval_projections_open(struct retrieval_source *s);

#endif
