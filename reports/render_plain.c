#include <string.h>

#include "../harness/base/escape.h"
#include "render.h"

enum { LINE = 79, GAP = 2 };

static size_t column_width(const struct sheet *s, size_t c) {
    size_t width = escape_width(s->heads[c].text);
    for (size_t r = 0; r < s->row_count; r++) {
        size_t w = escape_width(s->rows[r].values[c].text);
        width = w > width ? w : width;
    }
    return width;
}

/* No blanks at a line's end: the last column is padded on its left only. */
static void add_value(const struct sheet *s, size_t c, const char *text, struct text *out) {
    size_t fill = column_width(s, c) - escape_width(text);
    if (c)
        text_repeat(out, ' ', GAP);
    if (s->heads[c].number)
        text_repeat(out, ' ', fill);
    text_add(out, text);
    if (!s->heads[c].number && c + 1 < s->columns)
        text_repeat(out, ' ', fill);
}

static void add_grid(const struct sheet *s, struct text *out) {
    for (size_t c = 0; c < s->columns; c++)
        add_value(s, c, s->heads[c].text, out);
    text_add(out, "\n");
    for (size_t c = 0; c < s->columns; c++) {
        text_repeat(out, ' ', c ? GAP : 0);
        text_repeat(out, '-', column_width(s, c));
    }
    text_add(out, "\n");
    for (size_t r = 0; r < s->row_count; r++) {
        for (size_t c = 0; c < s->columns; c++)
            add_value(s, c, s->rows[r].values[c].text, out);
        text_add(out, "\n");
    }
}

/* Breaks at blanks so that lines stay within LINE where words allow it. */
static void add_wrapped(const char *s, struct text *out) {
    size_t used = 0;
    while (*s) {
        s += strspn(s, " ");
        size_t bytes = strcspn(s, " ");
        size_t width = 0;
        for (size_t i = 0; i < bytes; i++)
            width += ((unsigned char)s[i] & 0xc0) != 0x80;
        if (used && used + 1 + width > LINE) {
            text_add(out, "\n");
            used = 0;
        }
        if (used) {
            text_add(out, " ");
            used++;
        }
        text_add_bytes(out, s, bytes);
        used += width;
        s += bytes;
    }
    text_add(out, "\n");
}

static void add_sheet(const struct page *page, const struct sheet *s, struct text *out) {
    add_wrapped(s->title, out);
    if (*s->note)
        add_wrapped(s->note, out);
    text_add(out, "\n");
    add_grid(s, out);
    text_add(out, "\n");
    for (size_t i = 0; i < s->remark_count; i++)
        add_wrapped(s->remarks[i], out);
    struct foot_line foot[FOOT_LINES];
    foot_lines(page, s, foot);
    for (size_t i = 0; i < FOOT_LINES; i++)
        text_format(out, "%-12s  %s\n", foot[i].label, foot[i].text);
    text_add(out, "\n");
}

static void add_chart(const struct chart *c, struct text *out) {
    if (c->plain.size == 0)
        return;
    add_wrapped(c->plot->title, out);
    if (*c->caption)
        add_wrapped(c->caption, out);
    text_add(out, "\n");
    text_add_bytes(out, c->plain.data, c->plain.size);
    text_add(out, "\n");
}

void render_plain(const struct page *page, struct text *out) {
    for (size_t i = 0; i < page->sheet_count; i++)
        add_sheet(page, &page->sheets[i], out);
    for (size_t i = 0; i < page->chart_count; i++)
        add_chart(&page->charts[i], out);
}
