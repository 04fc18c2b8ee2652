/* The fixed part of a record's layout, as lists of names. */
#include "cells_layout.h"

#include <string.h>

/* Names that may stand in a node; NULL ends a list. */
struct allowed {
    const char *const *attributes; /* NULL: any, looked at by who reads them */
    const char *const *members;    /* NULL: any group */
};

static const char *const none[] = {NULL};
static const char *const parts[] = {"measurements", "outputs", "plan", NULL};
static const char *const cells_only[] = {"cells", NULL};
static const char *const plan_attributes[] = {"arm",         "backend",  "experiment", "kernel",
                                              "param_order", "position", NULL};
static const char *const plan_members[] = {"params", NULL};
static const char *const series[] = {"latencies", "samples", "started", NULL};

static const struct allowed at_root = {none, parts};
static const struct allowed in_outputs = {none, cells_only};
static const struct allowed groups_only = {NULL, NULL};
static const struct allowed in_cells = {none, NULL};
static const struct allowed in_plan_cell = {plan_attributes, plan_members};
static const struct allowed in_params = {NULL, none};
static const struct allowed in_output_cell = {NULL, none};
static const struct allowed in_measured_cell = {NULL, series};
static const struct allowed in_series = {none, none};

static bool is_listed(const char *name, const char *const *list) {
    for (; *list != NULL; list++) {
        if (strcmp(name, *list) == 0)
            return true;
    }
    return false;
}

static enum status extra(const char *what, const char *name, const char *where, const char *id) {
    return status_set(ST_RECORD, "refused: extra %s %s in %s%s%s: not written by this program",
                      what, name, where, *id != '\0' ? "/" : "", id);
}

/* One node; where and id say which. */
static enum status check(const struct tree *t, const struct allowed *a, const char *where,
                         const char *id) {
    for (size_t i = 0; a->attributes != NULL && i < t->attribute_count; i++) {
        if (!is_listed(t->attributes[i].name, a->attributes))
            return extra("attribute", t->attributes[i].name, where, id);
    }
    for (size_t i = 0; i < t->child_count; i++) {
        const struct tree *child = t->children[i];
        if (a->members != NULL && !is_listed(child->name, a->members))
            return extra(child->is_group ? "group" : "dataset", child->name, where, id);
        if (a->members == NULL && !child->is_group)
            return extra("dataset", child->name, where, id);
    }
    return ST_OK;
}

/* The cells of one part. */
static const struct tree *cells_of(const struct tree *root, const char *part) {
    const struct tree *t = tree_find(tree_find(root, part), "cells");
    return t != NULL && t->is_group ? t : NULL;
}

static enum status check_cell(const struct tree *plan, const struct tree *output,
                              const struct tree *measured) {
    const char *id = plan->name;
    enum status st = check(plan, &in_plan_cell, "plan/cells", id);
    const struct tree *params = tree_find(plan, "params");
    if (st == ST_OK && (params == NULL || !params->is_group))
        return status_set(ST_RECORD, "cell %s: no group params", id);
    if (st == ST_OK)
        st = check(params, &in_params, "params of cell", id);
    if (st == ST_OK)
        st = check(output, &in_output_cell, "outputs/cells", id);
    if (st == ST_OK)
        st = check(measured, &in_measured_cell, "measurements/cells", id);
    for (size_t i = 0; st == ST_OK && i < measured->child_count; i++)
        st = check(measured->children[i], &in_series, measured->children[i]->name, id);
    return st;
}

/* Cells are sorted by id in all three parts, so that the same ids lie at the same places. */
static enum status check_cells(const struct tree *plan, const struct tree *outputs,
                               const struct tree *measured) {
    if (outputs->child_count != plan->child_count || measured->child_count != plan->child_count)
        return status_set(ST_RECORD, "the record has %zu cells planned, %zu judged, %zu measured",
                          plan->child_count, outputs->child_count, measured->child_count);
    for (size_t i = 0; i < plan->child_count; i++) {
        const char *id = plan->children[i]->name;
        if (strcmp(outputs->children[i]->name, id) != 0)
            return status_set(ST_RECORD, "cell %s is planned where outputs have %s", id,
                              outputs->children[i]->name);
        if (strcmp(measured->children[i]->name, id) != 0)
            return status_set(ST_RECORD, "cell %s is planned where measurements have %s", id,
                              measured->children[i]->name);
        const enum status st =
            check_cell(plan->children[i], outputs->children[i], measured->children[i]);
        if (st != ST_OK)
            return st;
    }
    return ST_OK;
}

enum status cells_layout_check(const struct tree *root) {
    if (root == NULL || !root->is_group) /* a damaged journal's entry */
        return status_set(ST_RECORD, "no group that holds a record");
    const struct tree *plan = cells_of(root, "plan"), *outputs = cells_of(root, "outputs"),
                      *measured = cells_of(root, "measurements");
    enum status st = check(root, &at_root, "the root group", "");
    if (st == ST_OK && (plan == NULL || outputs == NULL || measured == NULL))
        return status_set(ST_RECORD, "the record has no cells");
    const struct {
        const struct tree *node;
        const struct allowed *allowed;
        const char *where;
    } nodes[] = {
        {tree_find(root, "outputs"), &in_outputs, "outputs"},
        {tree_find(root, "plan"), &groups_only, "plan"},
        {tree_find(root, "measurements"), &groups_only, "measurements"},
        {plan, &in_cells, "plan/cells"},
        {outputs, &in_cells, "outputs/cells"},
        {measured, &in_cells, "measurements/cells"},
    };
    for (size_t i = 0; st == ST_OK && i < sizeof nodes / sizeof nodes[0]; i++)
        st = check(nodes[i].node, nodes[i].allowed, nodes[i].where, "");
    return st == ST_OK ? check_cells(plan, outputs, measured) : st;
}
