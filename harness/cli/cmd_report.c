/* attest report: tables and plots from records alone. */
#include "cmd_report.h"

#include <getopt.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include "../../reports/product.h"
#include "../../reports/render.h"
#include "../record/cells_tree.h"
#include "commands.h"
#include "../base/escape.h"
#include "../run/experiment.h"
#include "options.h"
#include "../record/record.h"

enum format { TEXT, MD, TEX, CSV, HTML, SVG, PDF, FORMATS };
static const char *const format_names[FORMATS] = {"text", "md", "tex", "csv", "html", "svg", "pdf"};

struct request {
    bool formats[FORMATS];
    size_t format_count;
    const char *out; /* folder, or NULL for stdout */
    struct page_choice choice;
    bool check, help;
    const struct experiment *const *list;
};

/* --- arguments ------------------------------------------------------------------------------ */

static enum status add_format(struct request *r, const char *name, size_t length) {
    for (size_t i = 0; i < FORMATS; i++) {
        if (strlen(format_names[i]) == length && strncmp(format_names[i], name, length) == 0) {
            r->format_count += !r->formats[i];
            r->formats[i] = true;
            return ST_OK;
        }
    }
    return status_set(ST_USAGE,
                      "report: no format \"%.*s\"; there are text, md, tex, csv, html, svg, pdf",
                      (int)length, name);
}

/* "md,tex" */
static enum status add_formats(struct request *r, const char *list) {
    enum status st = ST_OK;
    while (st == ST_OK) {
        size_t length = strcspn(list, ",");
        st = add_format(r, list, length);
        if (list[length] == '\0')
            break;
        list += length + 1;
    }
    return st;
}

static enum status check_request(struct request *r, int records) {
    if (records == 0)
        return status_set(ST_USAGE, "report: no record given: attest report RECORD...");
    if (r->format_count == 0)
        r->format_count = r->formats[TEXT] = true;
    if (!r->out && r->format_count > 1)
        return status_set(ST_USAGE, "report: several formats need a folder: --out DIR");
    if (r->check && !r->out)
        return status_set(ST_USAGE, "report: --check compares with a folder: --out DIR");
    if (r->check && r->formats[PDF])
        return status_set(ST_USAGE, "report: pdf holds its date and cannot be checked; use svg");
    return ST_OK;
}

static enum status parse(int argc, char **argv, struct request *r) {
    const char *value = NULL;
    optind = 0; /* GNU: start anew, the caller has parsed before */
    for (enum option_id id; (id = options_next("report", argc, argv, &value)) != OPTION_END;) {
        switch (id) {
        case OPTION_REPORT_FORMAT:
            if (add_formats(r, value) != ST_OK)
                return ST_USAGE;
            break;
        case OPTION_REPORT_OUT:
            r->out = value;
            break;
        case OPTION_REPORT_TABLE:
            r->choice.table = value;
            break;
        case OPTION_REPORT_PLOT:
            r->choice.plot = value;
            break;
        case OPTION_REPORT_CHECK:
            r->check = true;
            break;
        case OPTION_HELP:
            r->help = true;
            return ST_OK;
        default:
            return ST_USAGE;
        }
    }
    return check_request(r, argc - optind);
}

/* --- products ------------------------------------------------------------------------------- */

/* "reports/records/a.h5" -> "a" */
static void stem_of(const char *path, char *out, size_t size) {
    const char *slash = strrchr(path, '/');
    (void)snprintf(out, size, "%s", slash ? slash + 1 : path);
    char *dot = strrchr(out, '.');
    if (dot && dot > out && strcmp(dot, ".h5") == 0)
        *dot = '\0';
}

typedef void renderer(const struct page *page, struct text *out);

static enum status add_page(const struct page *page, const char *stem, const char *extension,
                            renderer *render, struct products *products) {
    struct text *t = NULL;
    enum status st = product_add(products, &t, "%s.%s", stem, extension);
    if (st != ST_OK)
        return st;
    render(page, t);
    return text_complete(t) ? ST_OK : ST_SYSTEM;
}

/* Markdown links to the plots' files, so only where those are written beside it. */
static enum status add_markdown(const struct request *r, const struct page *page, const char *stem,
                                struct products *products) {
    struct text *t = NULL;
    enum status st = product_add(products, &t, "%s.md", stem);
    if (st != ST_OK)
        return st;
    render_markdown(page, r->out && r->formats[SVG] ? stem : NULL, t);
    return text_complete(t) ? ST_OK : ST_SYSTEM;
}

static enum status add_sheets(const struct page *page, const char *stem,
                              struct products *products) {
    for (size_t i = 0; i < page->sheet_count; i++) {
        struct text *t = NULL;
        enum status st = product_add(products, &t, "%s-%s.csv", stem, page->sheets[i].name);
        if (st != ST_OK)
            return st;
        render_csv(page, &page->sheets[i], t);
        if (!text_complete(t))
            return ST_SYSTEM;
    }
    return ST_OK;
}

static enum status add_charts(const struct page *page, const char *stem, enum format format,
                              struct products *products) {
    enum status st = ST_OK;
    for (size_t i = 0; st == ST_OK && i < page->chart_count; i++) {
        const struct chart *c = &page->charts[i];
        struct text *t = NULL;
        st = product_add(products, &t, "%s-%s.%s", stem, c->name, format_names[format]);
        if (st == ST_OK && format == PDF)
            st = chart_draw(c, CHART_PDF, t);
        else if (st == ST_OK)
            text_add_bytes(t, c->svg.data, c->svg.size);
        if (st == ST_OK && !text_complete(t))
            st = ST_SYSTEM;
    }
    return st;
}

static enum status add_products(const struct request *r, const struct page *page, const char *stem,
                                struct products *products) {
    enum status st = ST_OK;
    if (r->formats[TEXT])
        st = add_page(page, stem, "txt", render_plain, products);
    if (st == ST_OK && r->formats[MD])
        st = add_markdown(r, page, stem, products);
    if (st == ST_OK && r->formats[TEX])
        st = add_page(page, stem, "tex", render_latex, products);
    if (st == ST_OK && r->formats[HTML])
        st = add_page(page, stem, "html", render_html, products);
    if (st == ST_OK && r->formats[CSV])
        st = add_sheets(page, stem, products);
    if (st == ST_OK && r->formats[SVG])
        st = add_charts(page, stem, SVG, products);
    if (st == ST_OK && r->formats[PDF])
        st = add_charts(page, stem, PDF, products);
    return st;
}

/* --- one record ----------------------------------------------------------------------------- */

/* A line for people beside the data; the report goes on. */
static void note(const char *line) {
    char shown[ESCAPE_LINE];
    escape_text(line, shown, sizeof shown);
    (void)fprintf(stderr, "attest: %s\n", shown);
}

/* Draws what the formats need.  Without gnuplot tables are still made, unless the plots are all
 * that was asked for, or are to be compared. */
static enum status draw(const struct request *r, struct page *page) {
    bool svg = r->formats[SVG] || r->formats[HTML];
    bool needed = r->check || r->choice.plot ||
                  r->format_count == (size_t)r->formats[SVG] + (size_t)r->formats[PDF];
    bool probe =
        r->formats[PDF]; /* drawn later; the text form tells now whether gnuplot is there */
    enum status st = page_draw(page, svg, r->formats[TEXT] || probe);
    if (st != ST_SKIP || needed)
        return st;
    note(status_message());
    return ST_OK;
}

/* Says what there is when the choice matched nothing. */
static enum status no_match(const char *path, const struct request *r, const struct page *page) {
    char names[512] = "";
    size_t used = 0;
    bool tables = r->choice.table != NULL;
    size_t n = tables ? page->sheet_count : page->chart_count;
    for (size_t i = 0; i < n && used < sizeof names; i++) {
        const char *name = tables ? page->sheets[i].name : page->charts[i].name;
        int printed = snprintf(names + used, sizeof names - used, "%s%s", i ? ", " : "", name);
        used += printed > 0 ? (size_t)printed : 0;
    }
    return status_set(ST_USAGE, "%s has no %s \"%s\"; it has: %s", path, tables ? "table" : "plot",
                      tables ? r->choice.table : r->choice.plot, n ? names : "none");
}

static enum status check_match(const char *path, const struct request *r, const struct facts *facts,
                               const struct cell *cells, size_t n, const struct page *page) {
    bool matched =
        (!r->choice.table || page->sheet_count) && (!r->choice.plot || page->chart_count);
    if (matched && (page->sheet_count || page->chart_count))
        return ST_OK;
    if (!r->choice.table && !r->choice.plot)
        return status_set(ST_INPUT, "%s: this program has no table for any of its %zu cells", path,
                          n);
    static const struct page_choice everything = {NULL, NULL};
    struct page all;
    enum status st = page_build("", facts, cells, n, r->list, &everything, &all);
    if (st == ST_OK)
        st = no_match(path, r, &all);
    page_free(&all);
    return st;
}

static enum status report_cells(const struct request *r, const char *path,
                                const struct facts *facts, const struct cell *cells, size_t n,
                                struct products *products) {
    char stem[256];
    struct page page;
    stem_of(path, stem, sizeof stem);
    enum status st = page_build(stem, facts, cells, n, r->list, &r->choice, &page);
    if (st == ST_OK)
        st = check_match(path, r, facts, cells, n, &page);
    if (st == ST_OK && *page.unknown) {
        char line[512];
        (void)snprintf(line, sizeof line, "%s: left out, unknown to this program: %s", stem,
                       page.unknown);
        note(line);
    }
    if (st == ST_OK)
        st = draw(r, &page);
    if (st == ST_OK)
        st = add_products(r, &page, stem, products);
    page_free(&page);
    return st;
}

static enum status report_record(const struct request *r, const char *path,
                                 struct products *products) {
    struct tree *root = NULL;
    struct seal seal;
    enum status st = record_read(path, &root, &seal);
    if (st != ST_OK)
        return st;
    struct cell *cells = NULL;
    size_t n = 0;
    struct facts facts;
    facts_read(root, &seal, &facts);
    st = cells_from_tree(root, &cells, &n);
    if (st == ST_OK) {
        st = report_cells(r, path, &facts, cells, n, products);
        cells_free(cells, n);
    }
    tree_free(root);
    return st;
}

/* --- output --------------------------------------------------------------------------------- */

static enum status print(const struct request *r, const struct products *products) {
    bool joinable = r->formats[TEXT] || r->formats[MD] || r->formats[TEX];
    if (products->count > 1 && !joinable)
        return status_set(ST_USAGE,
                          "report: %zu files, from %s to %s: choose one with --table or --plot, or "
                          "write all with --out DIR",
                          products->count, products->items[0].name,
                          products->items[products->count - 1].name);
    bool ok = true;
    for (size_t i = 0; i < products->count; i++) {
        const struct text *t = &products->items[i].text;
        ok = ok && fwrite(t->data, 1, t->size, stdout) == t->size;
    }
    return ok && fflush(stdout) == 0 ? ST_OK
                                     : status_set(ST_SYSTEM, "report: stdout cannot be written");
}

static enum status write_files(const struct request *r, const struct products *products) {
    enum status st = products_write(products, r->out);
    for (size_t i = 0; st == ST_OK && i < products->count; i++)
        (void)printf("%s/%s\n", r->out, products->items[i].name);
    return st;
}

enum status report_command(int argc, char **argv, const struct experiment *const *list) {
    struct request r = {.list = list};
    struct products products = {0};
    enum status st = parse(argc, argv, &r);
    if (r.help) {
        options_help(stdout, "report");
        return ST_OK;
    }
    for (int i = optind; st == ST_OK && i < argc; i++)
        st = report_record(&r, argv[i], &products);
    if (st == ST_OK && r.check)
        st = products_compare(&products, r.out);
    else if (st == ST_OK && r.out)
        st = write_files(&r, &products);
    else if (st == ST_OK)
        st = print(&r, &products);
    products_free(&products);
    return st;
}

enum status args_report(int argc, char **argv) {
    struct request r = {.list = experiments};
    return parse(argc, argv, &r);
}

enum status cmd_report(int argc, char **argv) { return report_command(argc, argv, experiments); }
