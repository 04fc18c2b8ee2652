#include "experiment.h"

#include <math.h>
#include <string.h>

const struct metric_info *experiment_metric(const struct experiment *e, const char *name) {
    for (const struct metric_info *m = e->metrics; m != NULL && m->name != NULL; m++) {
        if (strcmp(m->name, name) == 0) {
            return m;
        }
    }
    return NULL;
}

static enum status check_declared(const struct experiment *e, const struct metric *m) {
    const struct metric_info *info = experiment_metric(e, m->name);
    if (info == NULL) {
        return status_set(ST_SYSTEM, "experiment %s does not declare its metric %s", e->name,
                          m->name);
    }
    if (strcmp(info->unit, m->unit) != 0 || info->output != m->output) {
        return status_set(ST_SYSTEM,
                          "experiment %s declares its metric %s as %s in '%s', not as %s in '%s'",
                          e->name, m->name, info->output ? "output" : "measured", info->unit,
                          m->output ? "output" : "measured", m->unit);
    }
    return ST_OK;
}

enum status experiment_complete_metrics(const struct experiment *e, struct cell *c) {
    for (size_t i = 0; i < c->metric_count; i++) {
        enum status st = check_declared(e, &c->metrics[i]);
        if (st != ST_OK) {
            return st;
        }
    }
    for (const struct metric_info *m = e->metrics; m != NULL && m->name != NULL; m++) {
        if (cell_metric_find(c, m->name) != NULL) {
            continue;
        }
        if (c->metric_count == CELL_METRICS) {
            return status_set(ST_SYSTEM, "experiment %s declares more than %d metrics", e->name,
                              CELL_METRICS);
        }
        cell_metric(c, m->name, m->unit, m->output, NAN, 0);
    }
    return ST_OK;
}
