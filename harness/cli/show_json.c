/* A record as JSON. */
#include "show.h"

#include <jansson.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "../base/escape.h"

/* A string of a record; bytes that are not UTF-8 become \xNN, because JSON cannot hold them. */
static json_t *text(const char *s) {
    if (s == NULL)
        return json_null();
    char *clean = malloc(4 * strlen(s) + 1);
    if (clean == NULL)
        return NULL;
    size_t used = 0;
    while (*s != '\0') {
        unsigned code;
        size_t length = utf8_decode(s, &code);
        if (length == 0) {
            used += (size_t)sprintf(clean + used, "\\x%02x", (unsigned)(unsigned char)*s++);
            continue;
        }
        memcpy(clean + used, s, length);
        used += length;
        s += length;
    }
    json_t *value = json_stringn(clean, used);
    free(clean);
    return value;
}

/* A number; whole ones without ".0", infinite ones as null. */
static json_t *number(double v) {
    const double exact = 9007199254740992.0; /* 2^53 */
    if (!isfinite(v))
        return json_null();
    if (v == floor(v) && fabs(v) < exact)
        return json_integer((json_int_t)v);
    return json_real(v);
}

/* Adds a member that json made; false when json had no memory. */
static bool put(json_t *object, const char *name, json_t *value) {
    return json_object_set_new(object, name, value) == 0;
}

/* --- values of the tree --------------------------------------------------------------------- */

static json_t *element(const struct tree_value *v, size_t index) {
    const char *p = (const char *)v->data + index * tree_type_size(v->type);
    union {
        int32_t i32;
        int64_t i64;
        uint64_t u64;
        float f32;
        double f64;
    } x = {0};
    memcpy(&x, p, tree_type_size(v->type));
    switch (v->type) {
    case TREE_U8:
        return json_integer((unsigned char)*p);
    case TREE_I32:
        return json_integer(x.i32);
    case TREE_I64:
        return json_integer(x.i64);
    case TREE_U64:
        return x.u64 <= INT64_MAX ? json_integer((json_int_t)x.u64) : number((double)x.u64);
    case TREE_F32:
        return number((double)x.f32);
    case TREE_F64:
        return number(x.f64);
    case TREE_STRING:
        break;
    }
    return text(v->data);
}

/* A scalar, or a flat array of the elements. */
static json_t *tree_json(const struct tree_value *v) {
    if (v->rank < 0)
        return json_null();
    if (v->rank == 0)
        return element(v, 0);
    json_t *array = json_array();
    for (size_t i = 0; i < v->bytes / tree_type_size(v->type); i++) {
        if (json_array_append_new(array, element(v, i)) != 0) {
            json_decref(array);
            return NULL;
        }
    }
    return array;
}

/* Attributes of a node, and its groups as objects. */
static json_t *attributes_json(const struct tree *t) {
    json_t *object = json_object();
    bool ok = object != NULL;
    for (size_t i = 0; ok && t != NULL && i < t->attribute_count; i++)
        ok = put(object, t->attributes[i].name, tree_json(&t->attributes[i].value));
    for (size_t i = 0; ok && t != NULL && i < t->child_count; i++) {
        if (t->children[i]->is_group)
            ok = put(object, t->children[i]->name, attributes_json(t->children[i]));
    }
    if (ok)
        return object;
    json_decref(object);
    return NULL;
}

/* Text that "" stands for the lack of. */
static json_t *text_or_null(const char *s) { return text(s[0] != '\0' ? s : NULL); }

/* --- record --------------------------------------------------------------------------------- */

static json_t *record_json(const struct shown *s) {
    const struct tree *plan = tree_find(s->root, "plan");
    const struct tree *measured = tree_find(s->root, "measurements");
    const struct tree *environment = tree_find(measured, "environment");
    const struct seal *seal = &s->seal;
    json_t *o = json_object();
    bool ok = put(o, "digest", text_or_null(seal->content_digest)) &&
              put(o, "plan_digest", text_or_null(seal->plan_digest)) &&
              put(o, "outputs_digest", text_or_null(seal->outputs_digest)) &&
              put(o, "partial", json_boolean(s->partial)) &&
              put(o, "sealed", json_boolean(!s->partial)) &&
              put(o, "signed", json_boolean(seal->has_signature)) &&
              put(o, "key_id", text_or_null(seal->key_id)) &&
              put(o, "chain_number",
                  seal->number > 0 ? json_integer((json_int_t)seal->number) : json_null()) &&
              put(o, "previous", text_or_null(seal->previous)) &&
              put(o, "machine", attributes_json(environment)) &&
              put(o, "profile", text(tree_get_string(plan, "profile"))) &&
              put(o, "started", text(tree_get_string(measured, "started"))) &&
              put(o, "suite_commit", text(tree_get_string(environment, "suite_commit")));
    if (ok)
        return o;
    json_decref(o);
    return NULL;
}

/* --- cells ---------------------------------------------------------------------------------- */

static json_t *param_json(const struct param *p) {
    switch (p->kind) {
    case PARAM_INTEGER:
        return json_integer(p->integer);
    case PARAM_REAL:
        return number(p->real);
    case PARAM_TEXT:
        break;
    }
    return text(p->text);
}

static json_t *params_json(const struct cell *c) {
    json_t *o = json_object();
    bool ok = o != NULL;
    for (size_t i = 0; ok && i < c->param_count; i++)
        ok = put(o, c->params[i].name, param_json(&c->params[i]));
    if (ok)
        return o;
    json_decref(o);
    return NULL;
}

static json_t *metric_json(const struct metric *m) {
    json_t *o = json_object();
    bool ok = put(o, "value", m->has_value ? number(m->value) : json_null()) &&
              put(o, "unit", text(m->unit)) &&
              put(o, "n", m->has_value ? json_integer((json_int_t)m->n) : json_null()) &&
              put(o, "lo", m->has_interval ? number(m->lo) : json_null()) &&
              put(o, "hi", m->has_interval ? number(m->hi) : json_null());
    if (ok)
        return o;
    json_decref(o);
    return NULL;
}

static json_t *metrics_json(const struct cell *c) {
    json_t *o = json_object();
    bool ok = o != NULL;
    for (size_t i = 0; ok && i < c->metric_count; i++)
        ok = put(o, c->metrics[i].name, metric_json(&c->metrics[i]));
    if (ok)
        return o;
    json_decref(o);
    return NULL;
}

static json_t *series_json(const double *v, size_t n) {
    json_t *array = json_array();
    for (size_t i = 0; i < n; i++) {
        if (json_array_append_new(array, number(v[i])) != 0) {
            json_decref(array);
            return NULL;
        }
    }
    return array;
}

static json_t *latencies_json(const struct cell *c) {
    json_t *array = json_array();
    for (size_t i = 0; i < c->latency_count; i++) {
        if (json_array_append_new(array, json_integer(c->latencies[i])) != 0) {
            json_decref(array);
            return NULL;
        }
    }
    return array;
}

static json_t *cell_json(const struct cell *c, bool with_samples) {
    json_t *o = json_object();
    bool ok = put(o, "id", text(c->id)) && put(o, "experiment", text(c->experiment)) &&
              put(o, "arm", text(c->arm)) && put(o, "kernel", text(c->kernel)) &&
              put(o, "backend", text(c->backend)) && put(o, "params", params_json(c)) &&
              put(o, "oracle", text(verdict_name(c->verdict))) &&
              put(o, "reason", text(c->reason)) && put(o, "metrics", metrics_json(c));
    if (ok && with_samples)
        ok = put(o, "sample_units", number(c->sample_units)) &&
             put(o, "samples", series_json(c->samples, c->sample_count)) &&
             put(o, "started", series_json(c->started, c->sample_count)) &&
             put(o, "latencies_ns", latencies_json(c));
    if (ok)
        return o;
    json_decref(o);
    return NULL;
}

static json_t *cells_json(const struct shown *s) {
    json_t *array = json_array();
    for (size_t i = 0; i < s->cell_count; i++) {
        const struct cell *c = &s->cells[i];
        if (s->only != NULL && s->only != c)
            continue;
        if (json_array_append_new(array, cell_json(c, s->only == c)) != 0) {
            json_decref(array);
            return NULL;
        }
    }
    return array;
}

enum status show_json(const struct shown *s, FILE *out) {
    json_t *all = json_object();
    char *dump = NULL;
    if (put(all, "record", record_json(s)) && put(all, "cells", cells_json(s)))
        dump = json_dumps(all, JSON_INDENT(2) | JSON_ENSURE_ASCII | JSON_REAL_PRECISION(17));
    json_decref(all);
    if (dump == NULL)
        return status_set(ST_SYSTEM, "no memory for the record as JSON");
    for (const char *p = dump; *p != '\0'; p++) {
        /* The one control byte that JSON lets through as it is. */
        if (*p == 0x7F)
            fputs("\\u007f", out);
        else
            putc(*p, out);
    }
    putc('\n', out);
    free(dump);
    return ST_OK;
}
