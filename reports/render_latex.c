#include <ctype.h>

#include "quote.h"
#include "render.h"

static void add_row(const struct sheet *s, const struct row *row, struct text *out) {
    for (size_t c = 0; c < s->columns; c++) {
        if (c)
            text_add(out, " & ");
        quote_latex(out, row->values[c].text);
    }
    text_add(out, " \\\\\n");
}

static void add_heads(const struct sheet *s, struct text *out) {
    text_add(out, "\\begin{tabular}{");
    for (size_t c = 0; c < s->columns; c++)
        text_add(out, s->heads[c].number ? "r" : "l");
    text_add(out, "}\n\\toprule\n");
    for (size_t c = 0; c < s->columns; c++) {
        if (c)
            text_add(out, " & ");
        quote_latex(out, s->heads[c].text);
    }
    text_add(out, " \\\\\n\\midrule\n");
}

static void add_foot(const struct page *page, const struct sheet *s, struct text *out) {
    struct foot_line foot[FOOT_LINES];
    foot_lines(page, s, foot);
    text_add(out, "\\par\\medskip\n\\begin{minipage}{\\linewidth}\\footnotesize\n");
    if (*s->note) {
        quote_latex(out, s->note);
        text_add(out, "\\par\n");
    }
    for (size_t i = 0; i < s->remark_count; i++) {
        quote_latex(out, s->remarks[i]);
        text_add(out, "\\par\n");
    }
    for (size_t i = 0; i < FOOT_LINES; i++) {
        text_format(out, "%s: ", foot[i].label);
        quote_latex(out, foot[i].text);
        text_add(out, i + 1 < FOOT_LINES ? "\\par\n" : "\n");
    }
    text_add(out, "\\end{minipage}\n");
}

/* Unique in a document that takes in several records; letters, digits and "-" only. */
static void add_label(const struct page *page, const struct sheet *s, struct text *out) {
    text_add(out, "}\n\\label{tab:");
    for (const char *p = page->title; *p; p++)
        text_add_bytes(out, isalnum((unsigned char)*p) ? p : "-", 1);
    text_format(out, "-%s}\n", s->name);
}

static void add_sheet(const struct page *page, const struct sheet *s, struct text *out) {
    text_add(out, "\n\\begin{table}[htbp]\n\\centering\n\\caption{");
    quote_latex(out, s->title);
    add_label(page, s, out);
    add_heads(s, out);
    for (size_t r = 0; r < s->row_count; r++)
        add_row(s, &s->rows[r], out);
    text_add(out, "\\bottomrule\n\\end{tabular}\n");
    add_foot(page, s, out);
    text_add(out, "\\end{table}\n");
}

void render_latex(const struct page *page, struct text *out) {
    text_add(out, "% \\input in a document with \\usepackage[T1]{fontenc} and "
                  "\\usepackage{booktabs}\n");
    for (size_t i = 0; i < page->sheet_count; i++)
        add_sheet(page, &page->sheets[i], out);
}
