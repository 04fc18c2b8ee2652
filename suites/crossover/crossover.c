/* Where full attention, Quest's page scan and a graph search cost the same (S000; definitions,
 * section 2): by the seed's operation-count model, by counts, and by time. */
#include <string.h>

#include "../../harness/run/experiment.h"
#include "crossover.h"
#include "crossover_model.h"

static const struct setting settings[] = {
    {"M", "32", "the model's links per node"},
    {"d", "128", "the model's dimensions of a key"},
    {"d_search", "128", "the model's dimensions of a learned search vector"},
    {"ef", "64", "the model's candidates kept while searching"},
    {"ef_construction", "100", "graphs: candidates kept while inserting"},
    {"judged", "2", "queries of each arm whose choice and output are judged"},
    {"max_n", "1000000", "largest N measured, 4000000 at most; 0: the model alone"},
    {"page", "16", "keys per page"},
    {NULL, NULL, NULL},
};

static const struct metric_info metrics[] = {
    {"full_ops", "ops", true, "operations of full attention scores, one query, by the model"},
    {"quest_ops", "ops", true, "operations of Quest's page scan, by the model"},
    {"hnsw_ops", "ops", true, "operations of a learned graph search, by the model, rounded up"},
    {"quest_over_hnsw_ratio", "ratio", true, "Quest's operations over the graph's"},
    {"crossover_n", "tokens", true,
     "N from which on the first costs no more: in the model; at a search's counted evaluations, "
     "page/2 evaluations d_search/d; by counted multiply-adds at equal quality"},
    {"crossover_first_n", "tokens", true, "smallest N at which the graph costs no more"},
    {"crossover_smooth_n", "tokens", true, "crossing with pages not rounded"},
    {"crossover_lo", "tokens", true,
     "crossing with the ends of the 95 % intervals over queries that favour the first"},
    {"crossover_hi", "tokens", true, "crossing with the opposite ends"},
    {"crossover_timed_n", "tokens", false,
     "N from which on the first's median time is no longer at equal quality; interval over rounds "
     "that both share"},
    {"crossover_model_n", "tokens", true,
     "by the seed's model: of the same pair, or of Quest and a graph of these settings"},
    {"evaluations", "evaluations", true,
     "keys, pages or nodes of all levels compared in a step, to choose"},
    {"evaluations_model", "evaluations", true, "the same by the seed's model, M ef log2 N"},
    {"hops", "hops", true, "nodes whose links were read in a step"},
    {"macs", "macs", true, "multiply-adds of a step, attention over what was chosen included"},
    {"bytes_touched", "bytes", true, "bytes of keys, values, bounds and links read in a step"},
    {"recall_at_k", "share", true, "share of the chosen keys that are among as many largest"},
    {"mass_share", "share", true, "share of the oracle's attention weight on the chosen keys"},
    {"output_cosine", "share", true, "cosine of the output with the oracle's"},
    {"time_us_p50", "us", false, "median time of a step"},
    {"time_us_p95", "us", false, "95th percentile of the time of a step, over samples"},
    {"estimate_us", "us", false, "median time of all scores, of page bounds or of the search"},
    {"topk_us", "us", false, "median time of choosing the largest of them"},
    {"gather_us", "us", false, "median time of listing the chosen rows in order"},
    {"attend_us", "us", false, "median time of attention over the chosen rows, where they lie"},
    {"build_s", "s", false,
     "building the graph of all heads, one thread, others building beside it"},
    {"insert_us", "us", false, "inserting a vector into the graph, among the last of them"},
    {"break_even_steps", "steps", false,
     "steps that repay the build beside the cheapest Quest of equal quality"},
    {"break_even_full_steps", "steps", false, "the same beside full attention"},
    {"bandwidth_share", "share", false,
     "bytes a second of the arm's scan over the reading arm's in the same rounds"},
    {"time_ratio", "ratio", false,
     "the other's time over its own in the same rounds: of a flat search hnswlib's in the same "
     "graph, of narrower keys float32's with the same K, of a crossing the second's over the "
     "first's at the largest N that has both"},
    {"cheapest", "flag", false,
     "1: the fastest setting of its arm at N, over float32 keys, that has the quality"},
    {NULL, NULL, false, NULL},
};

/* The crossings look at what the groups before them measured. */
static enum status plan(struct run *run) {
    enum status st = crossover_plan_formula(run);
    st = st == ST_OK ? crossover_plan_arms(run) : st;
    return st == ST_OK ? crossover_plan_crossings(run) : st;
}

static enum status check(struct run *run, struct group *g, struct cell *c) {
    if (crossover_method_of(c) < CROSSOVER_METHODS) {
        return c->verdict == VERDICT_SKIP ? ST_OK : crossover_check_arm(g->state, c);
    }
    return strcmp(c->arm, "model") == 0 ? crossover_check_formula(run, c)
                                        : crossover_check_crossing(run, c);
}

extern const struct experiment experiment_crossover;
const struct experiment experiment_crossover = {
    .name = "crossover",
    .title = "Context length at which learned HNSW search becomes cheaper than Quest",
    .source = "S000",
    .settings = settings,
    .metrics = metrics,
    .fixtures = crossover_fixtures,
    .plan = plan,
    .prepare = crossover_prepare,
    .check = check,
    .time = crossover_time,
    .summarise = crossover_summarise,
    .release = crossover_release,
    .tables = (const struct table *const[]){crossover_tables, NULL},
    .plots = crossover_plots,
};
