#include "tiers_measured.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "tiers.h"

/* --- which cell ------------------------------------------------------------------------------- */

struct cells {
    const struct cell *const *list;
    size_t count;
};

static const char *config_of(const struct cell *model) {
    const char *config = cell_string(model, "config");
    return config[0] != '\0' ? config : "baseline";
}

/* A warm request of a tier, of what was kept where it is tier 3. */
static const struct cell *tier_cell(struct cells all, const char *arm, const char *config,
                                    int64_t tier) {
    for (size_t i = 0; i < all.count; i++) {
        const struct cell *c = all.list[i];
        if (strcmp(c->arm, arm) == 0 && strcmp(cell_string(c, "config"), config) == 0 &&
            cell_integer(c, "tier", -1) == tier && strcmp(cell_string(c, "weights"), "warm") == 0 &&
            cell_param(c, "behind") == NULL && strcmp(cell_string(c, "kept"), "miss") != 0) {
            return c; /* the widest kernel's stands first */
        }
    }
    return NULL;
}

/* A workload's closed loop in exact shares. */
static const struct cell *mix_cell(struct cells all, const char *config, const char *workload) {
    for (size_t i = 0; i < all.count; i++) {
        const struct cell *c = all.list[i];
        if (strcmp(c->arm, "closed") == 0 && strcmp(cell_string(c, "config"), config) == 0 &&
            strcmp(cell_string(c, "workload"), workload) == 0 &&
            strcmp(cell_string(c, "order"), "exact") == 0) {
            return c;
        }
    }
    return NULL;
}

/* --- how a quantity follows from its metrics -------------------------------------------------- */

/* NULL cells give NaN. */
static double less(const struct cell *c, const struct cell *all, const char *metric) {
    return 100 * (1 - cell_value(c, metric) / cell_value(all, metric));
}

static double kv_bytes(const struct cell *c) {
    return cell_value(c, "kv_read_bytes") + cell_value(c, "kv_written_bytes");
}

/* Of one tier. */
static double of_tier(const char *quantity, const struct cell *c, const struct cell *all) {
    const double us = cell_value(c, "latency_p50_us");
    if (strcmp(quantity, "latency of tier 0's") == 0) {
        return 100 * cell_value(c, "latency_ratio");
    } else if (strcmp(quantity, "latency") == 0) {
        return us;
    } else if (strcmp(quantity, "calls a second") == 0) {
        return 1e6 / us;
    } else if (strcmp(quantity, "speed-up") == 0) {
        return 1 / cell_value(c, "latency_ratio");
    } else if (strcmp(quantity, "bytes a call") == 0) {
        return cell_value(c, "bytes");
    } else if (strcmp(quantity, "memory bandwidth") == 0) {
        return cell_value(c, "bytes") / us;
    } else if (strcmp(quantity, "energy a call") == 0) {
        return cell_value(c, "energy_mj");
    } else if (strcmp(quantity, "average power") == 0) {
        return 1e3 * cell_value(c, "energy_mj") / us;
    } else if (strcmp(quantity, "fewer writes") == 0) {
        return less(c, all, "kv_written_bytes");
    } else if (strcmp(quantity, "fewer reads") == 0) {
        return less(c, all, "kv_read_bytes");
    } else if (strcmp(quantity, "less traffic") == 0) {
        return 100 * (1 - kv_bytes(c) / kv_bytes(all));
    } else if (strcmp(quantity, "traffic left") == 0) {
        return 100 * kv_bytes(c) / kv_bytes(all);
    }
    return NAN;
}

/* Of a workload, beside tier 0 alone. */
static double of_workload(const char *quantity, const char *unit, const struct cell *c) {
    const double speedup = cell_value(c, "speedup_mean"), p99 = cell_value(c, "speedup_p99");
    if (strcmp(quantity, "speed-up") == 0 || strcmp(quantity, "expected speed-up") == 0) {
        return speedup;
    } else if (strcmp(quantity, "mean latency") == 0) {
        return strcmp(unit, "us") == 0 ? cell_value(c, "latency_mean_us") : 1 / speedup;
    } else if (strcmp(quantity, "p50 latency") == 0) {
        return cell_value(c, "latency_p50_us");
    } else if (strcmp(quantity, "p99 latency") == 0) {
        return cell_value(c, "latency_p99_us");
    } else if (strcmp(quantity, "calls a second") == 0) {
        return 1e6 / cell_value(c, "latency_mean_us");
    } else if (strcmp(quantity, "p99") == 0) {
        return 1 / p99;
    } else if (strcmp(quantity, "p99 of the worst case") == 0) {
        return 100 / p99;
    } else if (strcmp(quantity, "p99 reduction") == 0) {
        return 100 * (1 - 1 / p99);
    } else if (strcmp(quantity, "less traffic") == 0 ||
               strcmp(quantity, "less traffic, summary") == 0) {
        return 100 * cell_value(c, "kv_saved_share");
    }
    return NAN;
}

/* --- a number --------------------------------------------------------------------------------- */

double tiers_measured_among(const struct cell *const *cells, size_t n, const struct cell *model) {
    const struct cells all = {cells, n};
    const char *quantity = cell_string(model, "quantity"), *config = config_of(model);
    const char *workload = cell_string(model, "workload");
    const int64_t tier = cell_integer(model, "tier", -1);
    if (tier >= 0 && workload[0] == '\0') {
        return of_tier(quantity, tier_cell(all, "tier", config, tier),
                       tier_cell(all, "tier", config, 0));
    }
    if (tier < 0 && workload[0] != '\0') {
        return of_workload(quantity, cell_string(model, "unit"), mix_cell(all, config, workload));
    }
    if (strcmp(quantity, "speed-up of a tier") == 0) {
        return cell_value(tier_cell(all, "dense", config, 0), "tier_latency_ratio");
    }
    return NAN;
}

static size_t count_cells(const struct run *run) {
    size_t n = 0;
    const struct group *g;
    for (size_t i = 0; (g = run_planned_group(run, i)) != NULL; i++) {
        n += g->cell_count;
    }
    return n;
}

double tiers_measured(const struct run *run, const struct cell *model) {
    const struct cell **all = malloc((count_cells(run) + 1) * sizeof *all);
    const struct group *g;
    size_t n = 0;
    if (all == NULL) {
        return NAN;
    }
    for (size_t i = 0; (g = run_planned_group(run, i)) != NULL; i++) {
        for (size_t j = 0; j < g->cell_count; j++) {
            if (strcmp(g->cells[j].experiment, model->experiment) == 0) {
                all[n++] = &g->cells[j];
            }
        }
    }
    const double value = tiers_measured_among(all, n, model);
    free(all);
    return value;
}
