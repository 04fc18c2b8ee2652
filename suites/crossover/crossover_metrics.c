#include "crossover_metrics.h"

#include <math.h>

/* --- counts ----------------------------------------------------------------------------------- */

double crossover_evaluations(const struct crossover_work *w) {
    return (double)(w->scored + w->pages + w->graph_evaluations);
}

double crossover_hops(const struct crossover_work *w) { return (double)w->graph_hops; }

double crossover_macs(const struct crossover_work *w) {
    return (double)(w->scored * w->d + w->pages * 2 * w->d + w->graph_evaluations * w->d_search +
                    w->attended * 2 * w->d);
}

int64_t crossover_key_bytes(enum scores_format format, int32_t d) {
    const size_t scale = format == SCORES_INT8 ? sizeof(float) : 0;
    return (int64_t)((size_t)d * scores_value_size(format) + scale);
}

double crossover_bytes(const struct crossover_work *w) {
    const int64_t row = w->d * (int64_t)sizeof(float);
    return (double)(w->scored * crossover_key_bytes(w->format, w->d) + w->pages * 2 * row +
                    w->graph_bytes + w->attended * 2 * row);
}

double crossover_evaluations_model(int64_t m, int64_t ef, int64_t n, int32_t graphs) {
    return (double)(m * ef * graphs) * log2((double)n);
}

double crossover_counted_n(double evaluations, int32_t page, int32_t d_search, int32_t d,
                           int32_t heads) {
    return page / 2.0 * evaluations * d_search / d / heads;
}

/* --- seconds ---------------------------------------------------------------------------------- */

struct interval crossover_step_us(const double *seconds, size_t n, int64_t steps, double p) {
    const double scale = 1e6 / (double)steps;
    const struct interval v = p == 0.5 ? stats_median_interval(seconds, n)
                                       : (struct interval){stats_quantile(seconds, n, p), NAN, NAN};
    return (struct interval){scale * v.value, scale * v.lo, scale * v.hi};
}

double crossover_stage_us(const double *seconds, size_t n) {
    return n > 0 && isfinite(seconds[0]) ? 1e6 * stats_median(seconds, n) : NAN;
}

double crossover_build_s(double before, double first, double last) { return before + first + last; }

double crossover_insert_us(double seconds, int64_t count) { return 1e6 * seconds / (double)count; }

double crossover_break_even(double build_s, double graph_us, double other_us) {
    const double saved = other_us - graph_us;
    return saved > 0 ? ceil(1e6 * build_s / saved) : NAN;
}

struct interval crossover_bandwidth_share(const double *seconds, double bytes,
                                          const double *base_seconds, double base_bytes, size_t n) {
    const struct interval v = stats_ratio_of_medians(base_seconds, seconds, n);
    const double scale = bytes / base_bytes;
    return (struct interval){scale * v.value, scale * v.lo, scale * v.hi};
}

struct interval crossover_speed_ratio(const double *this_seconds, const double *other_seconds,
                                      size_t n) {
    return stats_ratio_of_medians(other_seconds, this_seconds, n);
}

/* --- equal quality, crossing ------------------------------------------------------------------ */

bool crossover_quality_holds(double mass, double cosine) { return mass >= 0.95 && cosine >= 0.99; }

size_t crossover_cheapest(const double *cost, size_t n) {
    size_t best = n;
    for (size_t i = 0; i < n; i++) {
        if (isfinite(cost[i]) && (best == n || cost[i] < cost[best])) {
            best = i;
        }
    }
    return best;
}

/* Where the straight line through (ln n0, gap0 > 0) and (ln n1, gap1 <= 0) is 0. */
static double zero_between(double n0, double gap0, double n1, double gap1) {
    return exp(log(n0) + (log(n1) - log(n0)) * gap0 / (gap0 - gap1));
}

struct crossover_crossing crossover_crossing_of(const double *n, const double *first,
                                                const double *second, size_t count) {
    struct crossover_crossing out = {CROSSOVER_UNMEASURED, NAN, NAN, NAN};
    double before = NAN; /* ln first / second at the N before */
    for (size_t i = 0; i < count; i++) {
        const double gap = log(first[i] / second[i]);
        if (!isfinite(gap)) {
            continue;
        }
        if (isnan(before)) {
            out.from = n[i];
            out.kind = gap > 0 ? CROSSOVER_NEVER : CROSSOVER_ALWAYS;
        } else if (gap > 0) {
            out.kind = CROSSOVER_NEVER;
            out.n = NAN;
        } else if (before > 0) {
            out.kind = CROSSOVER_CROSSES;
            out.n = zero_between(out.to, before, n[i], gap);
        }
        before = gap;
        out.to = n[i];
    }
    return out;
}
