#include "select.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

static void set_text(struct field *f, const char *text) {
    f->kind = *text ? FIELD_TEXT : FIELD_MISSING;
    (void)snprintf(f->text, sizeof f->text, "%s", text);
}

static void set_number(struct field *f, double value) {
    if (!isfinite(value))
        return;
    f->kind = FIELD_NUMBER;
    f->numbers[0] = value;
    f->number_count = 1;
    (void)snprintf(f->text, sizeof f->text, "%g", value);
}

static void set_param(struct field *f, const struct param *p) {
    if (p->kind == PARAM_TEXT) {
        set_text(f, p->text);
        return;
    }
    set_number(f, p->kind == PARAM_INTEGER ? (double)p->integer : p->real);
    if (f->kind == FIELD_NUMBER)
        param_format(p, f->text, sizeof f->text);
}

static void set_metric(struct field *f, const struct metric *m, enum verdict verdict) {
    f->metric = m;
    if (!m->has_value || verdict == VERDICT_FAIL || verdict == VERDICT_SKIP)
        return;
    set_number(f, m->value);
    if (f->kind == FIELD_NUMBER && m->has_interval && isfinite(m->lo) && isfinite(m->hi)) {
        f->numbers[1] = m->lo;
        f->numbers[2] = m->hi;
        f->number_count = 3;
    }
}

struct field field_read(const struct cell *c, const char *name) {
    const struct {
        const char *name, *text;
    } texts[] = {
        {"arm", c->arm},       {"backend", c->backend}, {"experiment", c->experiment},
        {"id", c->id},         {"kernel", c->kernel},   {"oracle", verdict_name(c->verdict)},
        {"reason", c->reason},
    };
    struct field f = {.kind = FIELD_MISSING};
    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++) {
        if (strcmp(texts[i].name, name) == 0) {
            set_text(&f, texts[i].text);
            return f;
        }
    }
    const struct param *p = cell_param(c, name);
    const struct metric *m = cell_metric_find(c, name);
    if (p)
        set_param(&f, p);
    else if (m)
        set_metric(&f, m, c->verdict);
    return f;
}

static bool same_tuple(const struct cell *a, const struct cell *b, const char *const *split) {
    for (; split && *split; split++) {
        struct field x = field_read(a, *split), y = field_read(b, *split);
        if (x.kind != y.kind || strcmp(x.text, y.text) != 0)
            return false;
    }
    return true;
}

static const char *caption_of(struct arena *a, const struct cell *c, const char *const *split) {
    char *caption = arena_format(a, "%s", "");
    for (size_t i = 0; split && split[i] && caption; i++) {
        struct field f = field_read(c, split[i]);
        caption = arena_format(a, "%s%s%s %s", caption, i ? ", " : "", split[i],
                               f.kind == FIELD_MISSING ? "–" : f.text);
    }
    return caption ? arena_clean(a, caption) : NULL;
}

/* Insertion: stable, which qsort does not promise, and tables are short. */
static void sort(const struct cell **cells, size_t n, int (*order)(const void *, const void *)) {
    for (size_t i = 1; i < n; i++) {
        const struct cell *moved = cells[i];
        size_t at = i;
        for (; at > 0 && order(&cells[at - 1], &moved) > 0; at--)
            cells[at] = cells[at - 1];
        cells[at] = moved;
    }
}

static struct selection *find(struct selection *list, size_t n, const struct cell *c,
                              const char *const *split) {
    for (size_t i = 0; i < n; i++)
        if (same_tuple(list[i].cells[0], c, split))
            return &list[i];
    return NULL;
}

static enum status finish(struct arena *a, struct selection *list, size_t n,
                          const char *const *split, int (*order)(const void *, const void *)) {
    for (size_t i = 0; i < n; i++) {
        list[i].caption = caption_of(a, list[i].cells[0], split);
        list[i].suffix = n > 1 ? arena_format(a, "-%zu", i + 1) : "";
        if (!list[i].caption || !list[i].suffix)
            return ST_SYSTEM;
        if (order)
            sort(list[i].cells, list[i].count, order);
    }
    return ST_OK;
}

enum status select_cells(struct arena *a, const struct cell *const *cells, size_t count,
                         const char *const *split, bool (*keep)(const struct cell *),
                         int (*order)(const void *, const void *), struct selection **selections,
                         size_t *selection_count) {
    struct selection *list = arena_array(a, count, sizeof *list);
    size_t n = 0;
    if (!list)
        return ST_SYSTEM;
    for (size_t i = 0; i < count; i++) {
        if (keep && !keep(cells[i]))
            continue;
        struct selection *s = find(list, n, cells[i], split);
        if (!s) {
            s = &list[n++];
            s->cells = arena_array(a, count - i, sizeof(const struct cell *));
            if (!s->cells)
                return ST_SYSTEM;
        }
        s->cells[s->count++] = cells[i];
    }
    *selections = list;
    *selection_count = n;
    return finish(a, list, n, split, order);
}
