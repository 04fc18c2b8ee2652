/* Every metric of the experiment.  A cell has all of them, most without a value. */
#include "retrieval.h"

const struct metric_info retrieval_metrics[] = {
    {"coverage", "share", true, "layers substituted of all"},
    {"evaluated_share", "share", true,
     "vectors that searches compared with a query, of those that it may read or its index holds"},
    {"logit_max_abs_diff", "logits", true, "largest difference of a logit from the plain path's"},
    {"mass_at_k", "share", true,
     "full attention's weight on the chosen keys, mean over queries, heads and layers"},
    {"mass_delta", "share", true, "mass_at_k less that of raw queries and keys"},
    {"nll_delta", "nats", true,
     "mean over sequences of their mean loss less that of the other method"},
    {"nll_delta_hi", "nats", true, "upper end of its 95 % bootstrap interval over sequences"},
    {"nll_delta_lo", "nats", true, "lower end of the same"},
    {"params", "weights", true, "weights that search projections add to the substituted layers"},
    {"ppl", "ppl", true, "exp of the mean loss of all predictions"},
    {"ppl_gap", "share", true, "ppl over full attention's of the same sequences, less 1"},
    {"queries", "queries", true, "queries times layers that recall and mass are means over"},
    {"read_share", "share", true, "keys that the method reads, of those that it may read"},
    {"recall_at_k_per_head", "share", true,
     "of the K keys with the largest weights of each head, those chosen"},
    {"recall_at_k_shared", "share", true,
     "of the K keys with the largest mean weights of all heads, those chosen"},
    {"retained_share", "share", true, "sum of min(K, n) over the sum of n, the keys allowed"},
    {NULL, NULL, false, NULL},
};
