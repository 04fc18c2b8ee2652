#include <string.h>

#include "quote.h"
#include "render.h"

/* The policy is a second wall behind quoting: nothing on the page can load or run. */
static const char top[] =
    "<!doctype html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n"
    "<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; "
    "style-src 'unsafe-inline'\">\n"
    "<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n"
    "<meta name=\"color-scheme\" content=\"light dark\">\n";

static const char style[] =
    "<style>\n"
    ":root{color-scheme:light dark;--ink:#1b1b1b;--paper:#fff;--soft:#5c5c5c;--line:#d4d4d4;"
    "--band:#f5f5f5}\n"
    "@media (prefers-color-scheme:dark){:root{--ink:#e6e6e6;--paper:#161616;--soft:#a8a8a8;"
    "--line:#3c3c3c;--band:#202020}figure svg{filter:invert(1) hue-rotate(180deg)}}\n"
    "body{margin:0;background:var(--paper);color:var(--ink);"
    "font:1rem/1.5 system-ui,sans-serif}\n"
    "main{max-width:72rem;margin:0 auto;padding:1rem}\n"
    "h1{font-size:1.4rem}h2{font-size:1.1rem;margin:2.5rem 0 .5rem}\n"
    "h1,h2,p,li,dd,figcaption{overflow-wrap:anywhere}\n"
    ".scroll{overflow-x:auto}\n"
    "table{border-collapse:collapse;font-variant-numeric:tabular-nums}\n"
    "th,td{padding:.3rem .7rem;text-align:left;white-space:nowrap}\n"
    "thead th{border-bottom:2px solid var(--ink)}\n"
    "tbody tr:last-child>*{border-bottom:2px solid var(--ink)}\n"
    "tbody tr:nth-child(even){background:var(--band)}\n"
    ".number{text-align:right}\n"
    "dl{display:grid;grid-template-columns:max-content 1fr;gap:0 .8rem;margin:.8rem 0;"
    "font-size:.85rem;color:var(--soft)}dd{margin:0}\n"
    ".remarks{list-style:none;padding:0;font-size:.9rem}\n"
    "figure{margin:1rem 0}figure svg{width:100%;height:auto;max-width:54rem}\n"
    "</style>\n";

static void add_quoted(const char *before, const char *s, const char *after, struct text *out) {
    text_add(out, before);
    quote_html(out, s);
    text_add(out, after);
}

static void add_grid(const struct sheet *s, struct text *out) {
    text_add(out, "<div class=\"scroll\" tabindex=\"0\">\n<table>\n<thead>\n<tr>");
    for (size_t c = 0; c < s->columns; c++)
        add_quoted(s->heads[c].number ? "<th scope=\"col\" class=\"number\">"
                                      : "<th scope=\"col\">",
                   s->heads[c].text, "</th>", out);
    text_add(out, "</tr>\n</thead>\n<tbody>\n");
    for (size_t r = 0; r < s->row_count; r++) {
        text_add(out, "<tr>");
        for (size_t c = 0; c < s->columns; c++)
            add_quoted(s->heads[c].number ? "<td class=\"number\">" : "<td>",
                       s->rows[r].values[c].text, "</td>", out);
        text_add(out, "</tr>\n");
    }
    text_add(out, "</tbody>\n</table>\n</div>\n");
}

static void add_sheet(const struct page *page, const struct sheet *s, struct text *out) {
    text_format(out, "<section id=\"table-%s\">\n", s->name);
    add_quoted("<h2>", s->title, "</h2>\n", out);
    if (*s->note)
        add_quoted("<p>", s->note, "</p>\n", out);
    add_grid(s, out);
    if (s->remark_count) {
        text_add(out, "<ul class=\"remarks\">\n");
        for (size_t i = 0; i < s->remark_count; i++)
            add_quoted("<li>", s->remarks[i], "</li>\n", out);
        text_add(out, "</ul>\n");
    }
    struct foot_line foot[FOOT_LINES];
    foot_lines(page, s, foot);
    text_add(out, "<dl>\n");
    for (size_t i = 0; i < FOOT_LINES; i++) {
        add_quoted("<dt>", foot[i].label, "</dt>", out);
        add_quoted("<dd>", foot[i].text, "</dd>\n", out);
    }
    text_add(out, "</dl>\n</section>\n");
}

/* gnuplot gives each drawing the same ids; on one page they must differ, so each gets a prefix
 * where it is defined (id=) and where it is used (#). */
static void add_drawing(const struct text *svg, size_t number, struct text *out) {
    static const char *const marks[] = {" id='", " id=\"", "href='#", "href=\"#", "url(#"};
    const char *s = svg->data ? strstr(svg->data, "<svg") : NULL;
    while (s && *s) {
        size_t length = 0;
        for (size_t i = 0; i < sizeof marks / sizeof marks[0] && !length; i++)
            if (strncmp(s, marks[i], strlen(marks[i])) == 0)
                length = strlen(marks[i]);
        text_add_bytes(out, s, length ? length : 1);
        if (length)
            text_format(out, "plot%zu-", number);
        s += length ? length : 1;
    }
}

static void add_chart(const struct chart *c, size_t number, struct text *out) {
    if (c->svg.size == 0)
        return;
    text_format(out, "<section id=\"plot-%s\">\n", c->name);
    add_quoted("<h2>", c->plot->title, "</h2>\n<figure>\n", out);
    add_drawing(&c->svg, number, out);
    add_quoted("<figcaption>", c->caption, "</figcaption>\n</figure>\n</section>\n", out);
}

void render_html(const struct page *page, struct text *out) {
    text_add(out, top);
    add_quoted("<title>", page->title, "</title>\n", out);
    text_add(out, style);
    add_quoted("</head>\n<body>\n<main>\n<h1>", page->title, "</h1>\n", out);
    for (size_t i = 0; i < page->sheet_count; i++)
        add_sheet(page, &page->sheets[i], out);
    for (size_t i = 0; i < page->chart_count; i++)
        add_chart(&page->charts[i], i + 1, out);
    text_add(out, "</main>\n</body>\n</html>\n");
}
