/* Search vectors by learned projections of a layer's input (datasets/projections.h). */
#ifndef ATTEST_SUITES_RETRIEVAL_SELECT_PROJECT_H
#define ATTEST_SUITES_RETRIEVAL_SELECT_PROJECT_H

#include <stdbool.h>

#include "../../datasets/projections.h"
#include "../lm/lm.h"

/* ST_INPUT: none, or those of a model of another width. */
enum status select_project_fits(const struct projection_set *set, const struct lm_shape *shape);

/* ST_SKIP unless the set has matrices of each of `count` layers that is marked. */
enum status select_project_covers(const struct projection_set *set, const bool *layers,
                                  int32_t count);

/* queries, keys (rows, d_search) = W_q x, W_k x of the call's tokens t .. t + rows - 1; the context
 * is a struct projection_set that has the layer.  A source of select_vectors_begin(). */
void select_project(const void *context, const struct lm_attention_call *call, int64_t t,
                    int64_t rows, float *queries, float *keys);

#endif
