/* Tables and plots: the seed's model, then what was counted and timed, then where costs cross. */
#include <string.h>

#include "crossover.h"

/* --- the model -------------------------------------------------------------------------------- */

static const char *const model_split[] = {"m", "ef", "page", "d", "d_search", NULL};

static bool is_model(const struct cell *c) { return strcmp(c->arm, "model") == 0; }

static bool keep_contexts(const struct cell *c) {
    return is_model(c) && cell_param(c, "context") != NULL;
}

static bool keep_crossover(const struct cell *c) {
    return is_model(c) && cell_param(c, "context") == NULL;
}

static const struct column context_columns[] = {
    {"N", "context", NULL},
    {"full", "full_ops", "%.0f"},
    {"Quest", "quest_ops", "%.0f"},
    {"learned HNSW", "hnsw_ops", "%.0f"},
    {"Quest / learned", "quest_over_hnsw_ratio", "%.2f"},
    {NULL, NULL, NULL},
};

static const struct column crossover_columns[] = {
    {"crossover", "crossover_n", "%.0f"},
    {"first touch", "crossover_first_n", "%.0f"},
    {"pages not rounded", "crossover_smooth_n", "%.4f"},
    {NULL, NULL, NULL},
};

/* --- arms ------------------------------------------------------------------------------------- */

static const char *const data_split[] = {"data", "d", "kv_heads", NULL};

static bool keep_timed(const struct cell *c) {
    return crossover_method_of(c) < CROSSOVER_METHODS && crossover_format_of(c) == SCORES_F32;
}

static bool keep_arms(const struct cell *c) {
    return keep_timed(c) && crossover_method_of(c) != CROSSOVER_READ;
}

/* Every format, and float32 to compare with. */
static bool keep_formats(const struct cell *c) {
    return crossover_method_of(c) == CROSSOVER_TOPK &&
           cell_integer(c, "context", 0) >= CROSSOVER_NARROW_FROM;
}

static bool keep_graphs(const struct cell *c) { return crossover_method_of(c) == CROSSOVER_HNSW; }

static bool keep_quest(const struct cell *c) { return crossover_method_of(c) == CROSSOVER_QUEST; }

static bool keep_cheapest(const struct cell *c) {
    const struct metric *m = cell_metric_find(c, "cheapest");
    return m != NULL && m->has_value && m->value > 0;
}

static bool keep_crossings(const struct cell *c) { return strcmp(c->arm, "crossing") == 0; }

#define SETTING                                                                                    \
    {"N", "context", NULL}, {"arm", "arm", NULL}, {"kernel", "kernel", NULL}, {"K", "k", NULL},    \
        {"M", "m", NULL}, {                                                                        \
        "ef", "ef", NULL                                                                           \
    }
#define QUALITY                                                                                    \
    {"recall@K", "recall_at_k", "%.4f"}, {"mass", "mass_share", "%.4f"}, {                         \
        "cosine", "output_cosine", "%.4f"                                                          \
    }

static const struct column counted_columns[] = {
    SETTING,
    QUALITY,
    {"evaluations", "evaluations", "%.1f"},
    {"by the model", "evaluations_model", "%.0f"},
    {"hops", "hops", "%.1f"},
    {"multiply-adds", "macs", "%.0f"},
    {"bytes", "bytes_touched", "%.0f"},
    {NULL, NULL, NULL},
};

static const struct column timed_columns[] = {
    SETTING,
    {"mass", "mass_share", "%.4f"},
    {"p50 µs [95 %]", "time_us_p50", "%.1f [%.1f, %.1f]"},
    {"p95 µs", "time_us_p95", "%.1f"},
    {"scan or search", "estimate_us", "%.1f"},
    {"top-k", "topk_us", "%.1f"},
    {"gather", "gather_us", "%.1f"},
    {"attend", "attend_us", "%.1f"},
    {"of the bandwidth", "bandwidth_share", "%.3f"},
    {"hnswlib / flat [95 %]", "time_ratio", "%.2f [%.2f, %.2f]"},
    {NULL, NULL, NULL},
};

static const struct column format_columns[] = {
    {"N", "context", NULL},
    {"K", "k", NULL},
    {"keys", "dtype", NULL},
    QUALITY,
    {"bytes", "bytes_touched", "%.0f"},
    {"p50 µs [95 %]", "time_us_p50", "%.1f [%.1f, %.1f]"},
    {"scan", "estimate_us", "%.1f"},
    {"top-k", "topk_us", "%.1f"},
    {"attend", "attend_us", "%.1f"},
    {"of the bandwidth", "bandwidth_share", "%.3f"},
    {"float32 / this [95 %]", "time_ratio", "%.2f [%.2f, %.2f]"},
    {NULL, NULL, NULL},
};

static const struct column cheapest_columns[] = {
    SETTING,
    QUALITY,
    {"p50 µs [95 %]", "time_us_p50", "%.1f [%.1f, %.1f]"},
    {"multiply-adds", "macs", "%.0f"},
    {"bytes", "bytes_touched", "%.0f"},
    {NULL, NULL, NULL},
};

static const struct column crossing_columns[] = {
    {"pair", "pair", NULL},
    {"by", "by", NULL},
    {"model", "crossover_model_n", "%.0f"},
    {"counted", "crossover_n", "%.0f"},
    {"counted, low", "crossover_lo", "%.0f"},
    {"counted, high", "crossover_hi", "%.0f"},
    {"timed [95 %]", "crossover_timed_n", "%.0f [%.0f, %.0f]"},
    {"second / first, timed [95 %]", "time_ratio", "%.2f [%.2f, %.2f]"},
    {"largest N", "largest", NULL},
    {NULL, NULL, NULL},
};

static const struct column sweep_columns[] = {
    {"N", "context", NULL},
    {"kernel", "kernel", NULL},
    {"M", "m", NULL},
    {"ef", "ef", NULL},
    {"evaluations", "evaluations", "%.1f"},
    {"by the model", "evaluations_model", "%.0f"},
    {"N* of the evaluations", "crossover_n", "%.0f"},
    {"N* by the model", "crossover_model_n", "%.0f"},
    QUALITY,
    {NULL, NULL, NULL},
};

static const struct column build_columns[] = {
    {"N", "context", NULL},
    {"kernel", "kernel", NULL},
    {"M", "m", NULL},
    {"ef", "ef", NULL},
    {"build s", "build_s", "%.2f"},
    {"insertion µs", "insert_us", "%.1f"},
    {"step µs", "time_us_p50", "%.1f"},
    {"steps to repay, Quest", "break_even_steps", "%.0f"},
    {"steps to repay, full", "break_even_full_steps", "%.0f"},
    {NULL, NULL, NULL},
};

static const struct column quest_columns[] = {
    {"N", "context", NULL},
    {"K", "k", NULL},
    {"estimate µs", "estimate_us", "%.1f"},
    {"top-k µs", "topk_us", "%.1f"},
    {"gather µs", "gather_us", "%.1f"},
    {"attend µs", "attend_us", "%.1f"},
    {"all µs", "time_us_p50", "%.1f"},
    {"estimate, of the bandwidth", "bandwidth_share", "%.3f"},
    {"mass", "mass_share", "%.4f"},
    {NULL, NULL, NULL},
};

const struct table crossover_tables[] = {
    {
        .name = "model",
        .title = "Operations per query by the seed's model",
        .note =
            "A formula, neither counted nor timed: full N d, Quest ceil(N/page) 2 d, learned HNSW "
            "ceil(M ef log2(N) d_search). K and M are decimal.",
        .split = model_split,
        .keep = keep_contexts,
        .columns = context_columns,
    },
    {
        .name = "crossover",
        .title = "Where Quest and learned HNSW cost the same by the seed's model",
        .note = "Crossover: the smallest N from which on Quest never costs less again. Because "
                "pages are "
                "whole, Quest's cost is a staircase that touches the other curve earlier (first "
                "touch).",
        .split = model_split,
        .keep = keep_crossover,
        .columns = crossover_columns,
    },
    {
        .name = "counted",
        .title = "What a step counts",
        .note = "A step answers one query of every KV head. Evaluations are keys, pages or graph "
                "nodes (of all levels) that are compared with the query; multiply-adds and bytes "
                "include attention over the chosen keys. Quest keeps K / page whole pages, the "
                "last one always; a search with ef candidates keeps all ef of them, and key 0. "
                "Keys are float32. Means over queries.",
        .split = data_split,
        .keep = keep_arms,
        .columns = counted_columns,
    },
    {
        .name = "timed",
        .title = "What a step takes on one thread",
        .note = "All arms of one N are timed interleaved, on the same queries in the same rounds. "
                "The bandwidth is what reading the keys and nothing else reached in these rounds; "
                "above 1 the data came from a cache. Keys are float32.",
        .split = data_split,
        .keep = keep_timed,
        .columns = timed_columns,
    },
    {
        .name = "formats",
        .title = "What narrower keys cost and gain an exact choice of K keys",
        .note = "Keys are scored in float32, in binary16 (f16), or in 8 bits with a float32 scale "
                "each (int8). The K largest are attended to in float32, of which rows only a "
                "float32 scan leaves some in a cache. Quality is beside the oracle's attention "
                "over the float32 keys. Last column: float32's median time over this format's in "
                "the same rounds, with the same K.",
        .split = data_split,
        .keep = keep_formats,
        .columns = format_columns,
    },
    {
        .name = "equal-quality",
        .title = "The fastest setting of each arm that keeps mass >= .95 and cosine >= .99",
        .note = "An arm that is missing at an N has no setting there that keeps so much. Keys are "
                "float32 in every arm, here and in the crossings.",
        .split = data_split,
        .keep = keep_cheapest,
        .columns = cheapest_columns,
    },
    {
        .name = "crossings",
        .title = "N from which on the first of a pair costs no more, at equal quality",
        .note = "At each N the cheapest setting of each side with mass >= .95 and cosine >= .99: "
                "by multiply-adds, or by median time; straight lines between neighbouring N in a "
                "log-log plot. Counted, low and high: the ends of both sides' 95 % intervals over "
                "queries, for and against the first. Timed: 95 % over rounds, the same for both "
                "sides; resamples that do not cross are left out. Without a crossing, the ratio of "
                "times at the largest N that has both tells which side is the faster one, there "
                "and at every N before it or, where the first is slower, at that N. "
                "The model is the seed's, of one "
                "query's scores alone, at its M = 32 and ef = 64: 297,937 tokens for hnsw / quest "
                "with d = 128.",
        .split = data_split,
        .keep = keep_crossings,
        .columns = crossing_columns,
    },
    {
        .name = "sweep",
        .title = "M and ef: evaluations, what they would cross at, and what they keep",
        .note = "N*: where Quest's scan of pages costs the multiply-adds of so many evaluations, "
                "page/2 evaluations d_search/d. The seed says that smaller settings move the "
                "crossover earlier; what they keep of attention stands beside it.",
        .split = data_split,
        .keep = keep_graphs,
        .columns = sweep_columns,
    },
    {
        .name = "build",
        .title = "What a graph costs before the first query, and when that is repaid",
        .note = "Built on one thread; a flat search's build is its library's and the taking over "
                "of the links. An insertion is one of the last hundredth of the vectors, at most "
                "1000. Steps to repay: build over time saved a step beside the fastest setting of "
                "the other arm with the quality; none where the setting itself lacks the quality "
                "or saves nothing.",
        .split = data_split,
        .keep = keep_graphs,
        .columns = build_columns,
    },
    {
        .name = "quest-stages",
        .title = "The stages of a Quest step",
        .note = "Stamps of the clock inside of the step; medians. Rows are attended to where they "
                "lie: gathering is the list of rows alone.",
        .split = data_split,
        .keep = keep_quest,
        .columns = quest_columns,
    },
    {.name = NULL},
};

const struct plot crossover_plots[] = {
    {
        .name = "time-n",
        .title = "Time of a step at equal quality",
        .split = data_split,
        .keep = keep_cheapest,
        .series = "arm",
        .x = "context",
        .y = "time_us_p50",
        .x_label = "N",
        .y_label = "µs a step",
        .log_x = true,
        .log_y = true,
    },
    {
        .name = "macs-n",
        .title = "Multiply-adds of a step at equal quality",
        .split = data_split,
        .keep = keep_cheapest,
        .series = "arm",
        .x = "context",
        .y = "macs",
        .x_label = "N",
        .y_label = "multiply-adds a step",
        .log_x = true,
        .log_y = true,
    },
    {.name = NULL},
};
