#include "tiers_model_fixtures.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include "tiers_formula.h"

/* Half of the requests take 1, half 1/4: on average 5/8. */
static const int32_t halves[TIERS] = {50, 50, 0, 0};
static const double quarter[TIERS] = {1, 0.25, NAN, NAN};

enum status tiers_speedup_of_means(struct fixture_values *v) {
    *v = (struct fixture_values){1 / tiers_mix_mean(halves, quarter), 1.6, (1 + 4) / 2.0, 1e-12};
    return ST_OK;
}

enum status tiers_p99_weighted(struct fixture_values *v) {
    *v = (struct fixture_values){tiers_mix_quantile(halves, quarter, 99), 1,
                                 tiers_mix_mean(halves, quarter), 0};
    return ST_OK;
}

/* The 50th of 100 requests is the last of the fast half. */
enum status tiers_p50_interpolated(struct fixture_values *v) {
    *v = (struct fixture_values){tiers_mix_quantile(halves, quarter, 50), 0.25, (1 + 0.25) / 2, 0};
    return ST_OK;
}

/* Three tokens that see two keys: 1 + 2 + 2. */
enum status tiers_pairs_square(struct fixture_values *v) {
    *v = (struct fixture_values){tiers_causal_pairs(3, 2), 5, tiers_pairs(3, 2), 0};
    return ST_OK;
}

/* A token and dimension: 4 projections and 2 sides of the feed-forward, 24 in all with ffn = 10,
 * and 2 a key: 24 + 8 over 24 + 4. */
enum status tiers_factor_of_attention(struct fixture_values *v) {
    *v = (struct fixture_values){tiers_window_factor(4, 2, 1, 10), 32.0 / 28, 4 / 2.0, 1e-12};
    return ST_OK;
}

/* Half the rate for half the time is a quarter of the bytes. */
enum status tiers_bytes_of_rate(struct fixture_values *v) {
    *v = (struct fixture_values){tiers_call_bytes(100, 5) / tiers_call_bytes(200, 10), 0.25,
                                 100.0 / 200, 1e-12};
    return ST_OK;
}

/* 1 mJ in 500 us is 2 W. */
enum status tiers_power_of_milliseconds(struct fixture_values *v) {
    *v = (struct fixture_values){tiers_call_power(1, 500), 2, 1.0 / 500, 1e-12};
    return ST_OK;
}

/* .2885 lies below the tie in binary. */
enum status tiers_rounded_to_even(struct fixture_values *v) {
    const struct tiers_printed p = {0.289, NAN, 3};
    char text[16];
    snprintf(text, sizeof text, "%.3f", 0.2885);
    *v = (struct fixture_values){tiers_rounded(0.2885, &p), 0.289, strtod(text, NULL), 1e-12};
    return ST_OK;
}

enum status tiers_rounded_range(struct fixture_values *v) {
    const struct tiers_printed p = {2, 3, 0};
    *v = (struct fixture_values){tiers_rounded(1.74, &p), NAN, round(1.74), 0};
    return ST_OK;
}

enum status tiers_matches_exactly(struct fixture_values *v) {
    const struct tiers_printed p = {5.6, NAN, 1};
    *v = (struct fixture_values){tiers_matches(1 / 0.177, &p), 1, 1 / 0.177 == p.value, 0};
    return ST_OK;
}

enum status tiers_matches_one_tie(struct fixture_values *v) {
    const struct tiers_printed p = {0.755, NAN, 3};
    *v = (struct fixture_values){tiers_matches(0.7555, &p), 1, tiers_rounded(0.7555, &p) == p.value,
                                 0};
    return ST_OK;
}

enum status tiers_matches_rounded_range(struct fixture_values *v) {
    const struct tiers_printed p = {2, 3, 0};
    *v = (struct fixture_values){tiers_matches(1.74, &p), 0, round(1.74) >= p.value, 0};
    return ST_OK;
}

enum status tiers_matches_nothing(struct fixture_values *v) {
    const struct tiers_printed none = {NAN, NAN, 0};
    *v = (struct fixture_values){tiers_matches(1, &none), NAN, 0, 0};
    return ST_OK;
}
