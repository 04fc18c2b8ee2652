/* cells -> tree, and tree -> cells. */
#include "cells_tree.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "cells_layout.h"
#include "../base/escape.h"

enum { ORDER_TEXT = CELL_PARAMS * CELL_NAME };

/* Attributes of a cell in `outputs` and in `measurements` that are no metrics. */
static bool is_judgement(const char *name) {
    return strcmp(name, "oracle") == 0 || strcmp(name, "reason") == 0 ||
           strcmp(name, "output_digest") == 0;
}

static bool is_measure(const char *name) { return strcmp(name, "sample_units") == 0; }

static enum status no_memory(void) {
    return status_set(ST_SYSTEM, "no memory for the record's cells");
}

/* --- cells -> tree -------------------------------------------------------------------------- */

static bool set_param(struct tree *params, const struct param *p) {
    switch (p->kind) {
    case PARAM_INTEGER:
        return tree_set_i64(params, p->name, p->integer);
    case PARAM_REAL:
        return tree_set_f64(params, p->name, p->real);
    case PARAM_TEXT:
        break;
    }
    return tree_set_string(params, p->name, p->text);
}

/* Parameter names in their order, a blank between two. */
static void param_order(const struct cell *c, char order[ORDER_TEXT]) {
    order[0] = '\0';
    for (size_t i = 0, used = 0; i < c->param_count; i++) {
        size_t length = strlen(c->params[i].name);
        if (i > 0)
            order[used++] = ' ';
        memcpy(order + used, c->params[i].name, length + 1);
        used += length;
    }
}

static enum status put_plan(const struct cell *c, size_t position, struct tree *plan_cells) {
    for (size_t i = 0; i < c->param_count; i++) {
        if (!tree_name_is_safe(c->params[i].name))
            return status_set(ST_INPUT, "cell %s: parameter name '%s' is not [a-z0-9._-]{1,64}",
                              c->id, c->params[i].name);
        if (c->params[i].kind == PARAM_REAL && isnan(c->params[i].real))
            return status_set(ST_INPUT, "cell %s: parameter %s is NaN", c->id, c->params[i].name);
    }
    if (tree_find(plan_cells, c->id) != NULL)
        return status_set(ST_INPUT, "cell %s: two cells have the same arm, kernel and parameters",
                          c->id);
    char order[ORDER_TEXT];
    param_order(c, order);
    struct tree *t = tree_group(plan_cells, c->id);
    struct tree *params = tree_group(t, "params");
    bool ok = params != NULL && tree_set_string(t, "experiment", c->experiment) &&
              tree_set_string(t, "arm", c->arm) && tree_set_string(t, "kernel", c->kernel) &&
              tree_set_string(t, "backend", c->backend) &&
              tree_set_i64(t, "position", (int64_t)position) &&
              tree_set_string(t, "param_order", order);
    for (size_t i = 0; ok && i < c->param_count; i++)
        ok = set_param(params, &c->params[i]);
    return ok ? ST_OK : no_memory();
}

/* Declares the units of the cell's metrics. */
static enum status put_units(const struct cell *c, struct tree *plan_metrics) {
    struct tree *units = tree_group(plan_metrics, c->experiment);
    if (units == NULL)
        return no_memory();
    for (size_t i = 0; i < c->metric_count; i++) {
        const struct metric *m = &c->metrics[i];
        if (!tree_name_is_safe(m->name) || is_judgement(m->name) || is_measure(m->name))
            return status_set(ST_INPUT, "cell %s: '%s' cannot name a metric", c->id, m->name);
        const char *known = tree_get_string(units, m->name);
        if (known != NULL && strcmp(known, m->unit) != 0)
            return status_set(ST_INPUT, "cell %s: metric %s has unit '%s' here and '%s' elsewhere",
                              c->id, m->name, m->unit, known);
        if (!tree_set_string(units, m->name, m->unit))
            return no_memory();
    }
    return ST_OK;
}

static bool put_metric(struct tree *t, const struct metric *m, bool skipped) {
    const double row[4] = {m->value, (double)m->n, m->lo, m->hi};
    if (skipped || !m->has_value)
        return tree_set_null(t, m->name);
    return tree_set_f64s(t, m->name, row, m->has_interval ? 4 : 2);
}

static bool put_samples(const struct cell *c, struct tree *t) {
    if (!tree_set_f64(t, "sample_units", c->sample_units))
        return false;
    if (c->sample_count == 0 || c->verdict == VERDICT_SKIP)
        return true;
    const uint64_t dims[1] = {c->sample_count}, requests[1] = {c->latency_count};
    return tree_dataset(t, "samples", TREE_F64, 1, dims, c->samples) != NULL &&
           tree_dataset(t, "started", TREE_F64, 1, dims, c->started) != NULL &&
           (c->latency_count == 0 ||
            tree_dataset(t, "latencies", TREE_I32, 1, requests, c->latencies) != NULL);
}

static enum status check_samples(const struct cell *c) {
    if (isnan(c->sample_units))
        return status_set(ST_RECORD, "cell %s: its work units a sample are NaN", c->id);
    for (size_t i = 0; i < c->sample_count; i++) {
        if (isnan(c->samples[i]) || isnan(c->started[i]))
            return status_set(ST_RECORD, "cell %s: sample %zu is NaN", c->id, i);
    }
    return ST_OK;
}

static enum status put_results(const struct cell *c, struct tree *root) {
    enum status st = check_samples(c);
    if (st != ST_OK)
        return st;
    struct tree *output = tree_group(tree_find(root, "outputs/cells"), c->id);
    struct tree *measured = tree_group(tree_find(root, "measurements/cells"), c->id);
    bool ok = output != NULL && measured != NULL &&
              tree_set_string(output, "oracle", verdict_name(c->verdict)) &&
              tree_set_string(output, "reason", c->reason) &&
              tree_set_string(output, "output_digest", c->output_digest) &&
              put_samples(c, measured);
    for (size_t i = 0; ok && i < c->metric_count; i++)
        ok = put_metric(c->metrics[i].output ? output : measured, &c->metrics[i],
                        c->verdict == VERDICT_SKIP);
    return ok ? ST_OK : no_memory();
}

enum status cells_to_tree(const struct cell *cells, size_t n, struct tree *root) {
    struct tree *plan = tree_group(root, "plan");
    struct tree *plan_cells = tree_group(plan, "cells");
    struct tree *plan_metrics = tree_group(plan, "metrics");
    if (plan_cells == NULL || plan_metrics == NULL ||
        tree_group(tree_group(root, "outputs"), "cells") == NULL ||
        tree_group(tree_group(root, "measurements"), "cells") == NULL)
        return no_memory();
    for (size_t i = 0; i < n; i++) {
        const struct cell *c = &cells[i];
        if (!tree_name_is_safe(c->id) || !tree_name_is_safe(c->experiment))
            return status_set(ST_INPUT, "cell '%s' of experiment '%s': not [a-z0-9._-]{1,64}",
                              c->id, c->experiment);
        enum status st = put_plan(c, i, plan_cells);
        if (st == ST_OK)
            st = put_units(c, plan_metrics);
        if (st == ST_OK)
            st = put_results(c, root);
        if (st != ST_OK)
            return st;
    }
    return ST_OK;
}

/* --- tree -> cells -------------------------------------------------------------------------- */

static enum status bad_cell(const char *id, const char *what, const char *name) {
    char shown[ESCAPE_LINE / 2];
    escape_text(name, shown, sizeof shown);
    return status_set(ST_RECORD, "cell %s: %s %s", id, what, shown);
}

/* Copies a string attribute; false when it is absent or longer than the field. */
static bool get_text(const struct tree *t, const char *name, char *out, size_t size) {
    const char *text = tree_get_string(t, name);
    if (text == NULL || strlen(text) >= size)
        return false;
    memcpy(out, text, strlen(text) + 1);
    return true;
}

static bool get_param(const struct tree *params, const char *name, struct cell *c) {
    const struct tree_value *v = tree_get(params, name);
    if (v == NULL || v->rank != 0 || cell_param(c, name) != NULL)
        return false;
    if (strlen(name) >= CELL_NAME)
        return false;
    switch (v->type) {
    case TREE_I64:
        cell_param_integer(c, name, tree_get_i64(params, name, 0));
        return true;
    case TREE_F64:
        cell_param_real(c, name, tree_get_f64(params, name, 0));
        return !isnan(tree_get_f64(params, name, 0));
    case TREE_STRING:
        break;
    default:
        return false;
    }
    if (v->bytes >= CELL_NAME)
        return false;
    cell_param_text(c, name, v->data);
    return true;
}

/* Parameters in the order that param_order gives; it must name each of them once. */
static enum status get_params(const struct tree *t, struct cell *c) {
    char order[ORDER_TEXT];
    const struct tree *params = tree_find(t, "params");
    if (params == NULL || !get_text(t, "param_order", order, sizeof order) ||
        params->attribute_count > CELL_PARAMS)
        return bad_cell(t->name, "missing or oversized", "params");
    char *rest = NULL;
    for (char *name = strtok_r(order, " ", &rest); name != NULL;
         name = strtok_r(NULL, " ", &rest)) {
        if (!get_param(params, name, c))
            return bad_cell(t->name, "missing, repeated or malformed parameter", name);
    }
    if (c->param_count != params->attribute_count)
        return bad_cell(t->name, "parameters outside", "param_order");
    return ST_OK;
}

static enum status get_plan(const struct tree *t, struct cell *c) {
    const struct {
        const char *name;
        char *out;
    } fields[] = {{"experiment", c->experiment},
                  {"arm", c->arm},
                  {"kernel", c->kernel},
                  {"backend", c->backend}};
    if (strlen(t->name) >= sizeof c->id)
        return bad_cell(t->name, "its name is longer than an", "id");
    memcpy(c->id, t->name, strlen(t->name) + 1);
    for (size_t i = 0; i < sizeof fields / sizeof fields[0]; i++) {
        if (!get_text(t, fields[i].name, fields[i].out, CELL_NAME))
            return bad_cell(t->name, "missing or malformed", fields[i].name);
    }
    return get_params(t, c);
}

static bool get_verdict(const struct tree *t, struct cell *c) {
    const char *name = tree_get_string(t, "oracle");
    for (enum verdict v = VERDICT_PASS; name != NULL && v <= VERDICT_SKIP; v++) {
        if (strcmp(name, verdict_name(v)) != 0)
            continue;
        c->verdict = v;
        return true;
    }
    return false;
}

/* {value, n} or {value, n, lo, hi}, finite, n a whole number; or no value. */
static bool get_metric_value(const struct tree_value *v, struct metric *m) {
    if (v->type != TREE_F64)
        return false;
    if (v->rank == -1)
        return true;
    if (v->rank != 1 || (v->dims[0] != 2 && v->dims[0] != 4))
        return false;
    double row[4] = {0};
    memcpy(row, v->data, v->bytes);
    for (int i = 0; i < 4; i++) {
        if (!isfinite(row[i]))
            return false;
    }
    const double exact = 9007199254740992.0; /* 2^53 */
    if (row[1] < 0 || row[1] > exact || row[1] != floor(row[1]))
        return false;
    m->has_value = true;
    m->value = row[0];
    m->n = (uint64_t)row[1];
    m->has_interval = v->dims[0] == 4;
    m->lo = row[2];
    m->hi = row[3];
    return true;
}

/* Metrics among the attributes of a result group. */
static enum status get_metrics(const struct tree *t, const struct tree *units, bool output,
                               struct cell *c) {
    for (size_t i = 0; i < t->attribute_count; i++) {
        const struct tree_attribute *a = &t->attributes[i];
        if (output ? is_judgement(a->name) : is_measure(a->name))
            continue;
        if (c->metric_count == CELL_METRICS || cell_metric_find(c, a->name) != NULL)
            return bad_cell(c->id, "too many metrics, or repeated:", a->name);
        struct metric *m = &c->metrics[c->metric_count];
        *m = (struct metric){.output = output};
        if (strlen(a->name) >= sizeof m->name || !get_metric_value(&a->value, m) ||
            !get_text(units, a->name, m->unit, sizeof m->unit))
            return bad_cell(c->id, "malformed metric", a->name);
        memcpy(m->name, a->name, strlen(a->name) + 1);
        c->metric_count++;
    }
    return ST_OK;
}

static int by_metric_name(const void *a, const void *b) {
    return strcmp(((const struct metric *)a)->name, ((const struct metric *)b)->name);
}

/* A dataset of f64 of rank 1; false when it is something else. */
static bool is_series(const struct tree *t) {
    return t != NULL && !t->is_group && t->value.type == TREE_F64 && t->value.rank == 1;
}

static enum status get_samples(const struct tree *t, struct cell *c) {
    const struct tree *samples = tree_find(t, "samples"), *started = tree_find(t, "started");
    c->sample_units = tree_get_f64(t, "sample_units", NAN);
    if (isnan(c->sample_units))
        return bad_cell(c->id, "missing or malformed", "sample_units");
    if (samples == NULL && started == NULL)
        return ST_OK;
    if (!is_series(samples) || !is_series(started) || samples->value.bytes != started->value.bytes)
        return bad_cell(c->id, "malformed", "samples");
    const char *a = samples->value.data, *b = started->value.data;
    for (size_t i = 0; i < samples->value.bytes / sizeof(double); i++) {
        double seconds, start;
        memcpy(&seconds, a + i * sizeof seconds, sizeof seconds);
        memcpy(&start, b + i * sizeof start, sizeof start);
        if (!cell_sample(c, seconds, start))
            return no_memory();
    }
    return ST_OK;
}

/* They stand beside samples, of which they are the parts. */
static enum status get_latencies(const struct tree *t, struct cell *c) {
    const struct tree *latencies = tree_find(t, "latencies");
    if (latencies == NULL)
        return ST_OK;
    const struct tree_value *v = &latencies->value;
    if (latencies->is_group || v->type != TREE_I32 || v->rank != 1 || c->sample_count == 0)
        return bad_cell(c->id, "malformed", "latencies");
    c->latencies = malloc(v->bytes + 1);
    if (c->latencies == NULL)
        return no_memory();
    memcpy(c->latencies, v->data, v->bytes);
    c->latency_count = v->bytes / sizeof *c->latencies;
    for (size_t i = 0; i < c->latency_count; i++) {
        if (c->latencies[i] < 0)
            return bad_cell(c->id, "a request took less than nothing:", "latencies");
    }
    return ST_OK;
}

static enum status get_results(const struct tree *root, struct cell *c) {
    const struct tree *output = tree_find(tree_find(root, "outputs/cells"), c->id);
    const struct tree *measured = tree_find(tree_find(root, "measurements/cells"), c->id);
    const struct tree *units = tree_find(tree_find(root, "plan/metrics"), c->experiment);
    if (output == NULL || measured == NULL || units == NULL)
        return bad_cell(c->id, "no", "outputs, measurements or units");
    if (!get_verdict(output, c))
        return bad_cell(c->id, "missing or malformed", "oracle");
    if (!get_text(output, "reason", c->reason, sizeof c->reason))
        return bad_cell(c->id, "missing or malformed", "reason");
    if (!get_text(output, "output_digest", c->output_digest, sizeof c->output_digest))
        return bad_cell(c->id, "missing or malformed", "output_digest");
    enum status st = get_metrics(output, units, true, c);
    if (st == ST_OK)
        st = get_metrics(measured, units, false, c);
    qsort(c->metrics, c->metric_count, sizeof c->metrics[0], by_metric_name);
    if (st == ST_OK)
        st = get_samples(measured, c);
    return st == ST_OK ? get_latencies(measured, c) : st;
}

/* Place of a cell in the run; each of 0..n-1 must be taken once. */
static struct cell *claim_place(const struct tree *t, struct cell *cells, size_t n) {
    int64_t position = tree_get_i64(t, "position", -1);
    if (position < 0 || (uint64_t)position >= n || cells[position].id[0] != '\0')
        return NULL;
    return &cells[position];
}

enum status cells_from_tree(const struct tree *root, struct cell **cells, size_t *n) {
    *cells = NULL;
    *n = 0;
    enum status st = cells_layout_check(root);
    if (st != ST_OK)
        return st;
    const struct tree *plan = tree_find(root, "plan/cells");
    struct cell *all = calloc(plan->child_count + 1, sizeof *all);
    if (all == NULL)
        return no_memory();
    for (size_t i = 0; st == ST_OK && i < plan->child_count; i++) {
        const struct tree *t = plan->children[i];
        struct cell *c = claim_place(t, all, plan->child_count);
        st = c == NULL ? bad_cell(t->name, "missing or repeated", "position") : get_plan(t, c);
        if (st == ST_OK)
            st = get_results(root, c);
    }
    if (st != ST_OK) {
        cells_free(all, plan->child_count);
        return st;
    }
    *cells = all;
    *n = plan->child_count;
    return ST_OK;
}

void cells_free(struct cell *cells, size_t n) {
    for (size_t i = 0; cells != NULL && i < n; i++)
        cell_free(&cells[i]);
    free(cells);
}
