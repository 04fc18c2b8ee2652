/* Losses of texts under one way of attention after the other, each computed once a run. */
#ifndef ATTEST_SUITES_ENTROPY_ENTROPY_SPARSE_LOSSES_H
#define ATTEST_SUITES_ENTROPY_ENTROPY_SPARSE_LOSSES_H

#include "../kernels/attention.h"
#include "entropy.h"
#include "entropy_sparse_metrics.h"

/* How much the parts that compare perplexities do; the settings sparse_tokens and sparse_texts
 * change it.  `tokens` is rounded down to 2^i; contexts are 2^i from 256 to that, of short models
 * from 64. */

struct entropy_sparse_size {
    int64_t tokens, texts;
    int64_t compared; /* tokens of the first text over which outputs and logits are compared */
    bool few;         /* one share and one fixed K instead of all */
    size_t contexts;
    int64_t context[ENTROPY_CONTEXTS];
};

/* ST_INPUT: a setting out of range, or a model whose context is too short. */
enum status entropy_sparse_size_of(const struct run *run, int64_t context,
                                   struct entropy_sparse_size *out);

/* What the parts share; a field of struct entropy_source. */
struct entropy_losses;

/* The source's, made when first asked for. */
enum status entropy_losses_open(struct entropy_source *s, struct entropy_losses **out);
void entropy_losses_free(struct entropy_losses *l);

size_t entropy_losses_texts(const struct entropy_losses *l);
/* The ids of a text, as many as the size has tokens. */
const int32_t *entropy_losses_ids(const struct entropy_losses *l, size_t text);

/* Mean losses (texts, ENTROPY_CONTEXTS) at the size's contexts under a kernel of the operation
 * attention.  They stay the losses'. */
enum status entropy_losses_of(struct entropy_losses *l, const char *kernel,
                              const struct attention_params *params, const double **means);

#endif
