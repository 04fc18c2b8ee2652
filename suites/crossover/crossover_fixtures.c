/* Metric fixtures: small models whose numbers a person can check, beside what is shipped instead.
 */
#include <math.h>

#include "crossover_model.h"

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
    {.name = NULL},
};
