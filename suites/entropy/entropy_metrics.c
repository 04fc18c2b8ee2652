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
    /* ranking */
    {"order_changed_share", "share", true, "queries whose keys' order differs between the scores"},
    {"output_max_abs_diff", "value", true, "largest change of the output over the chosen K keys"},
    {"set_changed_share", "share", true, "queries whose set of the first K keys differs"},
    /* sparse, int8 */
    {"dppl", "ppl", true, "ppl_sparse - ppl_full over the same texts"},
    {"dppl_exponent", "ratio", true, "slope of ln dppl over ln N, if all of them are above 0"},
    {"dppl_points", "points", true, "contexts at which dppl is above 0"},
    {"dppl_predicted", "ratio", true,
     "-(1 - alpha), alpha of all rows, layers and heads of the run"},
    {"kv_bytes_formula", "ratio", true, "the cache layout's bytes over fp16's, by formula"},
    {"kv_bytes_ratio", "ratio", true, "bytes allocated for the cache over those of fp16"},
    {"logit_max_abs_diff", "logits", true, "largest difference of a logit from the plain path's"},
    {"output_cosine", "cosine", true, "mean cosine of a head's output with full attention's"},
    {"ppl_full", "ppl", true, "exp of the mean loss of N - 1 predictions a text, full attention"},
    {"ppl_gap", "share", true, "ppl_sparse / ppl_full - 1 over the same texts"},
    {"ppl_sparse", "ppl", true, "the same as ppl_full under the cell's attention or cache"},
    {NULL, NULL, false, NULL},
};
