/* Sheets, charts and renderers: values, escaping, splitting, order, equal bytes. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "../../harness/record/tree.h"
#include "../quote.h"
#include "../render.h"

/* Everything a target might take for its own: markup, LaTeX, formula, shell, gnuplot, terminal. */
#define HOSTILE "=<b>|x_\\&%$#{}~^\"'`[1]\n\x1b[2K\xff\xe2\x80\xae,`rm`;system(1)"

enum { CELLS = 7 };

static struct cell make_cell(const char *arm, const char *dataset, double eps0, double recall,
                             double qps) {
    struct cell c = {0};
    (void)snprintf(c.experiment, sizeof c.experiment, "probe");
    (void)snprintf(c.arm, sizeof c.arm, "%s", arm);
    (void)snprintf(c.kernel, sizeof c.kernel, "%s/k", arm);
    (void)snprintf(c.backend, sizeof c.backend, "cpu");
    cell_param_text(&c, "dataset", dataset);
    cell_param_integer(&c, "k", 10);
    if (eps0 > 0)
        cell_param_real(&c, "eps0", eps0);
    cell_metric(&c, "recall_at_k", "share", true, recall, 1000);
    struct metric *m = cell_metric(&c, "qps", "1/s", false, qps, 30);
    if (isfinite(qps))
        metric_interval(m, qps - 1, qps + 1);
    c.verdict = VERDICT_PASS;
    c.sample_count = 30;
    return c;
}

static void make_cells(struct cell cells[CELLS]) {
    cells[0] = make_cell("naive", "one", 0, 1.0, 100);
    cells[1] = make_cell("pruned", "one", 2.1, 0.99951, 600.26);
    cells[2] = make_cell("naive", "two", 0, 1.0, 50);
    cells[3] = make_cell("pruned", "two", 2.1, 0.9, (double)NAN);
    cells[4] = make_cell("broken", "one", 3, 0.5, 9999);
    cell_verdict(&cells[4], VERDICT_FAIL, "distance 7 off");
    cells[5] = make_cell("absent", "one", 3, 0.25, 8888);
    cell_verdict(&cells[5], VERDICT_SKIP, "no CUDA device");
    cells[5].sample_count = 0;
    cells[6] = make_cell("other", "one", 3, 0.25, 7777);
    (void)snprintf(cells[6].experiment, sizeof cells[6].experiment, "elsewhere");
}

static bool is_naive_or_pruned(const struct cell *c) {
    return strcmp(c->arm, "naive") == 0 || strcmp(c->arm, "pruned") == 0;
}

static int by_arm_descending(const void *a, const void *b) {
    const struct cell *const *x = a, *const *y = b;
    return strcmp((*y)->arm, (*x)->arm);
}

static const char *const by_dataset[] = {"dataset", NULL};
static const struct column columns[] = {
    {"Method", "arm", NULL},
    {"e0", "eps0", NULL},
    {"Recall", "recall_at_k", "%.4f"},
    {"QPS", "qps", "%.1f"},
    {"QPS range", "qps", "%.1f [%.1f, %.1f]"},
    {0},
};
static const struct table tables[] = {
    {"all", "All cells", "A note.", NULL, NULL, NULL, columns},
    {"split", "By dataset", NULL, by_dataset, is_naive_or_pruned, by_arm_descending, columns},
    {0},
};
static const struct plot plots[] = {
    {.name = "recall",
     .title = "Recall against QPS",
     .split = by_dataset,
     .series = "arm",
     .x = "recall_at_k",
     .y = "qps",
     .x_label = "recall",
     .y_label = "queries per second",
     .log_y = true},
    {0},
};
static const struct experiment probe = {
    .name = "probe", .tables = (const struct table *const[]){tables, NULL}, .plots = plots};
static const struct experiment *const list[] = {&probe, NULL};
static const struct page_choice everything = {NULL, NULL};

static struct facts make_facts(const char *cpu) {
    struct tree *root = tree_new();
    assert_non_null(root);
    struct tree *e = tree_group(tree_group(root, "measurements"), "environment");
    assert_non_null(e);
    if (cpu)
        assert_true(tree_set_string(e, "cpu_model", cpu));
    struct seal seal = {
        .content_digest = "d1e5", .suite_commit = "c0ffee", .started = "2026-01-02T03:04:05Z"};
    struct facts facts;
    facts_read(root, &seal, &facts);
    tree_free(root);
    return facts;
}

static void build(const struct cell *cells, size_t n, const struct page_choice *choice,
                  struct page *page) {
    struct facts facts = make_facts("Test CPU");
    assert_int_equal(page_build("stem", &facts, cells, n, list, choice, page), ST_OK);
}

static void assert_has(const struct text *t, const char *part) {
    if (!strstr(t->data, part))
        fail_msg("no \"%s\" in:\n%s", part, t->data);
}

static void assert_lacks(const struct text *t, const char *part) {
    if (strstr(t->data, part))
        fail_msg("\"%s\" in:\n%s", part, t->data);
}

static const char *value(const struct page *p, size_t sheet, size_t row, size_t column) {
    return p->sheets[sheet].rows[row].values[column].text;
}

/* --- sheets --------------------------------------------------------------------------------- */

static void values_come_from_fields(void **state) {
    (void)state;
    struct cell cells[CELLS];
    struct page page;
    make_cells(cells);
    build(cells, CELLS, &everything, &page);
    assert_int_equal(page.sheet_count, 3);
    assert_int_equal(page.sheets[0].row_count, 6); /* the cell of another experiment is not there */
    assert_string_equal(page.unknown, "elsewhere");
    assert_string_equal(value(&page, 0, 1, 0), "pruned");
    assert_string_equal(value(&page, 0, 1, 1), "2.1");
    assert_string_equal(value(&page, 0, 1, 2), "0.9995");
    assert_string_equal(value(&page, 0, 1, 3), "600.3");
    assert_string_equal(value(&page, 0, 1, 4), "600.3 [599.3, 601.3]");
    assert_false(page.sheets[0].heads[0].number);
    assert_true(page.sheets[0].heads[3].number);
    page_free(&page);
}

static void missing_values_are_dashes(void **state) {
    (void)state;
    struct cell cells[CELLS];
    struct page page;
    make_cells(cells);
    build(cells, CELLS, &everything, &page);
    assert_string_equal(value(&page, 0, 0, 1), "–"); /* a parameter the cell lacks */
    assert_string_equal(value(&page, 0, 3, 3), "–"); /* a metric without a value */
    assert_string_equal(value(&page, 0, 3, 4), "–");
    page_free(&page);
}

static void verdicts_show_and_hide_values(void **state) {
    (void)state;
    struct cell cells[CELLS];
    struct page page;
    make_cells(cells);
    build(cells, CELLS, &everything, &page);
    const struct sheet *s = &page.sheets[0];
    assert_int_equal(s->columns, 6);
    assert_string_equal(s->heads[5].text, "Oracle");
    assert_string_equal(value(&page, 0, 0, 5), "pass");
    assert_string_equal(value(&page, 0, 4, 5), "fail [1]");
    assert_string_equal(value(&page, 0, 5, 5), "skip [2]");
    assert_string_equal(value(&page, 0, 4, 2), "–"); /* nothing vouches for 0.5 */
    assert_int_equal(s->remark_count, 2);
    assert_string_equal(s->remarks[0], "[1] distance 7 off");
    assert_string_equal(s->remarks[1], "[2] no CUDA device");
    assert_int_equal(page.sheets[1].columns, 5); /* all passed: no such column */
    page_free(&page);
}

static void equal_reasons_share_a_remark(void **state) {
    (void)state;
    struct cell cells[CELLS];
    struct page page;
    make_cells(cells);
    cell_verdict(&cells[4], VERDICT_SKIP, "no CUDA device");
    build(cells, CELLS, &everything, &page);
    assert_int_equal(page.sheets[0].remark_count, 1);
    assert_string_equal(value(&page, 0, 4, 5), "skip [1]");
    assert_string_equal(value(&page, 0, 5, 5), "skip [1]");
    page_free(&page);
}

static void splits_are_sheets_in_order(void **state) {
    (void)state;
    struct cell cells[CELLS];
    struct page page;
    make_cells(cells);
    build(cells, CELLS, &everything, &page);
    assert_string_equal(page.sheets[1].name, "split-1");
    assert_string_equal(page.sheets[1].title, "By dataset (dataset one)");
    assert_string_equal(page.sheets[2].name, "split-2");
    assert_string_equal(page.sheets[2].title, "By dataset (dataset two)");
    assert_int_equal(page.sheets[1].row_count, 2);
    assert_string_equal(value(&page, 1, 0, 0), "pruned");
    assert_string_equal(value(&page, 1, 1, 0), "naive");
    page_free(&page);
}

static int all_equal(const void *a, const void *b) {
    (void)a;
    (void)b;
    return 0;
}

static void equal_rows_keep_their_order(void **state) {
    (void)state;
    enum { MANY = 100 };
    static struct cell cells[MANY];
    const struct cell *pointers[MANY];
    struct arena a = {0};
    struct sheet *sheets = NULL;
    size_t n = 0;
    for (int i = 0; i < MANY; i++) {
        cells[i] = make_cell("arm", "one", i + 1, 1, 1);
        pointers[i] = &cells[i];
    }
    const struct table t = {"t", "T", NULL, NULL, NULL, all_equal, columns};
    assert_int_equal(sheets_build(&a, &t, pointers, MANY, &sheets, &n), ST_OK);
    for (int i = 0; i < MANY; i++) {
        char expected[16];
        (void)snprintf(expected, sizeof expected, "%d", i + 1);
        assert_string_equal(sheets[0].rows[i].values[1].text, expected);
    }
    arena_free(&a);
}

static void choice_takes_names_and_stems(void **state) {
    (void)state;
    struct cell cells[CELLS];
    struct page page;
    make_cells(cells);
    build(cells, CELLS, &(struct page_choice){"split", NULL}, &page);
    assert_int_equal(page.sheet_count, 2);
    assert_int_equal(page.chart_count, 0);
    page_free(&page);
    build(cells, CELLS, &(struct page_choice){"split-2", NULL}, &page);
    assert_int_equal(page.sheet_count, 1);
    page_free(&page);
    build(cells, CELLS, &(struct page_choice){NULL, "recall"}, &page);
    assert_int_equal(page.sheet_count, 0);
    assert_int_equal(page.chart_count, 2);
    page_free(&page);
    build(cells, CELLS, &(struct page_choice){"no-such", NULL}, &page);
    assert_int_equal(page.sheet_count, 0);
    page_free(&page);
}

static void formats_are_of_doubles(void **state) {
    (void)state;
    char out[64];
    const double v[3] = {1.25, 1, 2};
    assert_true(sheet_format("%.2f [%.1f, %.1f]", v, 3, out, sizeof out));
    assert_string_equal(out, "1.25 [1.0, 2.0]");
    assert_true(sheet_format("%.2f [%.1f, %.1f]", v, 1, out, sizeof out)); /* no interval */
    assert_string_equal(out, "1.25");
    assert_true(sheet_format("%5.1f%%", v, 1, out, sizeof out));
    assert_string_equal(out, "  1.2%");
    static const char *const bad[] = {"%s", "%n", "%d", "%*f", "%.999f", "%f %f %f %f", "%", "%lf"};
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++)
        assert_false(sheet_format(bad[i], v, 3, out, sizeof out));
}

static void bad_definitions_are_refused(void **state) {
    (void)state;
    static const struct column with_text_format[] = {{"A", "arm", "%s"}, {0}};
    static const struct table one[] = {{"a", "A", NULL, NULL, NULL, NULL, with_text_format}, {0}};
    static const struct table two[] = {{"../a", "A", NULL, NULL, NULL, NULL, columns}, {0}};
    static const struct table three[] = {{"a", "A", NULL, NULL, NULL, NULL, columns},
                                         {"a", "B", NULL, NULL, NULL, NULL, columns},
                                         {0}};
    static const struct table *const all[] = {one, two, three};
    struct cell cells[CELLS];
    struct facts facts = make_facts(NULL);
    make_cells(cells);
    for (size_t i = 0; i < 3; i++) {
        const struct experiment e = {.name = "probe",
                                     .tables = (const struct table *const[]){all[i], NULL}};
        const struct experiment *const only[] = {&e, NULL};
        struct page page;
        assert_int_equal(page_build("s", &facts, cells, CELLS, only, &everything, &page), ST_INPUT);
        page_free(&page);
    }
}

static void facts_fall_back_to_unknown(void **state) {
    (void)state;
    struct facts facts = make_facts(NULL);
    assert_string_equal(facts.machine, "unknown CPU");
    assert_string_equal(facts.digest, "d1e5");
    facts = make_facts("A\x1b[31mB");
    assert_null(strchr(facts.machine, '\x1b'));
}

/* --- renderers ------------------------------------------------------------------------------ */

typedef void renderer(const struct page *page, struct text *out);

static void markdown(const struct page *page, struct text *out) {
    render_markdown(page, "stem", out);
}

static void csv(const struct page *page, struct text *out) {
    for (size_t i = 0; i < page->sheet_count; i++)
        render_csv(page, &page->sheets[i], out);
}

static renderer *const renderers[] = {markdown, render_latex, csv, render_html, render_plain};
enum { RENDERERS = sizeof renderers / sizeof renderers[0] };

static void every_target_ends_with_the_foot(void **state) {
    (void)state;
    static const char *const parts[] = {"d1e5", "Test CPU", "2026-01-02T03:04:05Z", "c0ffee",
                                        "30",   "1000",     "no CUDA device",       "0.9995"};
    struct cell cells[CELLS];
    struct page page;
    make_cells(cells);
    build(cells, CELLS, &(struct page_choice){"all", NULL}, &page);
    assert_string_equal(page.sheets[0].statistic,
                        "each value over 30 to 1000 observations; timed samples per cell: 30");
    for (size_t i = 0; i < RENDERERS; i++) {
        struct text t = {0};
        renderers[i](&page, &t);
        for (size_t j = 0; j < sizeof parts / sizeof parts[0]; j++)
            assert_has(&t, parts[j]);
        assert_lacks(&t, "9999");
        text_free(&t);
    }
    page_free(&page);
}

static void same_cells_give_same_bytes(void **state) {
    (void)state;
    for (size_t i = 0; i < RENDERERS; i++) {
        struct text t[2] = {{0}, {0}};
        for (size_t j = 0; j < 2; j++) {
            struct cell cells[CELLS];
            struct page page;
            make_cells(cells);
            build(cells, CELLS, &everything, &page);
            renderers[i](&page, &t[j]);
            page_free(&page);
        }
        assert_int_equal(t[0].size, t[1].size);
        assert_memory_equal(t[0].data, t[1].data, t[0].size);
        text_free(&t[0]);
        text_free(&t[1]);
    }
}

static void make_hostile(struct cell *c) {
    *c = make_cell(HOSTILE, HOSTILE, 2.1, 0.5, 7);
    (void)snprintf(c->kernel, sizeof c->kernel, "%s", HOSTILE);
    (void)snprintf(c->id, sizeof c->id, "%s", HOSTILE);
    (void)snprintf(c->backend, sizeof c->backend, "%s", HOSTILE);
    cell_verdict(c, VERDICT_MARGINAL, "%s", HOSTILE);
}

static const struct column hostile_columns[] = {
    {"arm", "arm", NULL},         {"kernel", "kernel", NULL},
    {"backend", "backend", NULL}, {"dataset", "dataset", NULL},
    {"reason", "reason", NULL},   {"id", "id", NULL},
    {"QPS", "qps", "%.0f"},       {0},
};
static const struct table hostile_tables[] = {
    {"hostile", "Hostile", "", by_dataset, NULL, NULL, hostile_columns}, {0}};
static const struct experiment hostile_probe = {
    .name = "probe", .tables = (const struct table *const[]){hostile_tables, NULL}, .plots = plots};
static const struct experiment *const hostile_list[] = {&hostile_probe, NULL};

static void build_hostile(struct page *page) {
    static struct cell c;
    struct facts facts = make_facts(HOSTILE);
    make_hostile(&c);
    assert_int_equal(page_build(HOSTILE, &facts, &c, 1, hostile_list, &everything, page), ST_OK);
}

/* Control bytes, direction marks and broken UTF-8 reach no target. */
static void no_target_gets_control_bytes(void **state) {
    (void)state;
    struct page page;
    build_hostile(&page);
    for (size_t i = 0; i < RENDERERS; i++) {
        struct text t = {0};
        renderers[i](&page, &t);
        for (size_t j = 0; j < t.size; j++) {
            unsigned char ch = (unsigned char)t.data[j];
            bool line_end = ch == '\n' || (renderers[i] == csv && ch == '\r');
            if ((ch < 0x20 && !line_end) || ch == 0x7f || ch == 0xff)
                fail_msg("byte %02x at %zu of renderer %zu", ch, j, i);
        }
        assert_lacks(&t, "\xe2\x80\xae");
        text_free(&t);
    }
    page_free(&page);
}

static void html_keeps_markup_out(void **state) {
    (void)state;
    struct page page;
    struct text t = {0};
    build_hostile(&page);
    render_html(&page, &t);
    assert_has(&t, "&lt;b&gt;|x_\\&amp;%$#{}~^&quot;&#39;`");
    assert_lacks(&t, "<b>");
    text_free(&t);
    page_free(&page);
}

static void markdown_rows_keep_their_columns(void **state) {
    (void)state;
    struct page page;
    struct text t = {0};
    build_hostile(&page);
    markdown(&page, &t);
    assert_lacks(&t, "<b>");
    size_t rows = 0;
    for (char *line = strtok(t.data, "\n"); line; line = strtok(NULL, "\n")) {
        if (*line != '|')
            continue;
        size_t bars = 0;
        for (const char *p = line; *p; p++)
            bars += *p == '|' && (p == line || p[-1] != '\\');
        assert_int_equal(bars, page.sheets[0].columns + 1);
        rows++;
    }
    assert_int_equal(rows, 3);
    text_free(&t);
    page_free(&page);
}

static void latex_specials_are_spelt(void **state) {
    (void)state;
    struct text t = {0};
    quote_latex(&t, "a_b & 50% $x$ #1 {y} ~ ^ \\z <|> -- [1] * – δ Ж é");
    assert_string_equal(t.data, "a\\_b \\& 50\\% \\$x\\$ \\#1 \\{y\\} \\textasciitilde{} "
                                "\\textasciicircum{} \\textbackslash{}z \\textless{}\\textbar{}"
                                "\\textgreater{} -{}- {[}1] {*} -- $\\delta$ ? é");
    text_free(&t);
}

static void latex_rows_keep_their_columns(void **state) {
    (void)state;
    struct page page;
    struct text t = {0};
    build_hostile(&page);
    render_latex(&page, &t);
    assert_has(&t, "\\label{tab:--b--x-----");
    const char *row = strstr(t.data, "\\midrule\n");
    assert_non_null(row);
    row += strlen("\\midrule\n");
    size_t marks = 0;
    for (const char *p = row; *p != '\n'; p++)
        marks += *p == '&' && p[-1] != '\\';
    assert_int_equal(marks + 1, page.sheets[0].columns);
    text_free(&t);
    page_free(&page);
}

static void csv_quotes_and_disarms(void **state) {
    (void)state;
    static const struct {
        const char *in;
        bool number;
        const char *out;
    } cases[] = {
        {"plain", false, "plain"},
        {"a,b", false, "\"a,b\""},
        {"a\"b", false, "\"a\"\"b\""},
        {"=1+1", false, "'=1+1"},
        {"+1", false, "'+1"},
        {"-1", false, "'-1"},
        {"@x", false, "'@x"},
        {"-1.5", true, "-1.5"},
        {"=a,\"b\"", false, "\"'=a,\"\"b\"\"\""},
        {" =1", false, "\" =1\""},
        {"–", false, "–"},
        {"", false, ""},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct text t = {0};
        text_add(&t, "");
        quote_csv(&t, cases[i].in, cases[i].number);
        assert_string_equal(t.data, cases[i].out);
        text_free(&t);
    }
}

/* Fields of one RFC 4180 line at *at, which moves behind its CRLF. */
static size_t csv_fields(const char **at) {
    size_t fields = 1;
    bool quoted = false;
    const char *p = *at;
    for (; *p && (quoted || *p != '\r'); p++) {
        quoted ^= *p == '"';
        fields += !quoted && *p == ',';
    }
    assert_memory_equal(p, "\r\n", 2);
    *at = p + 2;
    return fields;
}

static void csv_lines_have_equal_fields(void **state) {
    (void)state;
    struct cell cells[CELLS];
    struct page pages[2];
    make_cells(cells);
    build(cells, CELLS, &everything, &pages[0]);
    build_hostile(&pages[1]);
    for (size_t i = 0; i < 2; i++) {
        struct text t = {0};
        const struct sheet *s = &pages[i].sheets[0];
        render_csv(&pages[i], s, &t);
        const char *at = t.data;
        size_t lines = 0, heads = csv_fields(&at);
        for (; *at; lines++)
            assert_int_equal(csv_fields(&at), heads);
        assert_int_equal(lines, s->row_count);
        text_free(&t);
        page_free(&pages[i]);
    }
}

static void plain_columns_line_up(void **state) {
    (void)state;
    struct cell cells[CELLS];
    struct page page;
    struct text t = {0};
    make_cells(cells);
    build(cells, 2, &(struct page_choice){"all", NULL}, &page);
    render_plain(&page, &t);
    assert_has(&t, "Method   e0  Recall    QPS             QPS range\n"
                   "------  ---  ------  -----  --------------------\n");
    assert_has(&t, "naive     –  1.0000  100.0   100.0 [99.0, 101.0]\n"
                   "pruned  2.1  0.9995  600.3  600.3 [599.3, 601.3]\n");
    text_free(&t);
    page_free(&page);
}

/* --- charts --------------------------------------------------------------------------------- */

static void charts_take_drawable_points(void **state) {
    (void)state;
    struct cell cells[CELLS];
    struct page page;
    make_cells(cells);
    cells[2].metrics[1].value = -5; /* qps; no logarithm */
    build(cells, CELLS, &everything, &page);
    assert_int_equal(page.chart_count, 1); /* dataset two has no point left */
    const struct chart *c = &page.charts[0];
    assert_string_equal(c->caption, "dataset one");
    assert_int_equal(c->series_count, 2); /* failed and skipped cells give none */
    assert_string_equal(c->series[1].name, "pruned");
    assert_true(c->series[1].x[0] == 0.99951 && c->series[1].y[0] == 600.26);
    page_free(&page);
}

static bool have_gnuplot(void) {
    struct cell cells[CELLS];
    struct page page;
    make_cells(cells);
    build(cells, CELLS, &everything, &page);
    enum status st = page_draw(&page, false, true);
    page_free(&page);
    return st != ST_SKIP;
}

static void drawings_are_the_same_bytes(void **state) {
    (void)state;
    if (!have_gnuplot())
        skip();
    struct cell cells[CELLS];
    struct page pages[2];
    make_cells(cells);
    for (size_t i = 0; i < 2; i++) {
        build(cells, CELLS, &everything, &pages[i]);
        assert_int_equal(page_draw(&pages[i], true, true), ST_OK);
    }
    for (size_t i = 0; i < pages[0].chart_count; i++) {
        const struct chart *x = &pages[0].charts[i], *y = &pages[1].charts[i];
        assert_int_equal(x->svg.size, y->svg.size);
        assert_memory_equal(x->svg.data, y->svg.data, x->svg.size);
        assert_int_equal(x->plain.size, y->plain.size);
        assert_memory_equal(x->plain.data, y->plain.data, x->plain.size);
        assert_has(&x->svg, "naive");
        assert_has(&x->svg, i ? "dataset two" : "dataset one");
        assert_has(&x->plain, "naive");
        assert_lacks(&x->plain, "\f");
        assert_lacks(&x->plain, " \n");
    }
    struct text html = {0};
    render_html(&pages[0], &html);
    assert_has(&html, "id='plot1-gpPt0'");
    assert_has(&html, "id='plot2-gpPt0'");
    assert_lacks(&html, "id='gp");
    assert_lacks(&html, "'#gp");
    assert_lacks(&html, "<?xml");
    text_free(&html);
    page_free(&pages[0]);
    page_free(&pages[1]);
}

/* --- heat maps, lines and bars ---------------------------------------------------------------- */

static struct cell make_field(int64_t x, int64_t y, double z) {
    struct cell c = make_cell("naive", "=<b>`x`", 0, z, z);
    cell_param_integer(&c, "x", x);
    cell_param_integer(&c, "y", y);
    return c;
}

/* Columns 0 .. width - 1, rows 0 and 2; the field (1, 2) has no value. */
static void build_heat(int64_t width, struct chart **charts, struct arena *arena) {
    static const struct plot heat = {.name = "heat",
                                     .title = "Heat",
                                     .split = by_dataset,
                                     .x = "x",
                                     .y = "y",
                                     .z = "recall_at_k",
                                     .x_label = "head",
                                     .y_label = "layer",
                                     .z_label = "recall"};
    enum { MOST = 64 };
    static struct cell cells[2 * MOST];
    const struct cell *list_of[2 * MOST];
    size_t n = 0, count = 0;
    for (int64_t x = 0; x < width; x++) {
        cells[n++] = make_field(x, 0, 0.25 + (double)x / (double)width / 2);
        cells[n++] = make_field(x, 2, x == 1 ? (double)NAN : 0.125);
    }
    for (size_t i = 0; i < n; i++)
        list_of[i] = &cells[i];
    assert_int_equal(charts_build(arena, &heat, list_of, n, charts, &count), ST_OK);
    assert_int_equal(count, 1);
}

static void heat_maps_have_a_field_a_cell(void **state) {
    (void)state;
    struct arena arena = {0};
    struct chart *c;
    struct text plain = {0}, wide = {0};
    build_heat(4, &c, &arena);
    assert_int_equal(chart_draw(c, CHART_TEXT, &plain), ST_OK);
    assert_string_equal(plain.data, "columns: head; rows: layer; values: recall\n"
                                    "           0     1     2     3\n"
                                    "     2  0.12        0.12  0.12\n"
                                    "     0  0.25  0.38  0.50  0.62\n");
    build_heat(16, &c, &arena);
    assert_int_equal(chart_draw(c, CHART_TEXT, &wide), ST_OK);
    assert_string_equal(wide.data, "columns: head; rows: layer; tenths of 0.125 to 0.719\n"
                                   "     2 0 00000000000000\n"
                                   "     0 2233445566778899\n");
    text_free(&plain);
    text_free(&wide);
    arena_free(&arena);
}

static void heat_maps_are_the_same_bytes(void **state) {
    (void)state;
    if (!have_gnuplot())
        skip();
    struct arena arena = {0};
    struct chart *c;
    struct text once = {0}, again = {0};
    build_heat(4, &c, &arena);
    assert_int_equal(chart_draw(c, CHART_SVG, &once), ST_OK);
    assert_int_equal(chart_draw(c, CHART_SVG, &again), ST_OK);
    assert_int_equal(once.size, again.size);
    assert_memory_equal(once.data, again.data, once.size);
    assert_has(&once, "dataset =_b__x_");
    assert_lacks(&once, "<b>");
    assert_lacks(&once, "<image"); /* polygons, whatever draws them */
    text_free(&once);
    text_free(&again);
    arena_free(&arena);
}

/* Two series of two points have two lines, which a plot without `lines` lacks. */
static void lines_go_through_each_series(void **state) {
    (void)state;
    if (!have_gnuplot())
        skip();
    static struct plot p = {.name = "line",
                            .title = "Line",
                            .series = "arm",
                            .x = "x",
                            .y = "qps",
                            .x_label = "x",
                            .y_label = "y",
                            .log_x = true};
    struct cell cells[4];
    const struct cell *list_of[4];
    for (int i = 0; i < 4; i++) {
        cells[i] = make_cell(i < 2 ? "naive" : "pruned", "one", 0, 1, 10 + i);
        cell_param_integer(&cells[i], "x", i % 2 == 0 ? 10 : 1000);
        list_of[i] = &cells[i];
    }
    struct arena arena = {0};
    struct chart *c;
    struct text drawn[2] = {{0}, {0}};
    size_t count, paths[2] = {0, 0};
    for (int i = 0; i < 2; i++) {
        p.lines = i == 1;
        assert_int_equal(charts_build(&arena, &p, list_of, 4, &c, &count), ST_OK);
        assert_int_equal(chart_draw(c, CHART_SVG, &drawn[i]), ST_OK);
        for (const char *at = drawn[i].data; (at = strstr(at, "<path ")) != NULL; at++)
            paths[i]++;
        text_free(&drawn[i]);
    }
    assert_int_equal(paths[1], paths[0] + 2);
    arena_free(&arena);
}

/* Bars of the first series, then of the second; from and to, and how high they are drawn. */
struct bar {
    double from, to, height;
};

enum { CORNERS = 4 };

/* Four corners "x,y", a blank between two: x and y in turn; false: it is no list of them. */
static bool corners_of(const char *at, double out[2 * CORNERS]) {
    for (int i = 0; i < 2 * CORNERS; i++) {
        char *end;
        out[i] = strtod(at, &end);
        if (end == at)
            return false;
        at = end + (*end == ',' || *end == ' ');
    }
    return true;
}

static size_t bars_of(const struct text *svg, struct bar *bars, size_t room) {
    static const char points[] = "points = '";
    size_t n = 0;
    double p[2 * CORNERS];
    for (const char *at = svg->data; (at = strstr(at, points)) != NULL && n < room; at++)
        if (corners_of(at + strlen(points), p) &&
            fabs(p[1] - p[5]) > 20) /* samples in the key are lower */
            bars[n++] = (struct bar){fmin(p[0], p[4]), fmax(p[0], p[4]), fabs(p[1] - p[5])};
    return n;
}

static void bars_stand_side_by_side_from_0(void **state) {
    (void)state;
    if (!have_gnuplot())
        skip();
    static const struct plot p = {
        .name = "bars", .title = "Bars", .series = "arm", .x = "x", .y = "qps", .bars = true};
    struct cell cells[4];
    const struct cell *list_of[4];
    for (int i = 0; i < 4; i++) {
        cells[i] = make_cell(i < 2 ? "naive" : "pruned", "one", 0, 1, 10 + 5 * i);
        cell_param_integer(&cells[i], "x", i % 2);
        list_of[i] = &cells[i];
    }
    struct arena arena = {0};
    struct chart *c;
    struct text once = {0}, again = {0};
    struct bar b[5];
    size_t count;
    assert_int_equal(charts_build(&arena, &p, list_of, 4, &c, &count), ST_OK);
    assert_int_equal(chart_draw(c, CHART_SVG, &once), ST_OK);
    assert_int_equal(chart_draw(c, CHART_SVG, &again), ST_OK);
    assert_int_equal(once.size, again.size);
    assert_memory_equal(once.data, again.data, once.size);
    assert_int_equal(bars_of(&once, b, 5), 4);
    for (int i = 0; i < 4; i++)
        assert_true(fabs(b[i].height / b[0].height - (10 + 5 * i) / 10.0) < 0.02);
    assert_true(b[0].to <= b[2].from + 0.5 && b[2].to < b[1].from && b[1].to <= b[3].from + 0.5);
    text_free(&once);
    text_free(&again);
    arena_free(&arena);
}

static void hostile_names_stay_data(void **state) {
    (void)state;
    if (!have_gnuplot())
        skip();
    struct page page;
    build_hostile(&page);
    assert_int_equal(page_draw(&page, true, true), ST_OK);
    assert_int_equal(page.chart_count, 1);
    const struct chart *c = &page.charts[0];
    assert_lacks(&c->svg, "<b>");
    assert_lacks(&c->svg, "`");
    assert_has(&c->svg, "=_b__x_"); /* what is left of the name */
    assert_null(memchr(c->plain.data, '\x1b', c->plain.size));
    page_free(&page);
}

static void missing_gnuplot_leaves_tables(void **state) {
    (void)state;
    struct cell cells[CELLS];
    struct page page;
    const char *search = getenv("PATH");
    char *path = strdup(search ? search : "");
    assert_non_null(path);
    make_cells(cells);
    build(cells, CELLS, &everything, &page);
    assert_int_equal(setenv("PATH", "/nonexistent", 1), 0);
    enum status st = page_draw(&page, true, true);
    assert_int_equal(setenv("PATH", path, 1), 0);
    free(path);
    assert_int_equal(st, ST_SKIP);
    assert_non_null(strstr(status_message(), "gnuplot"));
    assert_int_equal(page.chart_count, 0);
    struct text t = {0};
    render_plain(&page, &t);
    assert_has(&t, "pruned");
    text_free(&t);
    page_free(&page);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(values_come_from_fields),
        cmocka_unit_test(missing_values_are_dashes),
        cmocka_unit_test(verdicts_show_and_hide_values),
        cmocka_unit_test(equal_reasons_share_a_remark),
        cmocka_unit_test(splits_are_sheets_in_order),
        cmocka_unit_test(equal_rows_keep_their_order),
        cmocka_unit_test(choice_takes_names_and_stems),
        cmocka_unit_test(formats_are_of_doubles),
        cmocka_unit_test(bad_definitions_are_refused),
        cmocka_unit_test(facts_fall_back_to_unknown),
        cmocka_unit_test(every_target_ends_with_the_foot),
        cmocka_unit_test(same_cells_give_same_bytes),
        cmocka_unit_test(no_target_gets_control_bytes),
        cmocka_unit_test(html_keeps_markup_out),
        cmocka_unit_test(markdown_rows_keep_their_columns),
        cmocka_unit_test(latex_specials_are_spelt),
        cmocka_unit_test(latex_rows_keep_their_columns),
        cmocka_unit_test(csv_quotes_and_disarms),
        cmocka_unit_test(csv_lines_have_equal_fields),
        cmocka_unit_test(plain_columns_line_up),
        cmocka_unit_test(charts_take_drawable_points),
        cmocka_unit_test(heat_maps_have_a_field_a_cell),
        cmocka_unit_test(heat_maps_are_the_same_bytes),
        cmocka_unit_test(lines_go_through_each_series),
        cmocka_unit_test(bars_stand_side_by_side_from_0),
        cmocka_unit_test(drawings_are_the_same_bytes),
        cmocka_unit_test(hostile_names_stay_data),
        cmocka_unit_test(missing_gnuplot_leaves_tables),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
