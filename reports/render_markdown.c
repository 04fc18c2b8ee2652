#include "quote.h"
#include "render.h"

static void add_row(const struct sheet *s, const struct row *row, struct text *out) {
    for (size_t c = 0; c < s->columns; c++) {
        text_add(out, "| ");
        quote_markdown(out, row->values[c].text);
        text_add(out, " ");
    }
    text_add(out, "|\n");
}

static void add_heads(const struct sheet *s, struct text *out) {
    for (size_t c = 0; c < s->columns; c++) {
        text_add(out, "| ");
        quote_markdown(out, s->heads[c].text);
        text_add(out, " ");
    }
    text_add(out, "|\n");
    for (size_t c = 0; c < s->columns; c++)
        text_add(out, s->heads[c].number ? "| ---: " : "| --- ");
    text_add(out, "|\n");
}

static void add_sheet(const struct page *page, const struct sheet *s, struct text *out) {
    text_add(out, "\n## ");
    quote_markdown(out, s->title);
    text_add(out, "\n\n");
    if (*s->note) {
        quote_markdown(out, s->note);
        text_add(out, "\n\n");
    }
    add_heads(s, out);
    for (size_t r = 0; r < s->row_count; r++)
        add_row(s, &s->rows[r], out);
    text_add(out, "\n");
    for (size_t i = 0; i < s->remark_count; i++) {
        text_add(out, "- ");
        quote_markdown(out, s->remarks[i]);
        text_add(out, "\n");
    }
    struct foot_line foot[FOOT_LINES];
    foot_lines(page, s, foot);
    for (size_t i = 0; i < FOOT_LINES; i++) {
        text_format(out, "- %s: ", foot[i].label);
        quote_markdown(out, foot[i].text);
        text_add(out, "\n");
    }
}

static void add_chart(const struct chart *c, const char *image_stem, struct text *out) {
    text_add(out, "\n## ");
    quote_markdown(out, c->plot->title);
    if (*c->caption) {
        text_add(out, " (");
        quote_markdown(out, c->caption);
        text_add(out, ")");
    }
    text_add(out, "\n\n![");
    quote_markdown(out, c->plot->title);
    text_add(out, "](");
    quote_link(out, image_stem);
    text_format(out, "-%s.svg)\n", c->name);
}

void render_markdown(const struct page *page, const char *image_stem, struct text *out) {
    text_add(out, "# ");
    quote_markdown(out, page->title);
    text_add(out, "\n");
    for (size_t i = 0; i < page->sheet_count; i++)
        add_sheet(page, &page->sheets[i], out);
    for (size_t i = 0; image_stem && i < page->chart_count; i++)
        add_chart(&page->charts[i], image_stem, out);
}
