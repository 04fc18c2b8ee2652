/* Heat maps as text: no terminal draws colours into a file. */
#include <math.h>

#include "chart.h"

enum { LINE = 79, WIDTH = 6 };

struct bounds {
    long x0, x1, y0, y1;
    double z0, z1;
};

static struct bounds bounds_of(const struct chart *c) {
    struct bounds b = {0, -1, 0, -1, INFINITY, -INFINITY};
    for (size_t i = 0; i < c->series_count; i++) {
        const struct series *s = &c->series[i];
        for (size_t j = 0; j < s->count; j++) {
            const long x = lround(s->x[j]), y = lround(s->y[j]);
            const bool first = b.x1 < b.x0;
            b.x0 = first || x < b.x0 ? x : b.x0;
            b.x1 = first || x > b.x1 ? x : b.x1;
            b.y0 = first || y < b.y0 ? y : b.y0;
            b.y1 = first || y > b.y1 ? y : b.y1;
            b.z0 = fmin(b.z0, s->z[j]);
            b.z1 = fmax(b.z1, s->z[j]);
        }
    }
    return b;
}

/* The value of a field; NaN where there is none. */
static double value_at(const struct chart *c, long x, long y) {
    for (size_t i = 0; i < c->series_count; i++) {
        const struct series *s = &c->series[i];
        for (size_t j = 0; j < s->count; j++)
            if (lround(s->x[j]) == x && lround(s->y[j]) == y)
                return s->z[j];
    }
    return NAN;
}

static void add_field(const struct bounds *b, bool wide, double z, struct text *out) {
    if (!wide)
        isnan(z) ? text_format(out, "%*s", WIDTH, "") : text_format(out, "%*.2f", WIDTH, z);
    else if (isnan(z))
        text_add(out, " ");
    else
        text_format(out, "%d", b->z1 > b->z0 ? (int)(9.99 * (z - b->z0) / (b->z1 - b->z0)) : 0);
}

static bool has_row(const struct chart *c, const struct bounds *b, long y) {
    for (long x = b->x0; x <= b->x1; x++)
        if (!isnan(value_at(c, x, y)))
            return true;
    return false;
}

void chart_heat_plain(const struct chart *c, struct text *out) {
    enum { FIELDS_MOST = 4096 };
    struct bounds b = bounds_of(c);
    if (b.x1 - b.x0 >= FIELDS_MOST || b.y1 - b.y0 >= FIELDS_MOST) {
        text_add(out, "too many fields to print\n");
        return;
    }
    const bool wide = WIDTH * (b.x1 - b.x0 + 2) > LINE;
    text_format(out, "columns: %s; rows: %s; ", c->plot->x_label ? c->plot->x_label : "",
                c->plot->y_label ? c->plot->y_label : "");
    if (wide)
        text_format(out, "tenths of %.3g to %.3g\n", b.z0, b.z1);
    else
        text_format(out, "values: %s\n", c->plot->z_label ? c->plot->z_label : "");
    for (long x = b.x0; !wide && x <= b.x1; x++)
        text_format(out, "%*ld", x == b.x0 ? 2 * WIDTH : WIDTH, x);
    for (long y = b.y1; y >= b.y0; y--) {
        if (!has_row(c, &b, y))
            continue;
        text_format(out, "%s%*ld", wide && y == b.y1 ? "" : "\n", WIDTH, y);
        text_add(out, wide ? " " : "");
        for (long x = b.x0; x <= b.x1; x++)
            add_field(&b, wide, value_at(c, x, y), out);
    }
    text_add(out, "\n");
}
