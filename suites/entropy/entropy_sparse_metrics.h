/* Perplexities of texts under two ways of attention, and what a kept cache takes. */
#ifndef ATTEST_SUITES_ENTROPY_ENTROPY_SPARSE_METRICS_H
#define ATTEST_SUITES_ENTROPY_ENTROPY_SPARSE_METRICS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "../../harness/judge/stats.h"

enum { ENTROPY_CONTEXTS = 16 };

/* Mean losses of texts under full attention and under another, paired. */
struct entropy_losses_view {
    size_t texts, contexts;
    int64_t context[ENTROPY_CONTEXTS];
    size_t first;                /* of the contexts, in the rows that follow */
    const double *full, *sparse; /* (texts, ENTROPY_CONTEXTS) entropy_mean_nll at each context */
};

/* Mean of the context - 1 losses, in nats, of a text's first `context` tokens: the first token is
 * not predicted.  NaN for a context below 2. */
double entropy_mean_nll(const double *nll, int64_t context);

/* exp of the mean loss of all predictions of the texts, which have equally many. */
double entropy_ppl(const double *means, size_t texts, size_t context);

/* The view without the contexts of up to k tokens, at which K keys are all. */
struct entropy_losses_view entropy_contexts_above(const struct entropy_losses_view *v, int64_t k);

/* Perplexity under the other attention minus that under full attention, at one of the contexts,
 * with the 95 % interval of a bootstrap over texts, each with both of its losses. */
struct interval entropy_dppl(const struct entropy_losses_view *v, size_t context);

/* The same as a share of the perplexity under full attention: PPL_s / PPL_f - 1. */
struct interval entropy_ppl_gap(const struct entropy_losses_view *v, size_t context);

/* Contexts at which that gap is above 0. */
size_t entropy_gap_points(const struct entropy_losses_view *v);

/* Slope of ln(gap) over ln N by least squares over all contexts, with the same bootstrap.  NaN
 * where a gap is not above 0, because it has no logarithm; so are resamples, which are left out. */
struct interval entropy_gap_exponent(const struct entropy_losses_view *v);

/* What S003 expects of that slope where the entropy grows as alpha ln N: -(1 - alpha). */
double entropy_predicted_exponent(double alpha);

/* A cache's bytes over those of 16-bit keys and values of `tokens` tokens. */
double entropy_kv_ratio(size_t bytes, int64_t tokens, int64_t layers, int64_t kv_heads, int64_t d);

/* The same by formula, for one document of `tokens` tokens: scales a token, or for K a channel. */
double entropy_kv_formula(bool by_channel, int64_t d, int64_t tokens);

/* Cosine of two vectors (d); NaN where one is zero. */
double entropy_cosine(const float *a, const float *b, int64_t d);

#endif
