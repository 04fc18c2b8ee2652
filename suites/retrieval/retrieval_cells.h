/* What several parts of the retrieval experiment put into cells. */
#ifndef ATTEST_SUITES_RETRIEVAL_RETRIEVAL_CELLS_H
#define ATTEST_SUITES_RETRIEVAL_RETRIEVAL_CELLS_H

#include "retrieval_losses.h"
#include "retrieval_passes.h"

/* Recall, mass and what they are over, the share of vectors that searches evaluated, and the
 * verdict of the set's pass.  The question's method is the cell's. */
enum status retrieval_add_recall(struct retrieval_source *s, const struct retrieval_question *q,
                                 struct cell *c);

/* Perplexity, and its gap to full attention's over the same sequences; none where the method's
 * attention failed its judge, which is then the cell's verdict. */
enum status retrieval_add_losses(struct retrieval_source *s, const struct retrieval_way *way,
                                 int64_t texts, struct cell *c);

/* The layers that a cell of the parts "quality" and "paired" substitutes. */
struct retrieval_layer_set retrieval_cell_layers(const struct cell *c, int32_t layers);

/* Weights that the cell's method adds to the substituted layers. */
void retrieval_add_params(const struct retrieval_source *s,
                          const struct retrieval_layer_set *layers, struct cell *c);

#endif
