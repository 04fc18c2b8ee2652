/* What S004 prints: the constants of its model, and every number that it derives from them. */
#ifndef ATTEST_SUITES_TIERS_TIERS_PRINTED_H
#define ATTEST_SUITES_TIERS_TIERS_PRINTED_H

#include "tiers_formula.h"

/* --- constants -------------------------------------------------------------------------------- */

extern const double tiers_latency_share[TIERS], tiers_p99_share[TIERS]; /* of tier 0 */

struct tiers_mix {
    const char *workload;
    int32_t percent[TIERS];
};

enum { TIERS_MIXES = 4 };
extern const struct tiers_mix tiers_mixes[TIERS_MIXES];

/* S004's results of a configuration; NaN: it has no such column. */
struct tiers_results {
    const char *config;
    double latency_us[TIERS], bandwidth_mb_s[TIERS], energy_mj[TIERS];
    double mean_us; /* of the mixed workload */
};

enum { TIERS_RESULTS = 2 };
extern const struct tiers_results tiers_results[TIERS_RESULTS];

const struct tiers_mix *tiers_mix_find(const char *workload);       /* NULL: none of that name */
const struct tiers_results *tiers_results_find(const char *config); /* NULL: none of that name */

/* --- rows ------------------------------------------------------------------------------------- */

struct tiers_row;

/* How a number follows from the constants. */
struct tiers_law {
    const char *quantity, *by, *unit;
    double (*computed)(const struct tiers_row *r); /* NULL: it does not follow */
    double (*oracle)(const struct tiers_row *r);
};

enum { TIERS_NO_TIER = -1 };

/* One number that S004 prints, or one that belongs beside it. */
struct tiers_row {
    const char *table;
    const char *workload, *config, *attention; /* NULL: none */
    int32_t tier;                              /* TIERS_NO_TIER: none */
    int32_t context, window;                   /* 0: none */
    const struct tiers_law *law;
    struct tiers_printed printed;
};

/* By table, each ends with table == NULL. */
extern const struct tiers_row tiers_workload_rows[], tiers_percentile_rows[], tiers_constant_rows[],
    tiers_result_rows[], tiers_mixed_rows[], tiers_traffic_rows[], tiers_attention_rows[];
enum { TIERS_ROW_LISTS = 7 };
extern const struct tiers_row *const tiers_row_lists[TIERS_ROW_LISTS];

#endif
