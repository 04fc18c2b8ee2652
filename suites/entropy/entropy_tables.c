/* Tables and plots of the experiment, those of one part together. */
#include <string.h>

#include "entropy_fit.h"
#include "entropy_ranking.h"
#include "entropy_sparse.h"

/* --- fit -------------------------------------------------------------------------------------- */

static const char *const of_data[] = {"dataset", "tokens", NULL};
static const char *const of_rows[] = {"dataset", "tokens", "population", NULL};
static const char *const of_arm[] = {"dataset", "tokens", "population", "arm", NULL};

static bool whole_model(const struct cell *c) { return entropy_fit_is(c, "model", false); }

static bool one_context(const struct cell *c) { return entropy_fit_is(c, "model", true); }

static bool one_layer(const struct cell *c) { return entropy_fit_is(c, "layer", false); }

static bool one_head(const struct cell *c) { return entropy_fit_is(c, "head", false); }

#define KEYS                                                                                       \
    { "keys", "arm", NULL }
#define LINE                                                                                       \
    {"α [95 %]", "alpha", "%.4f [%.4f, %.4f]"}, {"SE of α", "alpha_se", "%.4f"}, {                 \
        "β", "beta", "%.4f"                                                                        \
    }
#define SPREAD                                                                                     \
    {"H, nats", "entropy_nats", "%.4f"}, {"exp(mean H)", "k_eff_exp_mean", "%.1f"},                \
        {"mean exp(H)", "k_eff_mean_exp", "%.1f"}, {                                               \
        "local slope", "local_slope", "%.4f"                                                       \
    }

static const struct column fits[] = {
    KEYS, {"rows", "population", NULL}, LINE, SPREAD, {NULL, NULL, NULL}};

static const struct column contexts[] = {KEYS, {"N", "context", NULL}, SPREAD, {NULL, NULL, NULL}};

static const struct column layers[] = {{"layer", "layer", NULL}, LINE, SPREAD, {NULL, NULL, NULL}};

/* --- speed ------------------------------------------------------------------------------------ */

static bool keep_speed(const struct cell *c) { return entropy_part_is(c, "speed"); }

static const struct column speed_columns[] = {
    {"arm", "arm", NULL},
    {"threads", "threads", NULL},
    {"oracle", "oracle", NULL},
    {"flop/s", "flop_per_s", "%.3g"},
    {"of sgemm", "sgemm_share", "%.3f"},
    {NULL, NULL, NULL},
};

/* --- sparse, int8 ------------------------------------------------------------------------------
 */

static const struct column rankings[] = {
    {"queries", "arm", NULL},
    {"kernel", "kernel", NULL},
    {"K", "k", NULL},
    {"order changed", "order_changed_share", "%.6f"},
    {"set changed", "set_changed_share", "%.6f"},
    {"largest output change", "output_max_abs_diff", "%.3g"},
    {"oracle", "oracle", NULL},
    {NULL, NULL, NULL},
};

static const struct column sparse_contexts[] = {
    {"keys kept", "rule", NULL},
    {"N", "context", NULL},
    {"full PPL", "ppl_full", "%.4f"},
    {"top-K PPL", "ppl_sparse", "%.4f"},
    {"ΔPPL [95 %]", "dppl", "%.4f [%.4f, %.4f]"},
    {"gap", "ppl_gap", "%.5f"},
    {NULL, NULL, NULL},
};

static const struct column sparse_fits[] = {
    {"keys kept", "rule", NULL},
    {"exponent [95 %]", "dppl_exponent", "%.3f [%.3f, %.3f]"},
    {"-(1 - α)", "dppl_predicted", "%.3f"},
    {"ΔPPL > 0 at", "dppl_points", "%.0f"},
    {"output cosine", "output_cosine", "%.5f"},
    {NULL, NULL, NULL},
};

static const struct column caches[] = {
    {"kernel", "kernel", NULL},
    {"N", "context", NULL},
    {"bytes / fp16", "kv_bytes_ratio", "%.6f"},
    {"formula", "kv_bytes_formula", "%.6f"},
    {"full PPL", "ppl_full", "%.4f"},
    {"INT8 PPL", "ppl_sparse", "%.4f"},
    {"ΔPPL [95 %]", "dppl", "%.4f [%.4f, %.4f]"},
    {"gap", "ppl_gap", "%.5f"},
    {"output cosine", "output_cosine", "%.6f"},
    {NULL, NULL, NULL},
};

static const struct column identities[] = {
    {"arm", "arm", NULL},
    {"tokens", "tokens", NULL},
    {"largest difference", "logit_max_abs_diff", "%.9g"},
    {"oracle", "oracle", NULL},
    {NULL, NULL, NULL},
};

const struct table entropy_tables[] = {
    {
        .name = "entropy-fits",
        .title = "Entropy of attention over the context length: H = α ln N + β, all heads together",
        .note =
            "H in nats of a whole softmax row, N = 64, 128 up to the number of tokens; the line "
            "goes through the means over texts, layers and heads. Rows: \"last\" is row N - 1, "
            "\"all\" are rows 0 to N - 1, \"last-8\" rows N - 8 to N - 1, each at its own number "
            "of "
            "keys. Keys: the model's; Gaussian ones with the head's mean squared norm; each key's "
            "norm in a random direction; the text's keys in random order; Gaussian ones scaled "
            "until the query's logits vary as over the model's keys. The interval is over texts, "
            "and too narrow where they are few; "
            "H, K_eff and slope are those of the longest N. S003 prints other values for another "
            "model (Llama-3.2-1B, WikiText-2): α ≈ 0.31 in its text, 0.3871 in its analysis file "
            "(12 chosen heads, 25 prompts, last row, N = 256 to 4096; local slopes 0.481, 0.339, "
            "0.363, 0.401), and 1.000 for untrained keys, whose logits hardly vary.",
        .split = of_data,
        .keep = whole_model,
        .columns = fits,
    },
    {
        .name = "entropy-contexts",
        .title = "Entropy and effective number of keys at each context length",
        .note = "exp(mean H) is a geometric mean of what single rows have, mean exp(H) an "
                "arithmetic one. The local slope is that from N/2 to N.",
        .split = of_rows,
        .keep = one_context,
        .columns = contexts,
    },
    {
        .name = "entropy-layers",
        .title = "The fits of each layer, all its heads together",
        .note = "As in the table of the whole model.",
        .split = of_arm,
        .keep = one_layer,
        .columns = layers,
    },
    {
        .name = "ranking",
        .title = "Ranking keys by <u, k>, u = q / |q|, against q k / √d in each number format",
        .note = "Shares of queries for which the two orders, or the sets of their first K keys, "
                "differ; ties go to the smaller index. The output is softmax over the K keys times "
                "their values, in float64. bf16 and f16: inputs and u rounded to the format, sums "
                "in float32, scores rounded; at d = 64 the division by √d is exact. Model: the "
                "last rows of one text, all heads of the first, middle and last layer; trace: "
                "its queries that see 512 keys or more; Gaussian: made-up ones, d = 64.",
        .split = of_data,
        .keep = entropy_ranking_is,
        .columns = rankings,
    },
    {
        .name = "sparse-contexts",
        .title = "Perplexity under exact top-K attention over the context length",
        .note = "Every layer and head reads its K keys with the largest q k, of n: K = ceil(c n) "
                "or fixed. PPL is exp of the mean loss of the N - 1 predictions in the first N "
                "tokens of each text; the interval is a bootstrap over texts, each with both of "
                "its losses.",
        .split = of_data,
        .keep = entropy_sparse_is_context,
        .columns = sparse_contexts,
    },
    {
        .name = "sparse-exponents",
        .title = "Exponent of ΔPPL over the context length",
        .note = "Slope of ln ΔPPL over ln N through all contexts; no value where one ΔPPL is not "
                "above 0, since it has no logarithm (resamples of the bootstrap likewise). S003 "
                "predicts -(1 - α) for a fixed share, with α of the table of fits: -0.69 at its "
                "0.31, which it does not measure here but on another model. The cosine is that "
                "of a head's output with full attention's, over the first text's first tokens.",
        .split = of_data,
        .keep = entropy_sparse_is_fit,
        .columns = sparse_fits,
    },
    {
        .name = "int8",
        .title = "8-bit KV cache: bytes allocated, perplexity and outputs",
        .note = "Signed bytes with 16-bit scales, one a token and KV head for K and for V "
                "(int8_token), or for K one a channel over the whole text, set by a pass before "
                "(int8_channel). Formulas: (d + 2) / (2 d) and 1/2 + 1/(2 d) + 1/(2 N). S003 "
                "prints a ratio of 0.5078 and +0.714 % of PPL on another model; 0.508 is the "
                "first layout's at d = 128 or the second's at long N.",
        .split = of_data,
        .keep = entropy_int8_is_cache,
        .columns = caches,
    },
    {
        .name = "identities",
        .title = "Logits that must be the plain path's bit by bit",
        .note = "flag_off: the sparse kernel is plugged in and switched off; all_keys: it is on "
                "and K is as large as the text. Compared: all logits of the tokens, by memcmp.",
        .keep = entropy_is_identity,
        .columns = identities,
    },
    {
        .name = "speed",
        .title = "Linear layers of one block over 2048 tokens against square sgemm",
        .note = "The matrices of one layer of the pinned model, random weights, interleaved with "
                "2048 x 2048 x 2048 sgemm on as many threads. Oracle: float64 products.",
        .keep = keep_speed,
        .columns = speed_columns,
    },
    {.name = NULL},
};

const struct plot entropy_plots[] = {
    {
        .name = "entropy-n",
        .title = "Entropy of attention over the context length",
        .split = of_rows,
        .keep = one_context,
        .series = "arm",
        .x = "context",
        .y = "entropy_nats",
        .x_label = "N, keys",
        .y_label = "mean H, nats",
        .log_x = true,
        .lines = true,
    },
    {
        .name = "entropy-heads",
        .title = "Slope of the entropy over ln N, by layer and head",
        .split = of_rows,
        .keep = one_head,
        .x = "head",
        .y = "layer",
        .z = "alpha",
        .x_label = "head",
        .y_label = "layer",
        .z_label = "alpha",
    },
    {
        .name = "sparse-gap",
        .title = "Perplexity lost to top-K attention over the context length",
        .split = of_data,
        .keep = entropy_sparse_is_context,
        .series = "rule",
        .x = "context",
        .y = "dppl",
        .x_label = "N, tokens",
        .y_label = "PPL, top-K minus full",
        .log_x = true,
        .log_y = true,
    },
    {.name = NULL},
};
