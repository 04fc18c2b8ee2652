/* Every metric of the experiment, those of one part together.  A cell has all of them, most without
 * a value. */
#include "entropy.h"

const struct metric_info entropy_metrics[] = {
    /* speed */
    {"flop_per_s", "flop/s", false, "float operations a second"},
    {"sgemm_share", "share", false, "that rate over the one of sgemm in the same rounds"},
    /* fit */
    {"alpha", "ratio", true, "slope of the mean entropy in nats over ln N, least squares"},
    {"alpha_ci_hi", "ratio", true, "upper end of alpha's 95 % bootstrap interval over texts"},
    {"alpha_ci_lo", "ratio", true, "lower end of the same"},
    {"alpha_se", "ratio", true, "standard error of alpha from the residuals of the fit"},
    {"beta", "nats", true, "intercept of the fit: entropy at N = 1"},
    {"entropy_nats", "nats", true, "mean entropy of a softmax row at the context, or the longest"},
    {"k_eff_exp_mean", "keys", true, "exp of the mean entropy there: a geometric mean"},
    {"k_eff_mean_exp", "keys", true, "mean of exp of the entropy there"},
    {"local_slope", "ratio", true, "slope of the mean entropy over ln N between N/2 and N"},
    {NULL, NULL, false, NULL},
};
