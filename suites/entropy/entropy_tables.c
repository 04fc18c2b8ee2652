/* Tables and plots of the experiment, those of one part together. */
#include <string.h>

#include "entropy_fit.h"

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
            "until the query's logits vary as over the model's keys. The interval is over texts; "
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
    {.name = NULL},
};
