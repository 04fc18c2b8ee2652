/* Metric fixtures: small models whose numbers a person can check, beside what is shipped instead.
 */
#include <math.h>

#include "crossover_metrics_fixtures.h"
#include "crossover_model.h"
#include "crossover_quality_fixtures.h"

/* page 16, d = 128: a page costs 256; the graph costs 2^18 log2 N. */
static const struct crossover_model seed = {
    .m = 32, .ef = 64, .page = 16, .d = 128, .d_search = 128};

/* 16 N = 2^16 log2 N at N = 2^16. */
static const struct crossover_model power_of_two = {
    .m = 16, .ef = 32, .page = 16, .d = 128, .d_search = 128};

/* Quest costs 2 ceil(N/4), the graph 3 log2 N.  25^3 < 2^14 < 28^3: N = 25 touches and N = 28 is
 * cheaper again; 32^3 < 2^16: from 29 on it never is. */
static const struct crossover_model staircase = {.m = 3, .ef = 1, .page = 4, .d = 1, .d_search = 1};

/* Quest costs 200 a key: always dearer. */
static const struct crossover_model none = {.m = 1, .ef = 1, .page = 1, .d = 100, .d_search = 1};

static double floor_pages(const struct crossover_model *x, int64_t n) {
    return (double)(n / x->page * 2 * x->d);
}

static enum status full(struct fixture_values *v) {
    *v = (struct fixture_values){crossover_full_ops(&seed, 1000), 128000, 1000.0 * 2 * 128, 0};
    return ST_OK;
}

static enum status quest_ceil(struct fixture_values *v) {
    *v =
        (struct fixture_values){crossover_quest_ops(&seed, 17), 2 * 256, floor_pages(&seed, 17), 0};
    return ST_OK;
}

static enum status quest_two_bounds(struct fixture_values *v) {
    *v = (struct fixture_values){crossover_quest_ops(&seed, 32), 2 * 256, 2 * 128, 0};
    return ST_OK;
}

static enum status hnsw_log2(struct fixture_values *v) {
    *v = (struct fixture_values){ceil(crossover_hnsw_ops(&seed, 1024)), 0x1p18 * 10,
                                 ceil(0x1p18 * log(1024)), 0};
    return ST_OK;
}

static enum status hnsw_not_layers(struct fixture_values *v) {
    /* log2(1000) = 9.9658 to four places */
    *v = (struct fixture_values){ceil(crossover_hnsw_ops(&seed, 1000)), 0x1p18 * 9.9658,
                                 0x1p18 * floor(log2(1000)), 0x1p18 * 0.0001};
    return ST_OK;
}

static enum status ratio(struct fixture_values *v) {
    /* at 1024: 64 pages of 256 over 10 2^18 */
    double right = 64.0 * 256 / (10 * 0x1p18);
    *v = (struct fixture_values){crossover_ratio(&seed, 1024), right, 1 / right, 1e-15};
    return ST_OK;
}

static enum status last_crossing(struct fixture_values *v) {
    struct crossover_points p = crossover_points(&staircase);
    *v = (struct fixture_values){p.for_good, 29, 25, 0};
    for (int64_t n = 2; crossover_quest_ops(&staircase, n) < crossover_hnsw_ops(&staircase, n);
         n++) {
        v->wrong = (double)(n + 1);
    }
    return ST_OK;
}

/* The last page before 2^16 costs as much from its first token on. */
static enum status whole_pages(struct fixture_values *v) {
    struct crossover_points p = crossover_points(&power_of_two);
    *v = (struct fixture_values){p.for_good, 65536 - 15, round(p.smooth), 0};
    return ST_OK;
}

static enum status first_touch(struct fixture_values *v) {
    /* N = 1: log2(1) = 0 makes a search free, and everything else dearer. */
    *v = (struct fixture_values){crossover_points(&staircase).first, 25, 0, 0};
    for (int64_t n = 1; v->wrong == 0; n++) {
        bool crossed = crossover_quest_ops(&staircase, n) >= crossover_hnsw_ops(&staircase, n);
        v->wrong = crossed ? (double)n : 0;
    }
    return ST_OK;
}

static enum status smooth(struct fixture_values *v) {
    struct crossover_points p = crossover_points(&power_of_two);
    *v = (struct fixture_values){p.smooth, 65536, p.for_good, 1e-6};
    return ST_OK;
}

/* What a search that gives up at its limit says when nothing crosses. */
static const double nothing_found = 0;

static enum status none_for_good(struct fixture_values *v) {
    *v = (struct fixture_values){crossover_points(&none).for_good, NAN, nothing_found, 0};
    return ST_OK;
}

static enum status none_first(struct fixture_values *v) {
    *v = (struct fixture_values){crossover_points(&none).first, NAN, 2, 0};
    return ST_OK;
}

static enum status none_smooth(struct fixture_values *v) {
    *v = (struct fixture_values){crossover_points(&none).smooth, NAN, nothing_found, 0};
    return ST_OK;
}

const struct fixture crossover_fixtures[] = {
    {"full-counted-twice", {"full_ops"}, "a multiply-add counted as two operations", full},
    {"quest-whole-pages",
     {"quest_ops"},
     "pages rounded down: the last, partial one is free",
     quest_ceil},
    {"quest-two-bounds",
     {"quest_ops"},
     "one bound per page instead of minimum and maximum",
     quest_two_bounds},
    {"hnsw-log2", {"hnsw_ops"}, "natural logarithm", hnsw_log2},
    {"hnsw-not-rounded",
     {"hnsw_ops"},
     "layers rounded down before they are multiplied",
     hnsw_not_layers},
    {"ratio-upside-down", {"quest_over_hnsw_ratio"}, "graph over Quest", ratio},
    {"crossover-first-touch",
     {"crossover_n"},
     "the first touch taken for the last crossing",
     last_crossing},
    {"crossover-of-fractions", {"crossover_n"}, "pages not rounded", whole_pages},
    {"crossover-none", {"crossover_n"}, "0 where nothing crosses", none_for_good},
    {"first-touch-at-one", {"crossover_first_n"}, "N = 1 taken for a crossing", first_touch},
    {"first-touch-none",
     {"crossover_first_n"},
     "the start of the search where nothing crosses",
     none_first},
    {"smooth-whole-pages", {"crossover_smooth_n"}, "pages rounded", smooth},
    {"smooth-none", {"crossover_smooth_n"}, "0 where nothing crosses", none_smooth},
    {"evaluations-all-levels",
     {"evaluations"},
     "evaluations on level 0 alone",
     crossover_evaluations_of_level_0},
    {"evaluations-model-log2",
     {"evaluations_model"},
     "natural logarithm",
     crossover_model_natural_log},
    {"hops-not-evaluations", {"hops"}, "evaluations", crossover_hops_as_evaluations},
    {"macs-two-bounds",
     {"macs"},
     "one bound per page instead of minimum and maximum",
     crossover_macs_of_one_bound},
    {"bytes-of-values",
     {"bytes_touched"},
     "values of the chosen rows left out",
     crossover_bytes_without_values},
    {"bytes-of-format",
     {"bytes_touched"},
     "narrower keys counted as float32",
     crossover_bytes_as_float32},
    {"bytes-of-scales",
     {"bytes_touched"},
     "scales of 8-bit keys left out",
     crossover_bytes_without_scales},
    {"counted-two-bounds",
     {"crossover_n"},
     "one bound per page instead of minimum and maximum",
     crossover_counted_one_bound},
    {"crossing-log-log",
     {"crossover_n", "crossover_lo", "crossover_hi", "crossover_timed_n"},
     "straight line over N instead of ln N",
     crossover_log_log},
    {"crossing-last",
     {"crossover_n", "crossover_lo", "crossover_hi", "crossover_timed_n"},
     "the first change taken for the last",
     crossover_first_change},
    {"crossing-none",
     {"crossover_n", "crossover_lo", "crossover_hi", "crossover_timed_n"},
     "the largest N measured where nothing crosses",
     crossover_end_of_range},
    {"crossing-left-out",
     {"crossover_n", "crossover_lo", "crossover_hi", "crossover_timed_n"},
     "an N without a setting of enough quality taken for a crossing",
     crossover_left_out},
    {"model-of-scores",
     {"crossover_model_n"},
     "Quest's pages where all scores are meant",
     crossover_model_of_scores},
    {"recall-by-id",
     {"recall_at_k"},
     "ids compared, so that of two equal keys one is wrong",
     crossover_recall_by_id},
    {"recall-of-nothing", {"recall_at_k"}, "0 of no key", crossover_recall_of_nothing},
    {"mass-of-chosen",
     {"mass_share"},
     "softmax over the chosen keys alone",
     crossover_mass_of_chosen},
    {"mass-not-recall", {"mass_share"}, "recall", crossover_mass_as_recall},
    {"cosine-normalised", {"output_cosine"}, "inner product", crossover_cosine_not_normalised},
    {"cosine-of-zero", {"output_cosine"}, "0 for an output of zero", crossover_cosine_of_zero},
    {"time-of-a-step",
     {"time_us_p50"},
     "time of a sample of several steps",
     crossover_us_of_sample},
    {"time-p95-rank", {"time_us_p95"}, "between the two ranks", crossover_p95_interpolated},
    {"stage-median",
     {"estimate_us", "topk_us", "gather_us", "attend_us"},
     "mean",
     crossover_stage_mean},
    {"stage-none",
     {"estimate_us", "topk_us", "gather_us", "attend_us"},
     "0 for a stage that an arm has not",
     crossover_stage_zero},
    {"build-all",
     {"build_s"},
     "the vectors whose insertion is timed left out, or all graphs but one",
     crossover_build_last_only},
    {"insert-last", {"insert_us"}, "over all vectors", crossover_insert_of_all},
    {"repaid-by-savings",
     {"break_even_steps", "break_even_full_steps"},
     "build over the other's time, as if the graph's steps were free",
     crossover_break_even_of_time},
    {"repaid-never",
     {"break_even_steps", "break_even_full_steps"},
     "a negative number where nothing is saved",
     crossover_break_even_never},
    {"bandwidth-of-bytes",
     {"bandwidth_share"},
     "ratio of times whatever was read",
     crossover_share_of_time},
    {"ratio-of-hnswlib", {"time_ratio"}, "flat over hnswlib", crossover_ratio_upside_down},
    {"cheapest-of-quality",
     {"cheapest"},
     "the fastest of all, whatever it keeps",
     crossover_cheapest_of_all},
    {"cheapest-of-both",
     {"cheapest"},
     "mass alone, or what is not known taken for enough",
     crossover_cheapest_of_one},
    {.name = NULL},
};
