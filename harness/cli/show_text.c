/* A record for people. */
#include "show.h"

#include <inttypes.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "../base/escape.h"

enum { FIELD = ESCAPE_LINE, LINE_WIDTH = 96, LABEL = 12 };

/* --- header --------------------------------------------------------------------------------- */

/* Prints "label       text", text escaped; "-" for text that the record lacks. */
static void field(FILE *out, const char *label, const char *text) {
    char shown[FIELD];
    escape_text(text == NULL ? "-" : text, shown, sizeof shown);
    fprintf(out, "%-*s%s\n", (int)LABEL, label, shown);
}

/* A scalar as text; false for arrays and for what has no value. */
static bool scalar_text(const struct tree_value *v, char *out, size_t size) {
    int32_t i32;
    int64_t i64;
    uint64_t u64;
    double f64;
    if (v->rank != 0)
        return false;
    switch (v->type) {
    case TREE_STRING:
        escape_text(v->data, out, size);
        return true;
    case TREE_I32:
        memcpy(&i32, v->data, sizeof i32);
        snprintf(out, size, "%" PRId32, i32);
        return true;
    case TREE_I64:
        memcpy(&i64, v->data, sizeof i64);
        snprintf(out, size, "%" PRId64, i64);
        return true;
    case TREE_U64:
        memcpy(&u64, v->data, sizeof u64);
        snprintf(out, size, "%" PRIu64, u64);
        return true;
    case TREE_F64:
        memcpy(&f64, v->data, sizeof f64);
        snprintf(out, size, "%g", f64);
        return true;
    default:
        return false;
    }
}

/* The machine's facts, "name=value", as many on a line as fit. */
static void print_machine(FILE *out, const struct tree *environment) {
    size_t column = LABEL;
    fprintf(out, "%-*s", (int)LABEL, "machine");
    for (size_t i = 0; environment != NULL && i < environment->attribute_count; i++) {
        const struct tree_attribute *a = &environment->attributes[i];
        char value[FIELD];
        if (!scalar_text(&a->value, value, sizeof value))
            continue;
        size_t width = strlen(a->name) + 1 + escape_width(value);
        if (column > LABEL && column + width + 2 > LINE_WIDTH) {
            fprintf(out, "\n%*s", (int)LABEL, "");
            column = LABEL;
        }
        fprintf(out, "%s%s=%s", column > LABEL ? "  " : "", a->name, value);
        column += width + (column > LABEL ? 2 : 0);
    }
    fputs(column == LABEL ? "-\n" : "\n", out);
}

/* Each group's A/A control: one cell timed twice, so that a ratio away from 1 is this run's noise.
 */
static void print_controls(FILE *out, const struct tree *controls) {
    for (size_t i = 0; controls != NULL && i < controls->child_count; i++) {
        const struct tree *c = controls->children[i];
        char line[256];
        snprintf(line, sizeof line, "%s: the same arm twice, median ratio %.3f, p = %.3f", c->name,
                 tree_get_f64(c, "median_ratio", NAN), tree_get_f64(c, "mann_whitney_p", NAN));
        field(out, "control", line);
    }
}

static void print_partial(const struct shown *s, FILE *out) {
    char line[128];
    snprintf(line, sizeof line, "no: an unfinished run, %zu of %zu cells; attest run --resume",
             s->cell_count, s->planned);
    field(out, "sealed", line);
}

static void print_seal(const struct seal *s, FILE *out) {
    char line[128];
    field(out, "digest", s->content_digest);
    field(out, "plan", s->plan_digest);
    field(out, "outputs", s->outputs_digest);
    if (!s->has_signature) {
        field(out, "sealed", "yes, UNSIGNED: detects accidents, not forgery");
        return;
    }
    snprintf(line, sizeof line, "yes, SIGNED by key %s, signature NOT CHECKED: attest verify --key",
             s->key_id);
    field(out, "sealed", line);
    if (s->number == 0)
        return;
    snprintf(line, sizeof line, "%llu", (unsigned long long)s->number);
    field(out, "number", line);
    field(out, "previous", s->previous[0] != '\0' ? s->previous : "none");
}

static void print_header(const struct shown *s, FILE *out) {
    const struct tree *plan = tree_find(s->root, "plan");
    const struct tree *measured = tree_find(s->root, "measurements");
    const struct tree *environment = tree_find(measured, "environment");
    field(out, "record", s->path);
    if (s->partial)
        print_partial(s, out);
    else
        print_seal(&s->seal, out);
    print_machine(out, environment);
    field(out, "profile", tree_get_string(plan, "profile"));
    field(out, "started", tree_get_string(measured, "started"));
    field(out, "commit", tree_get_string(environment, "suite_commit"));
    print_controls(out, tree_find(measured, "controls"));
}

/* --- table ---------------------------------------------------------------------------------- */

enum column_kind {
    COLUMN_ID,
    COLUMN_ORACLE,
    COLUMN_ARM,
    COLUMN_KERNEL,
    COLUMN_BACKEND,
    COLUMN_PARAM,
    COLUMN_METRIC,
    COLUMN_REASON
};

struct show_column {
    enum column_kind kind;
    const char *name; /* head; parameter's or metric's name */
    size_t width;
};

/* Cells of one experiment and the columns in which they differ. */
struct sheet {
    const struct cell **rows;
    size_t row_count;
    struct show_column *columns;
    size_t column_count, column_capacity;
};

/* What stands in a column of a cell, escaped. */
static void cell_text(const struct cell *c, const struct show_column *k, char out[FIELD]) {
    const struct param *p = k->kind == COLUMN_PARAM ? cell_param(c, k->name) : NULL;
    const struct metric *m = k->kind == COLUMN_METRIC ? cell_metric_find(c, k->name) : NULL;
    char raw[CELL_NAME] = "-";
    const char *text = raw;
    switch (k->kind) {
    case COLUMN_ID:
        text = c->id;
        break;
    case COLUMN_ORACLE:
        text = verdict_name(c->verdict);
        break;
    case COLUMN_ARM:
        text = c->arm;
        break;
    case COLUMN_KERNEL:
        text = c->kernel[0] != '\0' ? c->kernel : "-";
        break;
    case COLUMN_BACKEND:
        text = c->backend;
        break;
    case COLUMN_PARAM:
        if (p != NULL)
            param_format(p, raw, sizeof raw);
        break;
    case COLUMN_METRIC:
        if (m != NULL && m->has_value)
            snprintf(raw, sizeof raw, "%.6g", m->value);
        break;
    case COLUMN_REASON:
        text = c->reason[0] != '\0' ? c->reason : "-";
        break;
    }
    escape_text(text, out, FIELD);
}

static bool add_column(struct sheet *t, enum column_kind kind, const char *name) {
    for (size_t i = 0; i < t->column_count; i++) {
        if (t->columns[i].kind == kind && strcmp(t->columns[i].name, name) == 0)
            return true;
    }
    if (t->column_count == t->column_capacity) {
        size_t wanted = t->column_capacity == 0 ? 32 : 2 * t->column_capacity;
        struct show_column *grown = reallocarray(t->columns, wanted, sizeof *grown);
        if (grown == NULL)
            return false;
        t->columns = grown;
        t->column_capacity = wanted;
    }
    t->columns[t->column_count++] = (struct show_column){.kind = kind, .name = name};
    return true;
}

/* True when the cells do not all hold the same in that column. */
static bool varies(const struct sheet *t, enum column_kind kind, const char *name) {
    const struct show_column k = {.kind = kind, .name = name};
    char first[FIELD], other[FIELD];
    cell_text(t->rows[0], &k, first);
    for (size_t i = 1; i < t->row_count; i++) {
        cell_text(t->rows[i], &k, other);
        if (strcmp(first, other) != 0)
            return true;
    }
    return false;
}

/* Parameters that vary become columns; the others stand once, in the heading. */
static bool add_params(struct sheet *t, FILE *out) {
    for (size_t i = 0; i < t->row_count; i++) {
        for (size_t j = 0; j < t->rows[i]->param_count; j++) {
            const struct param *p = &t->rows[i]->params[j];
            const struct show_column k = {.kind = COLUMN_PARAM, .name = p->name};
            if (varies(t, COLUMN_PARAM, p->name)) {
                if (!add_column(t, COLUMN_PARAM, p->name))
                    return false;
            } else if (i == 0) {
                char value[FIELD];
                cell_text(t->rows[0], &k, value);
                fprintf(out, "  %s=%s", p->name, value);
            }
        }
    }
    return true;
}

static bool add_columns(struct sheet *t, FILE *out) {
    bool ok = add_column(t, COLUMN_ID, "cell") && add_column(t, COLUMN_ORACLE, "oracle") &&
              add_column(t, COLUMN_ARM, "arm") && add_column(t, COLUMN_KERNEL, "kernel") &&
              add_column(t, COLUMN_BACKEND, "backend") && add_params(t, out);
    for (size_t i = 0; ok && i < t->row_count; i++) {
        for (size_t j = 0; ok && j < t->rows[i]->metric_count; j++)
            ok = add_column(t, COLUMN_METRIC, t->rows[i]->metrics[j].name);
    }
    for (size_t i = 0; ok && i < t->row_count; i++) {
        if (t->rows[i]->reason[0] != '\0')
            ok = add_column(t, COLUMN_REASON, "reason");
    }
    return ok;
}

static void measure_columns(struct sheet *t) {
    for (size_t j = 0; j < t->column_count; j++) {
        struct show_column *k = &t->columns[j];
        k->width = strlen(k->name);
        for (size_t i = 0; i < t->row_count; i++) {
            char text[FIELD];
            cell_text(t->rows[i], k, text);
            size_t width = escape_width(text);
            if (width > k->width)
                k->width = width;
        }
    }
}

/* One field of a line: numbers to the right, names to the left, nothing after the last. */
static void print_field(FILE *out, const struct show_column *k, const char *text, bool last) {
    int pad = (int)(k->width - escape_width(text));
    if (k->kind == COLUMN_PARAM || k->kind == COLUMN_METRIC)
        fprintf(out, "%*s%s%s", pad, "", text, last ? "" : "  ");
    else
        fprintf(out, "%s%*s", text, last ? 0 : pad + 2, "");
}

static void print_rows(const struct sheet *t, FILE *out) {
    for (size_t j = 0; j < t->column_count; j++)
        print_field(out, &t->columns[j], t->columns[j].name, j + 1 == t->column_count);
    putc('\n', out);
    for (size_t i = 0; i < t->row_count; i++) {
        for (size_t j = 0; j < t->column_count; j++) {
            char text[FIELD];
            cell_text(t->rows[i], &t->columns[j], text);
            print_field(out, &t->columns[j], text, j + 1 == t->column_count);
        }
        putc('\n', out);
    }
}

/* The table of the experiment of cell `first`. */
static enum status print_experiment(const struct shown *s, size_t first, FILE *out) {
    struct sheet t = {.rows = calloc(s->cell_count, sizeof *t.rows)};
    if (t.rows == NULL)
        return status_set(ST_SYSTEM, "no memory for the table");
    for (size_t i = first; i < s->cell_count; i++) {
        if (strcmp(s->cells[i].experiment, s->cells[first].experiment) == 0)
            t.rows[t.row_count++] = &s->cells[i];
    }
    char name[FIELD];
    escape_text(s->cells[first].experiment, name, sizeof name);
    fprintf(out, "\n%s: %zu cells", name, t.row_count);
    bool ok = add_columns(&t, out);
    putc('\n', out);
    if (ok) {
        measure_columns(&t);
        print_rows(&t, out);
    }
    free(t.rows);
    free(t.columns);
    return ok ? ST_OK : status_set(ST_SYSTEM, "no memory for the table");
}

/* --- one cell ------------------------------------------------------------------------------- */

static void print_metric(FILE *out, const struct metric *m) {
    fprintf(out, "  %-24s", m->name);
    if (!m->has_value) {
        fputs("-\n", out);
        return;
    }
    char unit[FIELD];
    escape_text(m->unit, unit, sizeof unit);
    fprintf(out, "%.9g %s  n=%" PRIu64, m->value, unit, m->n);
    if (m->has_interval)
        fprintf(out, "  95%% [%.9g, %.9g]", m->lo, m->hi);
    putc('\n', out);
}

static void print_cell(const struct cell *c, FILE *out) {
    putc('\n', out);
    field(out, "cell", c->id);
    field(out, "experiment", c->experiment);
    field(out, "arm", c->arm);
    field(out, "kernel", c->kernel[0] != '\0' ? c->kernel : "-");
    field(out, "backend", c->backend);
    field(out, "oracle", verdict_name(c->verdict));
    field(out, "reason", c->reason[0] != '\0' ? c->reason : "-");
    field(out, "output", c->output_digest[0] != '\0' ? c->output_digest : "-");
    fputs("params\n", out);
    for (size_t i = 0; i < c->param_count; i++) {
        const struct show_column k = {.kind = COLUMN_PARAM, .name = c->params[i].name};
        char value[FIELD];
        cell_text(c, &k, value);
        fprintf(out, "  %-24s%s\n", c->params[i].name, value);
    }
    fputs("metrics\n", out);
    for (size_t i = 0; i < c->metric_count; i++)
        print_metric(out, &c->metrics[i]);
    fprintf(out, "samples: %zu, work units a sample: %g\n", c->sample_count, c->sample_units);
    if (c->sample_count > 0)
        fputs("  index          seconds          started\n", out);
    for (size_t i = 0; i < c->sample_count; i++)
        fprintf(out, "  %5zu %16.9g %16.9g\n", i, c->samples[i], c->started[i]);
    if (c->latency_count > 0)
        fprintf(out, "latencies: %zu requests, in nanoseconds\n", c->latency_count);
    for (size_t i = 0; i < c->latency_count; i++)
        fprintf(out, "  %8zu %12d\n", i, c->latencies[i]);
}

enum status show_text(const struct shown *s, FILE *out) {
    print_header(s, out);
    if (s->only != NULL) {
        print_cell(s->only, out);
        return ST_OK;
    }
    for (size_t i = 0; i < s->cell_count; i++) {
        bool first = true;
        for (size_t j = 0; first && j < i; j++)
            first = strcmp(s->cells[j].experiment, s->cells[i].experiment) != 0;
        enum status st = first ? print_experiment(s, i, out) : ST_OK;
        if (st != ST_OK)
            return st;
    }
    return ST_OK;
}
