#include "adsampling_metrics.h"

#include <string.h>

bool ads_is_bandwidth(const struct cell *c) { return strcmp(c->arm, "bandwidth") == 0; }

extern const struct experiment experiment_adsampling;
const struct experiment experiment_adsampling = {
    .name = "adsampling",
    .title = "Early-terminated distances in an exact scan",
    .source = "S001; Gao & Long, SIGMOD 2023 (arXiv:2303.09855); PDX, Kuffo et al., SIGMOD 2025",
    .settings = ads_settings,
    .metrics = ads_metrics,
    .fixtures = ads_fixtures,
    .plan = ads_plan,
    .prepare = ads_prepare,
    .check = ads_check,
    .time = ads_time,
    .summarise = ads_summarise,
    .release = ads_release,
    .tables = (const struct table *const[]){ads_tables, NULL},
    .plots = ads_plots,
};
