#include "quote.h"
#include "render.h"

static const char *const own_heads[] = {"oracle", "reason",  "n",       "samples",
                                        "record", "machine", "started", "suite_commit"};
enum { OWN = sizeof own_heads / sizeof own_heads[0] };

static bool shown(const struct sheet *s, size_t column) { return column != s->verdict_column; }

static void add_heads(const struct sheet *s, struct text *out) {
    for (size_t c = 0; c < s->columns; c++) {
        if (!shown(s, c))
            continue;
        quote_csv(out, s->heads[c].text, false);
        text_add(out, ",");
    }
    for (size_t i = 0; i < OWN; i++)
        text_format(out, "%s%s", i ? "," : "", own_heads[i]);
    text_add(out, "\r\n");
}

static void add_row(const struct page *page, const struct sheet *s, const struct row *row,
                    struct text *out) {
    for (size_t c = 0; c < s->columns; c++) {
        if (!shown(s, c))
            continue;
        quote_csv(out, row->values[c].text, row->values[c].kind == VALUE_NUMBER);
        text_add(out, ",");
    }
    const char *const own[OWN] = {row->verdict,        row->reason,        row->n_text,
                                  row->samples_text,   page->facts.digest, page->facts.machine,
                                  page->facts.started, page->facts.commit};
    for (size_t i = 0; i < OWN; i++) {
        if (i)
            text_add(out, ",");
        quote_csv(out, *own[i] || i == 1 ? own[i] : SHEET_MISSING, false);
    }
    text_add(out, "\r\n");
}

void render_csv(const struct page *page, const struct sheet *s, struct text *out) {
    add_heads(s, out);
    for (size_t r = 0; r < s->row_count; r++)
        add_row(page, s, &s->rows[r], out);
}
