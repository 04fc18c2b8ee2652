/* Oracle of S004's model of tiers: what follows from its constants, counted one by one. */
#ifndef ATTEST_REFERENCE_TIER_MODEL_H
#define ATTEST_REFERENCE_TIER_MODEL_H

#include <stdbool.h>
#include <stdint.h>

/* Mean over 100 requests, percent (tiers) of them of each tier, that take value (tiers) each. */
double ref_mix_mean(const int32_t *percent, const double *value, int32_t tiers);

/* The value that takes place `rank` of 1 .. 100 when those requests are put in ascending order: the
 * nearest-rank quantile rank/100. */
double ref_mix_quantile(const int32_t *percent, const double *value, int32_t tiers, int32_t rank);

/* Pairs of a query and a key over n tokens.  Causal: keys t - window < j <= t of query t; else
 * `window` keys of each query, as S004 counts. */
int64_t ref_window_pairs(int64_t n, int64_t window, bool causal);

/* Multiply-adds of one layer over n tokens of d dimensions: four projections, two matrices between
 * d and ffn, scores and values of `pairs` pairs. */
double ref_layer_macs(int64_t n, int64_t d, int64_t ffn, int64_t pairs);

/* Bytes of keys, or of values, at one byte a dimension, of `positions` tokens in `layers` layers.
 */
int64_t ref_kv_bytes(int32_t layers, int32_t d, int64_t positions);

#endif
