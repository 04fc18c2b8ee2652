/* S004's constants. */
#include "tiers_printed.h"

#include <math.h>
#include <string.h>

const double tiers_latency_share[TIERS] = {1, 0.35, 0.15, 0.01};
const double tiers_p99_share[TIERS] = {1, 0.40, 0.20, 0.02};

const struct tiers_mix tiers_mixes[TIERS_MIXES] = {
    {"streaming", {10, 20, 0, 70}},
    {"interactive", {20, 40, 0, 40}},
    {"continuous", {40, 50, 0, 10}},
    {"safety", {65, 30, 0, 5}},
};

const struct tiers_results tiers_results[TIERS_RESULTS] = {
    {"micro", {850, 320, NAN, 12}, {245, 125, NAN, 2}, {1.2, 0.5, NAN, 0.02}, 368},
    {"baseline", {3400, 1150, NAN, 18}, {980, 450, NAN, 3}, {5.1, 1.8, NAN, 0.03}, 1238},
};

const struct tiers_mix *tiers_mix_find(const char *workload) {
    for (size_t i = 0; i < TIERS_MIXES; i++) {
        if (strcmp(tiers_mixes[i].workload, workload) == 0) {
            return &tiers_mixes[i];
        }
    }
    return NULL;
}

const struct tiers_results *tiers_results_find(const char *config) {
    for (size_t i = 0; i < TIERS_RESULTS; i++) {
        if (strcmp(tiers_results[i].config, config) == 0) {
            return &tiers_results[i];
        }
    }
    return NULL;
}

const struct tiers_row *const tiers_row_lists[TIERS_ROW_LISTS] = {
    tiers_workload_rows, tiers_percentile_rows, tiers_constant_rows,  tiers_result_rows,
    tiers_mixed_rows,    tiers_traffic_rows,    tiers_attention_rows,
};
