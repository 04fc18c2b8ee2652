/* Cells: parameters, metrics, verdict, samples and identity. */
#include "cell.h"

#include <assert.h>
#include <inttypes.h>
#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "record.h"

const char *verdict_name(enum verdict v) {
    static const char *const names[] = {[VERDICT_PASS] = "pass",
                                        [VERDICT_MARGINAL] = "marginal",
                                        [VERDICT_FAIL] = "fail",
                                        [VERDICT_SKIP] = "skip"};
    return names[v];
}

/* Copies text, cut at the field's end. */
static void copy_text(char *out, size_t size, const char *text) {
    size_t n = strnlen(text, size - 1);
    memcpy(out, text, n);
    out[n] = '\0';
}

/* --- parameters ----------------------------------------------------------------------------- */

const struct param *cell_param(const struct cell *c, const char *name) {
    for (size_t i = 0; i < c->param_count; i++) {
        if (strcmp(c->params[i].name, name) == 0)
            return &c->params[i];
    }
    return NULL;
}

/* The parameter of that name, emptied, or a new one at the end. */
static struct param *param_place(struct cell *c, const char *name, enum param_kind kind) {
    const struct param *known = cell_param(c, name);
    size_t place = known != NULL ? (size_t)(known - c->params) : c->param_count;
    assert(place < CELL_PARAMS);
    if (place == c->param_count)
        c->param_count++;
    struct param *p = &c->params[place];
    *p = (struct param){.kind = kind};
    copy_text(p->name, sizeof p->name, name);
    return p;
}

void cell_param_integer(struct cell *c, const char *name, int64_t v) {
    param_place(c, name, PARAM_INTEGER)->integer = v;
}

void cell_param_real(struct cell *c, const char *name, double v) {
    param_place(c, name, PARAM_REAL)->real = v;
}

void cell_param_text(struct cell *c, const char *name, const char *v) {
    struct param *p = param_place(c, name, PARAM_TEXT);
    copy_text(p->text, sizeof p->text, v);
}

int64_t cell_integer(const struct cell *c, const char *name, int64_t fallback) {
    const struct param *p = cell_param(c, name);
    return p != NULL && p->kind == PARAM_INTEGER ? p->integer : fallback;
}

const char *cell_string(const struct cell *c, const char *name) {
    const struct param *p = cell_param(c, name);
    return p != NULL && p->kind == PARAM_TEXT ? p->text : "";
}

void param_format(const struct param *p, char *out, size_t size) {
    switch (p->kind) {
    case PARAM_INTEGER:
        snprintf(out, size, "%" PRId64, p->integer);
        return;
    case PARAM_TEXT:
        snprintf(out, size, "%s", p->text);
        return;
    case PARAM_REAL:
        break;
    }
    /* The shortest form that reads back as the same number: 2.1, not 2.1000000000000001. */
    for (int digits = 6; digits <= 17; digits++) {
        char text[40];
        snprintf(text, sizeof text, "%.*g", digits, p->real);
        snprintf(out, size, "%s", text);
        if (strtod(text, NULL) == p->real)
            return;
    }
}

/* --- metrics -------------------------------------------------------------------------------- */

const struct metric *cell_metric_find(const struct cell *c, const char *name) {
    for (size_t i = 0; i < c->metric_count; i++) {
        if (strcmp(c->metrics[i].name, name) == 0)
            return &c->metrics[i];
    }
    return NULL;
}

struct metric *cell_metric(struct cell *c, const char *name, const char *unit, bool output,
                           double value, uint64_t n) {
    const struct metric *known = cell_metric_find(c, name);
    size_t place = known != NULL ? (size_t)(known - c->metrics) : c->metric_count;
    assert(place < CELL_METRICS);
    if (place == c->metric_count)
        c->metric_count++;
    struct metric *m = &c->metrics[place];
    *m = (struct metric){.output = output};
    copy_text(m->name, sizeof m->name, name);
    copy_text(m->unit, sizeof m->unit, unit);
    if (isfinite(value)) {
        m->has_value = true;
        m->value = value;
        m->n = n;
    }
    return m;
}

double cell_value(const struct cell *c, const char *name) {
    const struct metric *m = c != NULL ? cell_metric_find(c, name) : NULL;
    return m != NULL && m->has_value ? m->value : NAN;
}

void metric_interval(struct metric *m, double lo, double hi) {
    m->has_interval = m->has_value && isfinite(lo) && isfinite(hi);
    m->lo = m->has_interval ? lo : 0;
    m->hi = m->has_interval ? hi : 0;
}

/* --- verdict and samples -------------------------------------------------------------------- */

void cell_verdict(struct cell *c, enum verdict v, const char *format, ...) {
    c->verdict = v;
    va_list args;
    va_start(args, format);
    vsnprintf(c->reason, sizeof c->reason, format, args);
    va_end(args);
}

bool cell_sample(struct cell *c, double seconds, double started) {
    if (c->sample_count == c->sample_capacity) {
        size_t wanted = c->sample_capacity == 0 ? 32 : c->sample_capacity * 2;
        double *samples = reallocarray(c->samples, wanted, sizeof *samples);
        if (samples == NULL)
            return false;
        c->samples = samples;
        double *starts = reallocarray(c->started, wanted, sizeof *starts);
        if (starts == NULL)
            return false;
        c->started = starts;
        c->sample_capacity = wanted;
    }
    c->samples[c->sample_count] = seconds;
    c->started[c->sample_count] = started;
    c->sample_count++;
    return true;
}

bool cell_measured(const struct cell *c) {
    return c->sample_count > 0 && c->verdict != VERDICT_FAIL;
}

bool cell_latencies(struct cell *c, const uint32_t *nanoseconds, size_t n) {
    int32_t *all = reallocarray(c->latencies, c->latency_count + n, sizeof *all);
    if (all == NULL)
        return n == 0;
    for (size_t i = 0; i < n; i++)
        all[c->latency_count + i] =
            nanoseconds[i] > INT32_MAX ? INT32_MAX : (int32_t)nanoseconds[i];
    c->latencies = all;
    c->latency_count += n;
    return true;
}

void cell_free(struct cell *c) {
    free(c->samples);
    free(c->started);
    free(c->latencies);
    c->latencies = NULL;
    c->latency_count = 0;
    c->samples = c->started = NULL;
    c->sample_count = c->sample_capacity = 0;
}

/* --- identity ------------------------------------------------------------------------------- */

void cell_identify(struct cell *c) {
    enum { TEXT = 4 * CELL_NAME + CELL_PARAMS * (3 * CELL_NAME) };
    char text[TEXT];
    /* Line feeds cannot stand in a field that a person typed, so fields cannot run together. */
    int used = snprintf(text, sizeof text, "%s\n%s\n%s\n%s\n", c->experiment, c->arm, c->kernel,
                        c->backend);
    for (size_t i = 0; i < c->param_count; i++) {
        char value[CELL_NAME];
        param_format(&c->params[i], value, sizeof value);
        used += snprintf(text + used, sizeof text - (size_t)used, "%s\n%d\n%s\n", c->params[i].name,
                         (int)c->params[i].kind, value);
    }
    char digest[DIGEST_HEX];
    digest_hex(text, (size_t)used, digest);
    /* experiment cut so that the digest always fits */
    snprintf(c->id, sizeof c->id, "%.*s.%.8s", (int)sizeof c->id - 10, c->experiment, digest);
}
