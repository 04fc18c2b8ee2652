/* The numbers that S004 prints as cells, each beside what its own constants give; tables of them.
 */
#include <math.h>
#include <string.h>

#include "../../harness/judge/judge.h"
#include "tiers.h"
#include "tiers_measured.h"
#include "tiers_printed.h"

/* --- plan ------------------------------------------------------------------------------------- */

static void add_text(struct cell *c, const char *name, const char *value) {
    if (value != NULL) {
        cell_param_text(c, name, value);
    }
}

/* Parameters carry the names that measured cells have, so that one can be found for the other. */
static enum status add_row(struct run *run, struct group *g, const struct tiers_row *r) {
    struct cell *c = group_cell(run, g, "model", "");
    if (c == NULL) {
        return ST_SYSTEM;
    }
    c->state = (void *)r;
    cell_param_text(c, "table", r->table);
    add_text(c, "workload", r->workload);
    add_text(c, "config", r->config);
    add_text(c, "attention", r->attention);
    if (r->tier != TIERS_NO_TIER) {
        cell_param_integer(c, "tier", r->tier);
    }
    if (r->context > 0) {
        cell_param_integer(c, "context", r->context);
    }
    if (r->window > 0) {
        cell_param_integer(c, "window", r->window);
    }
    cell_param_text(c, "quantity", r->law->quantity);
    cell_param_text(c, "by", r->law->by);
    cell_param_text(c, "unit", r->law->unit);
    if (!isnan(r->printed.value)) {
        cell_param_real(c, "printed", r->printed.value);
    }
    if (!isnan(r->printed.hi)) {
        cell_param_real(c, "printed_to", r->printed.hi);
    }
    return ST_OK;
}

static enum status plan(struct run *run) {
    struct group *g = run_group(run, "model", 0);
    enum status st = g != NULL ? ST_OK : ST_SYSTEM;
    for (size_t i = 0; i < TIERS_ROW_LISTS; i++) {
        for (const struct tiers_row *r = tiers_row_lists[i]; r->table != NULL && st == ST_OK; r++) {
            st = add_row(run, g, r);
        }
    }
    return st;
}

/* --- cells ------------------------------------------------------------------------------------ */

/* A hundred additions, each rounded, and a few more. */
static const double rounding = 128 * 0x1p-53;

static enum status check(struct run *run, struct group *g, struct cell *c) {
    const struct tiers_row *r = c->state;
    const double computed = r->law->computed != NULL ? r->law->computed(r) : NAN;
    struct judge j;
    (void)g;
    judge_begin(&j);
    if (r->law->computed != NULL) {
        const double bound = rounding * fmax(fabs(computed), 1);
        judge_near(&j, r->law->quantity, 0, computed, r->law->oracle(r), bound, bound);
    }
    cell_metric(c, "computed", "as printed", true, computed, 1);
    cell_metric(c, "computed_rounded", "as printed", true, tiers_rounded(computed, &r->printed), 1);
    cell_metric(c, "matches", "flag", true, tiers_matches(computed, &r->printed), 1);
    cell_metric(c, "measured", "as printed", false, tiers_measured(run, c), 1);
    cell_verdict(c, j.verdict, "%s", j.reason);
    judge_end(&j);
    return ST_OK;
}

const struct tiers_part tiers_model_part = {.name = "model", .plan = plan, .check = check};

/* --- tables ----------------------------------------------------------------------------------- */

static bool is_table(const struct cell *c, const char *table) {
    return strcmp(c->arm, "model") == 0 && strcmp(cell_string(c, "table"), table) == 0;
}

static bool keep_workloads(const struct cell *c) { return is_table(c, "workloads"); }

static bool keep_p99(const struct cell *c) { return is_table(c, "p99"); }

static bool keep_constants(const struct cell *c) { return is_table(c, "constants"); }

static bool keep_results(const struct cell *c) { return is_table(c, "results"); }

static bool keep_mixed(const struct cell *c) { return is_table(c, "mixed"); }

static bool keep_traffic(const struct cell *c) { return is_table(c, "traffic"); }

static bool keep_attention(const struct cell *c) { return is_table(c, "attention"); }

/* "measured" is there where the experiment found a cell that measures the quantity. */
#define COMPARISON                                                                                 \
    {"quantity", "quantity", NULL}, {"unit", "unit", NULL}, {"from", "by", NULL},                  \
        {"printed", "printed", NULL}, {"to", "printed_to", NULL},                                  \
        {"computed", "computed", "%.7g"}, {"rounded", "computed_rounded", "%.7g"},                 \
        {"matches", "matches", "%.0f"}, {                                                          \
        "measured", "measured", "%.4g"                                                             \
    }

static const struct column workload_columns[] = {
    {"workload", "workload", NULL},
    {"attention", "attention", NULL},
    {"tier", "tier", NULL},
    COMPARISON,
    {NULL, NULL, NULL},
};

static const struct column percentile_columns[] = {
    {"workload", "workload", NULL}, {"tier", "tier", NULL}, COMPARISON, {NULL, NULL, NULL}};

static const struct column tier_columns[] = {
    {"configuration", "config", NULL}, {"tier", "tier", NULL}, COMPARISON, {NULL, NULL, NULL}};

static const struct column mixed_columns[] = {
    {"configuration", "config", NULL}, COMPARISON, {NULL, NULL, NULL}};

static const struct column traffic_columns[] = {
    {"workload", "workload", NULL},
    {"configuration", "config", NULL},
    {"tier", "tier", NULL},
    {"tokens read", "context", NULL},
    COMPARISON,
    {NULL, NULL, NULL},
};

static const struct column attention_columns[] = {
    {"tokens", "context", NULL}, {"window", "window", NULL}, COMPARISON, {NULL, NULL, NULL}};

const struct table tiers_model_tables[] = {
    {
        .name = "model-workloads",
        .title = "S004's workload models beside what its constants give",
        .note =
            "Latency is a share of tier 0's: 1, 0.35 and 0.01 of tiers 0, 1 and 3. \"2x a "
            "tier\": S004's sparse attention, which halves tiers 0 and 1 whole; \"by "
            "operations\": what a window of 16 saves of a layer at 64 tokens, 256 dimensions "
            "and a feed-forward network of 4d. Matches: 1 where the computed value is "
            "the printed one at its decimals, or lies in the printed range. S004 rounds one tie "
            "up (0.2885) and one down (0.7555): a tie matches both.",
        .keep = keep_workloads,
        .columns = workload_columns,
    },
    {
        .name = "model-p99",
        .title = "S004's p99 beside the 99th percentile of its mixtures",
        .note = "S004 takes the weighted mean of the tiers' percentiles. Of a mixture of constants "
                "the 99th percentile is the 99th of 100 requests in ascending order: tier 0's "
                "latency wherever at least 1 % run tier 0.",
        .keep = keep_p99,
        .columns = percentile_columns,
    },
    {
        .name = "model-constants",
        .title = "S004's latency and p99 of tiers beside its own results",
        .note = "In percent of tier 0's. The results have no column of tier 2 and no percentiles.",
        .keep = keep_constants,
        .columns = tier_columns,
    },
    {
        .name = "model-results",
        .title = "S004's results of the micro and baseline configurations",
        .note = "Latency, bandwidth and energy are S004's measurements, of an Intel i7-12700K; "
                "what follows from them stands beside what is printed.",
        .keep = keep_results,
        .columns = tier_columns,
    },
    {
        .name = "model-mixed",
        .title = "S004's mixed workload beside its own latencies",
        .note = "Interactive: 40 % tier 3, 40 % tier 1, 20 % tier 0.",
        .keep = keep_mixed,
        .columns = mixed_columns,
    },
    {
        .name = "model-traffic",
        .title = "S004's traffic of keys and values",
        .note = "Layers: tier 1 reads 2 of 4, tier 3 none; layers x tokens: and 32 tokens instead "
                "of 64; bytes a call: bandwidth times latency of S004's results.",
        .keep = keep_traffic,
        .columns = traffic_columns,
    },
    {
        .name = "model-attention",
        .title = "S004's reductions of attention",
        .keep = keep_attention,
        .columns = attention_columns,
    },
    {.name = NULL},
};
