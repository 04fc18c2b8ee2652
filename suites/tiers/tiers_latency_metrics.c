#include "tiers_latency_metrics.h"

#include <math.h>

static struct interval scaled(struct interval v, double by) {
    return (struct interval){v.value * by, v.lo * by, v.hi * by};
}

struct interval tiers_median_time(struct tiers_samples s, double unit) {
    return scaled(stats_median_interval(s.seconds, s.count), unit / (double)s.repeat);
}

struct interval tiers_mean_time(struct tiers_samples s, double unit) {
    return scaled(stats_mean_interval(s.seconds, s.count), unit / (double)s.repeat);
}

double tiers_p95_time(struct tiers_samples s, double unit) {
    return stats_quantile(s.seconds, s.count, 0.95) * unit / (double)s.repeat;
}

struct interval tiers_time_ratio(struct tiers_samples a, struct tiers_samples b) {
    return a.count == b.count ? scaled(stats_ratio_of_medians(a.seconds, b.seconds, a.count),
                                       (double)b.repeat / (double)a.repeat)
                              : (struct interval){NAN, NAN, NAN};
}

struct interval tiers_rate_share(struct tiers_samples a, double work_a, struct tiers_samples b,
                                 double work_b) {
    return scaled(tiers_time_ratio(b, a), work_a / work_b);
}

double tiers_request_mj(double joules, struct tiers_samples s) {
    return 1e3 * joules / ((double)s.repeat * (double)s.count);
}

double tiers_saved_share(double part, double whole) { return 1 - part / whole; }
