#include "tiers.h"

#include <stdio.h>
#include <string.h>

#include "tiers_fixtures.h"

/* The model's last: it is set beside what the others measured. */
static const struct tiers_part *const parts[] = {
    &tiers_latency_part,
    &tiers_mixture_part,
    &tiers_quality_part,
    &tiers_model_part,
};

enum { PARTS = sizeof parts / sizeof parts[0] };

/* --- what parts share ------------------------------------------------------------------------- */

struct group *tiers_group(struct run *run, const char *part, const struct tiers_config *config,
                          int rounds) {
    char name[CELL_NAME];
    snprintf(name, sizeof name, "%s-%s", part, config->name);
    return run_group(run, name, rounds);
}

const struct tiers_config *tiers_cell_config(const struct cell *c) {
    return tiers_config_find(cell_string(c, "config"));
}

/* --- the experiment --------------------------------------------------------------------------- */

/* A group's own, up to the '-' in front of its configuration. */
static const struct tiers_part *part_of(const struct group *g) {
    const size_t length = strcspn(g->name, "-");
    size_t i = 0;
    while (i < PARTS - 1 &&
           !(strlen(parts[i]->name) == length && memcmp(parts[i]->name, g->name, length) == 0)) {
        i++;
    }
    return parts[i];
}

static enum status plan(struct run *run) {
    enum status st = ST_OK;
    for (size_t i = 0; i < PARTS && st == ST_OK; i++) {
        st = parts[i]->plan(run);
    }
    return st;
}

static enum status prepare(struct run *run, struct group *g) {
    const struct tiers_part *part = part_of(g);
    return part->prepare != NULL ? part->prepare(run, g) : ST_OK;
}

static enum status check(struct run *run, struct group *g, struct cell *c) {
    return part_of(g)->check(run, g, c);
}

static double time_one(struct group *g, struct cell *c, int round) {
    return part_of(g)->time(g, c, round);
}

static enum status summarise(struct run *run, struct group *g) {
    const struct tiers_part *part = part_of(g);
    return part->summarise != NULL ? part->summarise(run, g) : ST_OK;
}

static void release(struct group *g) {
    const struct tiers_part *part = part_of(g);
    if (part->release != NULL) {
        part->release(g);
    }
}

extern const struct experiment experiment_tiers;
const struct experiment experiment_tiers = {
    .name = "tiers",
    .title = "A transformer that answers some requests with less of itself, or with nothing",
    .source = "S004",
    .metrics = tiers_metrics,
    .fixtures = tiers_fixtures,
    .plan = plan,
    .prepare = prepare,
    .check = check,
    .time = time_one,
    .summarise = summarise,
    .release = release,
    .tables =
        (const struct table *const[]){tiers_tables, tiers_model_tables, tiers_quality_tables, NULL},
    .plots = tiers_plots,
};
