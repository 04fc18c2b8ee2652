/* Tables and plots of the experiment, those of one part together. */
#include <string.h>

#include "retrieval.h"
#include "retrieval_layers.h"

static const char *const of_layers[] = {"dataset", "sequences",  "tokens", "stride",
                                        "layers",  "population", NULL};
static const char *const of_texts[] = {"dataset", "sequences", "tokens", NULL};
static const char *const of_budget[] = {"dataset", "tokens", "kept", NULL};
static const char *const of_context[] = {"dataset", "context", "threads", NULL};
static const char *const of_arm[] = {"dataset", "tokens", "arm", NULL};

static bool is_quality(const struct cell *c) {
    return retrieval_part_is(c, retrieval_quality_part.name) && strcmp(c->arm, "full") != 0;
}

/* One line a method: pages of 16, one graph library; all queries, most layers. */
static bool is_plotted(const struct cell *c) {
    return is_quality(c) && cell_integer(c, "page", 16) == 16 &&
           strcmp(c->kernel, "graph/hnswlib") != 0 && retrieval_param_is(c, "population", "all") &&
           retrieval_param_is(c, "layers", retrieval_headline);
}

static bool has_losses(const struct cell *c) {
    const struct metric *m = cell_metric_find(c, "ppl");
    return retrieval_part_is(c, retrieval_quality_part.name) && m != NULL && m->has_value;
}

static bool is_paired(const struct cell *c) {
    return retrieval_part_is(c, retrieval_paired_part.name);
}

static bool is_parity(const struct cell *c) {
    return is_quality(c) && (strcmp(c->arm, "hnsw") == 0 || strcmp(c->arm, "learned") == 0) &&
           !retrieval_param_is(c, "layers", retrieval_pilot) &&
           retrieval_param_is(c, "population", "all");
}

static bool of_one_layer(const struct cell *c) {
    return retrieval_part_is(c, retrieval_layers_part.name) &&
           retrieval_param_is(c, "over", "layer");
}

static bool of_all_layers(const struct cell *c) {
    return retrieval_part_is(c, retrieval_layers_part.name) &&
           retrieval_param_is(c, "over", "model");
}

static bool is_sensitivity(const struct cell *c) {
    return retrieval_part_is(c, retrieval_sensitivity_part.name);
}

static bool is_coverage(const struct cell *c) {
    return retrieval_part_is(c, retrieval_coverage_part.name);
}

static bool is_identity(const struct cell *c) {
    return retrieval_part_is(c, retrieval_identity_part.name);
}

static bool is_decode(const struct cell *c) {
    return retrieval_part_is(c, retrieval_decode_part.name);
}

/* By budget, then in the record's order. */
static int by_budget(const void *a, const void *b) {
    const struct cell *x = *(const struct cell *const *)a, *y = *(const struct cell *const *)b;
    const int64_t k = cell_integer(x, "kept", 0), other = cell_integer(y, "kept", 0);
    return (k > other) - (k < other);
}

#define METHOD                                                                                     \
    {"method", "arm", NULL}, {"page", "page", NULL}, { "graph", "kernel", NULL }
#define RECALL                                                                                     \
    {"recall@K per head [95 %]", "recall_at_k_per_head", "%.4f [%.4f, %.4f]"},                     \
        {"recall@K shared [95 %]", "recall_at_k_shared", "%.4f [%.4f, %.4f]"}, {                   \
        "mass@K [95 %]", "mass_at_k", "%.4f [%.4f, %.4f]"                                          \
    }
#define OVER                                                                                       \
    {"ρ", "retained_share", "%.4f"}, {"read", "read_share", "%.4f"}, {                             \
        "queries × layers", "queries", "%.0f"                                                      \
    }

static const struct column quality[] = {
    {"K", "kept", NULL}, METHOD, RECALL, OVER, {NULL, NULL, NULL}};

static const struct column losses[] = {
    {"K", "kept", NULL},
    METHOD,
    {"layers", "layers", NULL},
    {"PPL", "ppl", "%.4f"},
    {"gap [95 %]", "ppl_gap", "%.5f [%.5f, %.5f]"},
    {"recall@K per head [95 %]", "recall_at_k_per_head", "%.4f [%.4f, %.4f]"},
    {"mass@K", "mass_at_k", "%.4f"},
    {"weights added", "params", "%.0f"},
    {"texts", "texts", NULL},
    {NULL, NULL, NULL},
};

static const struct column paired[] = {
    {"K", "kept", NULL},
    {"method", "arm", NULL},
    {"against", "against", NULL},
    {"layers", "layers", NULL},
    {"ΔNLL, nats a token [95 %]", "nll_delta", "%.5f [%.5f, %.5f]"},
    {"texts", "texts", NULL},
    {NULL, NULL, NULL},
};

static const struct column parity[] = {
    {"K", "kept", NULL},
    {"method", "arm", NULL},
    {"graph", "kernel", NULL},
    {"M", "m", NULL},
    {"ef", "ef", NULL},
    {"evaluated", "evaluated_share", "%.4f"},
    RECALL,
    {"PPL", "ppl", "%.4f"},
    {NULL, NULL, NULL},
};

static const struct column layers[] = {
    {"layer", "layer", NULL},
    {"method", "arm", NULL},
    RECALL,
    {"mass@K less raw q k [95 %]", "mass_delta", "%.4f [%.4f, %.4f]"},
    {"queries × layers", "queries", "%.0f"},
    {NULL, NULL, NULL},
};

static const struct column all_layers[] = {
    {"method", "arm", NULL},
    RECALL,
    {"mass@K less raw q k [95 %]", "mass_delta", "%.4f [%.4f, %.4f]"},
    {"queries × layers", "queries", "%.0f"},
    {NULL, NULL, NULL},
};

static const struct column sensitivity[] = {
    {"K", "kept", NULL},
    {"d_search", "d_search", NULL},
    {"training seed", "training_seed", NULL},
    RECALL,
    {"weights added", "params", "%.0f"},
    {NULL, NULL, NULL},
};

static const struct column coverage[] = {
    {"method", "arm", NULL},    {"layers", "substituted", NULL},
    {"chosen", "chosen", NULL}, {"coverage", "coverage", "%.3f"},
    {"PPL", "ppl", "%.4f"},     {"gap [95 %]", "ppl_gap", "%.5f [%.5f, %.5f]"},
    {"texts", "texts", NULL},   {NULL, NULL, NULL},
};

static const struct column identity[] = {
    {"method", "arm", NULL},
    {"tokens", "tokens", NULL},
    {"largest difference", "logit_max_abs_diff", "%.9g"},
    {"oracle", "oracle", NULL},
    {NULL, NULL, NULL},
};

static const struct column decode[] = {
    {"K", "kept", NULL},
    METHOD,
    {"tokens/s [95 %]", "tokens_per_s", "%.2f [%.2f, %.2f]"},
    {"of it in attention", "attention_share", "%.4f"},
    {"taking keys in", "insertion_share", "%.4f"},
    {"recall, grown", "recall_grown", "%.4f"},
    {"recall, rebuilt", "recall_rebuilt", "%.4f"},
    {"evaluated", "evaluated_share", "%.4f"},
    {NULL, NULL, NULL},
};

const struct table retrieval_tables[] = {
    {
        .name = "retrieval-quality",
        .title = "Recall and attention mass of the keys that each method chooses",
        .note =
            "Every number by one measure: sets of min(K, n) keys, n the keys that a query may "
            "read, against full attention's own weights, mean over queries and layers; stride s: "
            "of every s-th query, each document's last one among them. Per head: "
            "the K largest weights of each head; shared: those of the heads' mean; a method that "
            "chooses one set for all heads is compared with both. Population long: queries with n "
            "> K; a cell without queries has no value. ρ: sum of min(K, n) over the sum of n; "
            "read: keys that the method reads, over the same. Layers: inner, all but the first "
            "three and the last; pilot, S002's six. Quest per head, bounds over allowed keys, the "
            "last page always kept and counted in K / page pages. S002's printed recalls are of "
            "other statistics for each method, and of another model.",
        .split = of_layers,
        .keep = is_quality,
        .order = by_budget,
        .columns = quality,
    },
    {
        .name = "retrieval-ppl",
        .title = "Perplexity with the keys that each method chooses",
        .note =
            "Attention over the chosen keys only in the layers named, full attention in the "
            "others; PPL is exp of the mean loss of all predictions; the gap is PPL over full "
            "attention's, less 1, with the interval of a bootstrap over texts, each with both of "
            "its losses. A K as large as the text needs no forward: the logits are full "
            "attention's bit by bit, as the table of identities shows.",
        .split = of_texts,
        .keep = has_losses,
        .order = by_budget,
        .columns = losses,
    },
    {
        .name = "retrieval-paired",
        .title = "Two methods' losses of the same sequences",
        .note = "Mean over texts of the difference of their mean losses, method less the other: "
                "below 0 the method is better. 10,000 bootstrap means over texts, percentiles 2.5 "
                "and 97.5. Layers: inner, or none named, all but the first three and the last; "
                "pilot, S002's six.",
        .split = of_texts,
        .keep = is_paired,
        .order = by_budget,
        .columns = paired,
    },
    {
        .name = "retrieval-parity",
        .title = "Learned vectors searched exactly and by a graph",
        .note =
            "Evaluated: vectors that the searches of this K compared with the measured queries, "
            "of those that an exhaustive search would have compared; near 1 the search is a scan, "
            "above 1 it "
            "met vectors on several levels. One index a "
            "document, efConstruction 40, max(4K, K + 16) vectors fetched, later keys dropped "
            "afterwards. Population all, all layers but the first three and the last.",
        .split = of_texts,
        .keep = is_parity,
        .order = by_budget,
        .columns = parity,
    },
    {
        .name = "retrieval-layers",
        .title = "Attention mass in each layer",
        .note = "All queries. Raw q k is the cosine of the heads' mean query and mean key: no "
                "upper bound. The oracle chooses each head's K largest weights.",
        .split = of_budget,
        .keep = of_one_layer,
        .columns = layers,
    },
    {
        .name = "retrieval-layers-mean",
        .title = "Attention mass, mean over all layers",
        .note = "As in the table of each layer, over every layer of the model.",
        .split = of_budget,
        .keep = of_all_layers,
        .columns = all_layers,
    },
    {
        .name = "retrieval-sensitivity",
        .title = "Search projections of other widths and training seeds",
        .note = "Layers 4, 8, 12, 16, 20 and 24, all queries, exact search by cosine.",
        .split = of_texts,
        .keep = is_sensitivity,
        .order = by_budget,
        .columns = sensitivity,
    },
    {
        .name = "retrieval-coverage",
        .title = "Perplexity with more and more layers substituted",
        .note = "Chosen: evenly spaced; strongest, the layers in which the method itself finds "
                "most of the attention mass first, measured over other windows than those scored; "
                "edges a+b, all but the first a and the last b.",
        .split = of_budget,
        .keep = is_coverage,
        .columns = coverage,
    },
    {
        .name = "retrieval-identities",
        .title = "Logits with as many keys as the text has, against full attention's",
        .note = "All layers substituted; all logits of the tokens compared by memcmp. A graph "
                "search may miss keys whatever K is, and is not among them.",
        .keep = is_identity,
        .columns = identity,
    },
    {
        .name = "retrieval-decode",
        .title = "Decoding with a KV cache and an index that grows",
        .note = "One sample is one token, the text's own next one, with its logits; each arm has a "
                "cache and an index of its own, which grow by 64 tokens at a time up to the "
                "context, then by one. No index is built anew while decoding. All layers but the "
                "first three and the last are substituted, and attend to the chosen keys alone; "
                "all arms attend by the same kernel. In attention: the share of a token's time "
                "that is attention at all; the rest is linear layers and logits, which no choice "
                "of keys shortens: full's share is the most that choosing could save. Recall: of "
                "the keys that an exact search of the same learned vectors chooses for 16 decoded "
                "tokens, those that the grown graph found and those that a graph finds which was "
                "built at once of all tokens. Evaluated: vectors that a search compared with a "
                "query, of those that its graph holds; near 1 it is a scan.",
        .split = of_context,
        .keep = is_decode,
        .order = by_budget,
        .columns = decode,
    },
    {.name = NULL},
};

const struct plot retrieval_plots[] = {
    {
        .name = "retrieval-recall",
        .title = "Recall against K",
        .split = of_layers,
        .keep = is_plotted,
        .series = "arm",
        .x = "kept",
        .y = "recall_at_k_per_head",
        .x_label = "K, keys",
        .y_label = "recall@K, per head",
        .log_x = true,
    },
    {
        .name = "retrieval-mass",
        .title = "Attention mass against K",
        .split = of_layers,
        .keep = is_plotted,
        .series = "arm",
        .x = "kept",
        .y = "mass_at_k",
        .x_label = "K, keys",
        .y_label = "mass@K",
        .log_x = true,
    },
    {
        .name = "retrieval-layers",
        .title = "Attention mass in each layer",
        .split = of_budget,
        .keep = of_one_layer,
        .series = "arm",
        .x = "layer",
        .y = "mass_at_k",
        .x_label = "layer",
        .y_label = "mass@K",
        .bars = true,
    },
    {
        .name = "retrieval-coverage",
        .title = "Perplexity lost against the share of layers substituted",
        .split = of_arm,
        .keep = is_coverage,
        .series = "chosen",
        .x = "coverage",
        .y = "ppl_gap",
        .x_label = "layers substituted, share",
        .y_label = "PPL over full attention's, less 1",
    },
    {.name = NULL},
};
