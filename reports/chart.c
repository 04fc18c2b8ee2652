#include "chart.h"

#include <string.h>

#include "select.h"

static bool drawable(const struct field *f, bool log) {
    return f->kind == FIELD_NUMBER && (!log || f->numbers[0] > 0);
}

/* Series of that name, added if absent (there is room for one per cell); NULL: memory. */
static struct series *series_of(struct arena *a, struct chart *c, const char *name, size_t room) {
    for (size_t i = 0; i < c->series_count; i++)
        if (strcmp(c->series[i].name, name) == 0)
            return &c->series[i];
    struct series *s = &c->series[c->series_count];
    *s = (struct series){.name = name,
                         .x = arena_array(a, room, sizeof(double)),
                         .y = arena_array(a, room, sizeof(double)),
                         .z = arena_array(a, room, sizeof(double))};
    if (!s->x || !s->y || !s->z)
        return NULL;
    c->series_count++;
    return s;
}

static enum status add_point(struct arena *a, const struct plot *p, const struct cell *cell,
                             size_t room, struct chart *c) {
    struct field x = field_read(cell, p->x), y = field_read(cell, p->y);
    struct field z = field_read(cell, p->z ? p->z : p->y);
    if (!drawable(&x, p->log_x) || !drawable(&y, p->log_y) || !drawable(&z, false))
        return ST_OK;
    struct field f = p->series ? field_read(cell, p->series) : (struct field){0};
    const char *name = arena_clean(a, f.kind == FIELD_MISSING ? "–" : f.text);
    struct series *s = name ? series_of(a, c, name, room) : NULL;
    if (!s)
        return ST_SYSTEM;
    s->x[s->count] = x.numbers[0];
    s->y[s->count] = y.numbers[0];
    s->z[s->count] = z.numbers[0];
    s->count++;
    return ST_OK;
}

static enum status build(struct arena *a, const struct plot *p, const struct selection *cells,
                         struct chart *c) {
    *c = (struct chart){.plot = p, .caption = cells->caption};
    c->name = arena_format(a, "%s%s", p->name, cells->suffix);
    c->series = arena_array(a, cells->count, sizeof *c->series);
    if (!c->name || !c->series)
        return ST_SYSTEM;
    enum status st = ST_OK;
    for (size_t i = 0; st == ST_OK && i < cells->count; i++)
        st = add_point(a, p, cells->cells[i], cells->count, c);
    return st;
}

enum status charts_build(struct arena *a, const struct plot *p, const struct cell *const *cells,
                         size_t count, struct chart **charts, size_t *chart_count) {
    struct selection *selections = NULL;
    size_t n = 0;
    enum status st = select_cells(a, cells, count, p->split, p->keep, NULL, &selections, &n);
    struct chart *list = st == ST_OK ? arena_array(a, n, sizeof *list) : NULL;
    if (!list)
        return ST_SYSTEM;
    *chart_count = 0;
    for (size_t i = 0; st == ST_OK && i < n; i++) {
        st = build(a, p, &selections[i], &list[*chart_count]);
        if (st == ST_OK && list[*chart_count].series_count > 0)
            (*chart_count)++;
    }
    *charts = list;
    return st;
}
