/* The parts "sparse" and "int8" of the entropy experiment: perplexity under exact top-K attention
 * over the context length, and under an 8-bit KV cache. */
#ifndef ATTEST_SUITES_ENTROPY_ENTROPY_SPARSE_H
#define ATTEST_SUITES_ENTROPY_ENTROPY_SPARSE_H

#include "entropy.h"

extern const struct entropy_part entropy_sparse_part, entropy_int8_part;

/* Cells of the sparse part: of one context, fits over all contexts, and the identity. */
bool entropy_sparse_is_context(const struct cell *c);
bool entropy_sparse_is_fit(const struct cell *c);
/* Cells of either part that compare logits bit by bit. */
bool entropy_is_identity(const struct cell *c);
/* Cells of the int8 part with a cache. */
bool entropy_int8_is_cache(const struct cell *c);

/* A cell that states its size. */
struct cell *entropy_sized_cell(const struct entropy_plan *p, int64_t tokens, int64_t texts,
                                const char *arm, const char *kernel);

/* Fills a cell in which all logits of the first tokens of a text must be the plain path's; off: the
 * kernel is plugged in and switched off. */
enum status entropy_check_identity(struct entropy_source *s, const int32_t *ids, int64_t tokens,
                                   bool off, struct cell *c);

#endif
