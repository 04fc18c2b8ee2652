#include "tiers_formula.h"

#include <math.h>

/* --- mixtures --------------------------------------------------------------------------------- */

double tiers_mix_mean(const int32_t percent[TIERS], const double value[TIERS]) {
    double sum = 0;
    for (int tier = 0; tier < TIERS; tier++) {
        sum += percent[tier] > 0 ? percent[tier] * value[tier] : 0;
    }
    return sum / 100;
}

static int32_t percent_up_to(const int32_t percent[TIERS], const double value[TIERS], double most) {
    int32_t sum = 0;
    for (int tier = 0; tier < TIERS; tier++) {
        sum += percent[tier] > 0 && value[tier] <= most ? percent[tier] : 0;
    }
    return sum;
}

double tiers_mix_quantile(const int32_t percent[TIERS], const double value[TIERS], int32_t rank) {
    double least = NAN;
    for (int tier = 0; tier < TIERS; tier++) {
        if (percent[tier] > 0 && percent_up_to(percent, value, value[tier]) >= rank) {
            least = fmin(least, value[tier]);
        }
    }
    return least;
}

/* --- one tier --------------------------------------------------------------------------------- */

double tiers_rate_of(double latency_us) { return 1e6 / latency_us; }

/* A megabyte a second is a byte a microsecond. */
double tiers_call_bytes(double mb_per_s, double latency_us) { return mb_per_s * latency_us; }

double tiers_call_power(double energy_mj, double latency_us) {
    return 1000 * energy_mj / latency_us;
}

/* --- attention -------------------------------------------------------------------------------- */

double tiers_pairs(int64_t n, int64_t window) { return (double)(n * window); }

double tiers_causal_pairs(int64_t n, int64_t window) {
    return (double)(n * window - window * (window - 1) / 2);
}

double tiers_window_factor(int64_t n, int64_t window, int64_t d, int64_t ffn) {
    const double linear = (double)(4 * d + 2 * ffn); /* a token and dimension, in multiply-adds */
    return (linear + 2 * (double)n) / (linear + 2 * (double)window);
}

double tiers_kv_bytes(int32_t layers, int32_t d, int64_t positions) {
    return (double)(layers * (int64_t)d * positions);
}

/* --- comparison ------------------------------------------------------------------------------- */

/* Of the last printed place: what a decimal tie may be off by in binary. */
static const double slack = 1e-9;

double tiers_rounded(double computed, const struct tiers_printed *p) {
    const double places = pow(10, p->decimals);
    return isnan(p->value) || !isnan(p->hi) ? NAN : floor(computed * places + 0.5 + slack) / places;
}

double tiers_matches(double computed, const struct tiers_printed *p) {
    if (isnan(computed) || isnan(p->value)) {
        return NAN;
    }
    if (!isnan(p->hi)) {
        return computed >= p->value * (1 - slack) && computed <= p->hi * (1 + slack);
    }
    return fabs(computed - p->value) * pow(10, p->decimals) <= 0.5 + slack;
}
