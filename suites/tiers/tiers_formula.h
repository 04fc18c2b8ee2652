/* S004's formulas over its constants, and how what comes out is compared with what it prints;
 * reference/tier_model.h is their oracle. */
#ifndef ATTEST_SUITES_TIERS_TIERS_FORMULA_H
#define ATTEST_SUITES_TIERS_TIERS_FORMULA_H

#include <stdint.h>

#include "tiers_config.h"

/* --- mixtures: percent (TIERS) of requests of each tier, which take value (TIERS) each; the value
 * of a tier without requests is not read ------------------------------------------------------- */

double tiers_mix_mean(const int32_t percent[TIERS], const double value[TIERS]);

/* Nearest-rank quantile: the least value that at least `rank` of 100 requests do not exceed. */
double tiers_mix_quantile(const int32_t percent[TIERS], const double value[TIERS], int32_t rank);

/* --- what one tier's numbers give ------------------------------------------------------------- */

double tiers_rate_of(double latency_us); /* calls a second */
double tiers_call_bytes(double mb_per_s, double latency_us);
double tiers_call_power(double energy_mj, double latency_us); /* watts */

/* --- attention: n queries, of which each reads `window` keys ---------------------------------- */

/* Square: n window, as S004 counts; causal: a query has no keys before the first token. */
double tiers_pairs(int64_t n, int64_t window);
double tiers_causal_pairs(int64_t n, int64_t window);

/* Operations of a layer that reads all n keys over those of one that reads `window` of them; ffn 0:
 * without feed-forward.  Square, as above. */
double tiers_window_factor(int64_t n, int64_t window, int64_t d, int64_t ffn);

/* Bytes of keys, or of values, in int8. */
double tiers_kv_bytes(int32_t layers, int32_t d, int64_t positions);

/* --- comparison ------------------------------------------------------------------------------- */

/* A printed number, or a range of them; NaN: nothing is printed, no range. */
struct tiers_printed {
    double value, hi;
    int32_t decimals;
};

/* Ties away from zero, decimal ones too that are none in binary; NaN if nothing is printed or a
 * range is. */
double tiers_rounded(double computed, const struct tiers_printed *p);

/* 1 where a number, to the printed decimals, or a range holds what was computed; else 0; NaN where
 * there is nothing to compare.  A number half-way between two printed ones matches both: S004
 * prints .2885 as .289 and .7555 as .755. */
double tiers_matches(double computed, const struct tiers_printed *p);

#endif
