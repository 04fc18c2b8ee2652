#include "crossover_metrics_fixtures.h"

#include <math.h>

#include "crossover_metrics.h"
#include "crossover_model.h"

/* --- counts ----------------------------------------------------------------------------------- */

/* A search of 5 evaluations, 3 of them on level 0, and 2 hops; then 4 rows of 2 dimensions. */
static const struct crossover_work searched = {.graph_evaluations = 5,
                                               .graph_hops = 2,
                                               .graph_bytes = 100,
                                               .attended = 4,
                                               .d = 2,
                                               .d_search = 3};

/* Three pages of two dimensions, two rows attended to. */
static const struct crossover_work paged = {.pages = 3, .attended = 2, .d = 2, .d_search = 3};

enum status crossover_evaluations_of_level_0(struct fixture_values *v) {
    const double lowest = 3;
    *v = (struct fixture_values){crossover_evaluations(&searched), 5, lowest, 0};
    return ST_OK;
}

enum status crossover_macs_of_one_bound(struct fixture_values *v) {
    *v = (struct fixture_values){crossover_macs(&paged), 3 * 4 + 2 * 4, 3 * 2 + 2 * 4, 0};
    return ST_OK;
}

enum status crossover_bytes_without_values(struct fixture_values *v) {
    *v = (struct fixture_values){crossover_bytes(&searched), 100 + 4 * 16, 100 + 4 * 8, 0};
    return ST_OK;
}

/* Ten keys of two dimensions scored, one row attended to. */
static struct crossover_work scored_in(enum scores_format format) {
    return (struct crossover_work){
        .scored = 10, .format = format, .attended = 1, .d = 2, .d_search = 3};
}

enum status crossover_bytes_as_float32(struct fixture_values *v) {
    const struct crossover_work w = scored_in(SCORES_F16);
    *v = (struct fixture_values){crossover_bytes(&w), 10 * 4 + 16, 10 * 8 + 16, 0};
    return ST_OK;
}

enum status crossover_bytes_without_scales(struct fixture_values *v) {
    const struct crossover_work w = scored_in(SCORES_INT8);
    *v = (struct fixture_values){crossover_bytes(&w), 10 * (2 + 4) + 16, 10 * 2 + 16, 0};
    return ST_OK;
}

enum status crossover_hops_as_evaluations(struct fixture_values *v) {
    *v = (struct fixture_values){crossover_hops(&searched), 2, crossover_evaluations(&searched), 0};
    return ST_OK;
}

enum status crossover_model_natural_log(struct fixture_values *v) {
    *v = (struct fixture_values){crossover_evaluations_model(32, 64, 1024, 1), 2048 * 10,
                                 2048 * log(1024), 0};
    return ST_OK;
}

/* 1000 evaluations of 128 dimensions are 128,000 multiply-adds; pages of 16 keys cost 256: 500 of
 * them, 8000 keys.  With one bound a page it would be 16,000. */
enum status crossover_counted_one_bound(struct fixture_values *v) {
    *v = (struct fixture_values){crossover_counted_n(1000, 16, 128, 128, 1), 8000, 16 * 1000, 0};
    return ST_OK;
}

/* --- crossings -------------------------------------------------------------------------------- */

static const double contexts[] = {1000, 4000, 16000, 64000};

/* ln(first / second) is ln 2, then -ln 2: halfway on the logarithmic axis, 2000. */
enum status crossover_log_log(struct fixture_values *v) {
    const double first[] = {2, 1}, second[] = {1, 2};
    const struct crossover_crossing x = crossover_crossing_of(contexts, first, second, 2);
    *v = (struct fixture_values){x.n, 2000, (1000 + 4000) / 2.0, 1e-9};
    return ST_OK;
}

/* Cheaper between 1000 and 4000 for a while, dearer at 16000 again, cheaper at 64000. */
enum status crossover_first_change(struct fixture_values *v) {
    const double first[] = {2, 1, 2, 1}, second[] = {1, 2, 1, 2};
    const struct crossover_crossing x = crossover_crossing_of(contexts, first, second, 4);
    *v = (struct fixture_values){x.n, 32000, 2000, 1e-8};
    return ST_OK;
}

enum status crossover_end_of_range(struct fixture_values *v) {
    const double first[] = {4, 3, 2}, second[] = {1, 1, 1};
    const struct crossover_crossing x = crossover_crossing_of(contexts, first, second, 3);
    *v = (struct fixture_values){x.n, NAN, contexts[2], 0};
    return ST_OK;
}

/* Where one side has no setting of enough quality, N is left out: 2 at 1000, 1/2 at 16000. */
enum status crossover_left_out(struct fixture_values *v) {
    const double first[] = {2, NAN, 1}, second[] = {1, 1, 2};
    const struct crossover_crossing x = crossover_crossing_of(contexts, first, second, 3);
    *v = (struct fixture_values){x.n, 4000, sqrt(1000.0 * 4000), 1e-8};
    return ST_OK;
}

/* All scores, N d, cost what pages of two keys do: 128 N = 2048 128 log2 N has its larger root
 * above N = 30,000; Quest's pages of sixteen have it at 297,937. */
enum status crossover_model_of_scores(struct fixture_values *v) {
    struct crossover_model x = {.m = 32, .ef = 64, .page = 16, .d = 128, .d_search = 128};
    const double quest = crossover_points(&x).for_good;
    x.page = 2;
    const double n = crossover_points(&x).for_good;
    *v = (struct fixture_values){n, 2048 * log2(n), quest, 2};
    return ST_OK;
}

/* --- times ------------------------------------------------------------------------------------ */

enum status crossover_us_of_sample(struct fixture_values *v) {
    const double seconds[] = {4e-6, 8e-6, 40e-6};
    *v = (struct fixture_values){crossover_step_us(seconds, 3, 4, 0.5).value, 2, 8, 1e-12};
    return ST_OK;
}

/* Nearest rank of 20 samples: the 19th. */
enum status crossover_p95_interpolated(struct fixture_values *v) {
    double seconds[20];
    for (int i = 0; i < 20; i++) {
        seconds[i] = (i + 1) * 1e-6;
    }
    const double between = 19 + 0.05;
    *v = (struct fixture_values){crossover_step_us(seconds, 20, 1, 0.95).value, 19, between, 1e-12};
    return ST_OK;
}

enum status crossover_stage_mean(struct fixture_values *v) {
    const double seconds[] = {1e-6, 2e-6, 30e-6};
    *v = (struct fixture_values){crossover_stage_us(seconds, 3), 2, 11, 1e-12};
    return ST_OK;
}

enum status crossover_stage_zero(struct fixture_values *v) {
    const double none[] = {NAN, NAN};
    *v = (struct fixture_values){crossover_stage_us(none, 2), NAN, 0, 0};
    return ST_OK;
}

/* 1000 vectors, the last 10 of them in a millisecond. */
enum status crossover_insert_of_all(struct fixture_values *v) {
    *v = (struct fixture_values){crossover_insert_us(1e-3, 10), 100, 1e-3 * 1e6 / 1000, 1e-12};
    return ST_OK;
}

/* 2 s for the first vectors and 0.5 s for the last, in each of 2 graphs. */
enum status crossover_build_last_only(struct fixture_values *v) {
    *v =
        (struct fixture_values){crossover_build_s(crossover_build_s(0, 2, 0.5), 2, 0.5), 5, 2.5, 0};
    return ST_OK;
}

/* --- comparisons ------------------------------------------------------------------------------ */

/* 3 s repaid by 10 - 4 us a step. */
enum status crossover_break_even_of_time(struct fixture_values *v) {
    *v = (struct fixture_values){crossover_break_even(3, 4, 10), 500000, 3e6 / 10, 0};
    return ST_OK;
}

enum status crossover_break_even_never(struct fixture_values *v) {
    *v = (struct fixture_values){crossover_break_even(3, 10, 4), NAN, 3e6 / (4.0 - 10), 0};
    return ST_OK;
}

/* Twice the bytes in four times the time: half of the bandwidth. */
enum status crossover_share_of_time(struct fixture_values *v) {
    const double seconds[] = {4, 4}, base[] = {1, 1};
    *v = (struct fixture_values){crossover_bandwidth_share(seconds, 2, base, 1, 2).value, 0.5,
                                 1.0 / 4, 1e-12};
    return ST_OK;
}

enum status crossover_ratio_upside_down(struct fixture_values *v) {
    const double flat[] = {1, 2, 3}, other[] = {3, 4, 5};
    *v = (struct fixture_values){crossover_speed_ratio(flat, other, 3).value, 2, 0.5, 1e-12};
    return ST_OK;
}

/* The cheaper of two settings keeps too little: 1 for the other. */
enum status crossover_cheapest_of_all(struct fixture_values *v) {
    const double us[] = {5, 9}, mass[] = {0.94, 0.96}, cosine[] = {0.999, 0.99};
    double cost[2];
    for (size_t i = 0; i < 2; i++) {
        cost[i] = crossover_quality_holds(mass[i], cosine[i]) ? us[i] : NAN;
    }
    const size_t whatever = us[0] < us[1] ? 0 : 1;
    *v = (struct fixture_values){(double)crossover_cheapest(cost, 2), 1, (double)whatever, 0};
    return ST_OK;
}

/* Mass alone is not the quality that is asked for; nor is a cosine that is not known. */
enum status crossover_cheapest_of_one(struct fixture_values *v) {
    *v = (struct fixture_values){crossover_quality_holds(0.97, 0.98) ||
                                     crossover_quality_holds(0.97, (double)NAN),
                                 0, 0.97 >= 0.95, 0};
    return ST_OK;
}
