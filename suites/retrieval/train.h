/* Training of search projections: a frozen language model's layers, each on its own. */
#ifndef ATTEST_SUITES_RETRIEVAL_TRAIN_H
#define ATTEST_SUITES_RETRIEVAL_TRAIN_H

#include "../../datasets/projections.h"
#include "../../datasets/text.h"
#include "../lm/lm.h"

/* The defaults of definitions, section 3, for so many steps; names, digests, sequences and tokens
 * are left to the caller.  Warm-up: 100 steps, at most a tenth of all. */
void train_plan(struct projection_plan *plan, int64_t steps);

struct train_job {
    struct lm_session *session; /* of the model */
    int threads;
    const struct text_sequences *texts;
    const int32_t *layers; /* (layer_count) ascending */
    int32_t layer_count;
    /* Called from one thread at a time with the share that is done. */
    void (*progress)(void *context, double share, const char *what);
    void *context;
};

/* Trains the sets of *p, of which d_search and seed are given, after p->plan; the model runs once
 * over the texts.  Each layer is one thread's work, so the weights do not depend on `threads`.
 * Weights begin as N(0, 0.02) out of (seed, layer); the order of sequences follows from the seed.
 * The gradient's norm is clipped layer by layer.  ST_INPUT: a layer that the model lacks, a loss
 * that is not finite; ST_SYSTEM.  On failure *p has no sets.  Source: S002; definitions, section 3.
 */
enum status train_projections(const struct train_job *job, struct projections *p);

/* Bytes that training holds at once beside the model. */
double train_bytes(const struct train_job *job, const struct lm_shape *shape);

#endif
